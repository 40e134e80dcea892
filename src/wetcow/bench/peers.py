"""Simulators that wetcow is compared with: the same equations, network, start and machine."""

from __future__ import annotations

import contextlib
import functools
import math
import tempfile
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from wetcow.bench import brian
from wetcow.bench.clock import equal_steps
from wetcow.bench.peer import Peer, PeerRun
from wetcow.bench.problem import NetworkProblem, cartesian, parts, polar
from wetcow.modes.criticality import CANONICAL
from wetcow.simulation.steps.single_kernel import advance_single_kernel
from wetcow.simulation.steps.stepping import Adaptive, Fixed, initial_state

_W_A, _W_PHI, _ALPHA = CANONICAL.w_a, CANONICAL.w_phi, CANONICAL.alpha
_COS, _SIN = math.cos(CANONICAL.psi), math.sin(CANONICAL.psi)


def _wetcow(
    problem: NetworkProblem, t1: float, double: bool = True, fixed: bool = False
) -> PeerRun:
    """A tolerance decides on the method, so that each is compiled for itself."""
    complex_type, real = (np.complex128, np.float64) if double else (np.complex64, np.float32)
    given = problem.network().compiled_layout(), problem.a0, np.array([0.0, t1])
    leaves, structure = jax.tree.flatten(given)
    with jax.enable_x64(double):
        leaves = [jnp.asarray(v, complex_type if np.iscomplexobj(v) else real) for v in leaves]

    # Arrays by themselves, because taking a network apart takes longer than a short run.
    @functools.partial(jax.jit, static_argnums=0)
    def end(stepping: Adaptive | Fixed, *leaves: Any) -> Any:
        network, a0, times = structure.unflatten(leaves)
        return advance_single_kernel(network, initial_state(a0, stepping), times, stepping)[0][-1]

    def run(accuracy: float) -> np.ndarray:
        stepping: Adaptive | Fixed = Adaptive(accuracy, accuracy / 100)
        if fixed:
            count, dt = equal_steps(t1, accuracy)
            stepping = Fixed(dt=dt, steps_per_sample=count, history=0, noisy=False)
        with jax.enable_x64(double):
            return np.asarray(end(stepping, *leaves), np.complex128)

    return run


def _polar_numpy(problem: NetworkProblem, t1: float) -> PeerRun:
    n = problem.size
    start = np.concatenate([np.abs(problem.a0), np.angle(problem.a0)])
    links = problem.weight, problem.phase

    def rates(t: float, y: np.ndarray) -> np.ndarray:
        return np.concatenate(polar(y[:n], y[n:], problem, *links))

    def run(accuracy: float) -> np.ndarray:
        found = solve_ivp(rates, (0, t1), start, "RK45", rtol=accuracy, atol=accuracy / 100)
        if not found.success or np.any(found.y[:n] <= 0):
            return np.full(n, np.nan + 0j)  # the equations hold for positive amplitudes only
        return found.y[:n, -1] * np.exp(1j * found.y[n:, -1])

    return run


def _cartesian_numpy(problem: NetworkProblem, t1: float) -> PeerRun:
    def rates(t: float, a: np.ndarray) -> np.ndarray:
        return cartesian(a, problem)

    def run(accuracy: float) -> np.ndarray:
        found = solve_ivp(rates, (0, t1), problem.a0, "DOP853", rtol=accuracy, atol=accuracy / 100)
        return found.y[:, -1]

    return run


def _mode(x: Any, y: Any, gamma: Any, omega: Any) -> tuple[Any, Any]:
    """dx/dt and dy/dt of a mode without links, for arrays as for symbols."""
    growth = gamma + _W_A * (x * _COS + y * _SIN) - _ALPHA * (x * x + y * y) ** 0.5
    turning = omega + _W_PHI * x
    return growth * x - turning * y, growth * y + turning * x


def _jitcode(problem: NetworkProblem, t1: float) -> PeerRun:
    import symengine  # pyright: ignore[reportMissingImports]
    from jitcode import jitcode, y  # pyright: ignore[reportMissingImports]

    n = problem.size

    def equations() -> Iterator[Any]:
        a = [(y(i), y(n + i)) for i in range(n)]
        for part in range(2):
            for i in range(n):
                own = _mode(*a[i], problem.gamma[i], problem.omega[i])[part]
                # x and y hear (Re, −Im) and (Im, Re) of R times (x, y) of the others.
                c = np.conj(problem.r[i]) if part == 0 else 1j * np.conj(problem.r[i])
                heard = ((c[j].real, c[j].imag, *a[j]) for j in np.flatnonzero(c))
                # All terms at once: one after the other takes time quadratic in their number.
                yield symengine.Add(own, *(p * x_j + q * y_j for p, q, x_j, y_j in heard))

    system = jitcode(equations, n=2 * n, verbose=False)
    system.generate_f_C(simplify=False, do_cse=False, chunk_size=10)
    # Its compiler would read a pyproject.toml of the current folder, and may refuse it.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        system.compile_C()

    def run(accuracy: float) -> np.ndarray:
        # First the state, because a new integrator takes over that of the last.
        system.set_initial_value(parts(problem.a0).ravel(), 0.0)
        system.set_integrator("dopri5", rtol=accuracy, atol=accuracy / 100)
        x, y = np.reshape(system.integrate(t1), (2, n))
        return x + 1j * y

    return run


def _numba(problem: NetworkProblem, t1: float) -> PeerRun:
    import numba  # pyright: ignore[reportMissingImports]

    compiled: Any = numba.njit(fastmath=True)
    mode = compiled(_mode)

    @compiled
    def rates(a, gamma, omega, r):
        x, y, c, s = a[0], a[1], r[0], r[1]
        d = np.empty_like(a)
        for i in range(gamma.size):
            # Four plain sums become vector instructions; two of mixed sign do not, and are slower.
            cx = cy = sx = sy = 0.0
            for j in range(gamma.size):
                cx += c[i, j] * x[j]
                cy += c[i, j] * y[j]
                sx += s[i, j] * x[j]
                sy += s[i, j] * y[j]
            own_x, own_y = mode(x[i], y[i], gamma[i], omega[i])
            d[0, i], d[1, i] = own_x + cx - sy, own_y + cy + sx
        return d

    @compiled
    def end(count, dt, a, *fixed):
        for _ in range(count):
            k1 = rates(a, *fixed)
            k2 = rates(a + dt / 2 * k1, *fixed)
            k3 = rates(a + dt / 2 * k2, *fixed)
            k4 = rates(a + dt * k3, *fixed)
            a = a + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return a

    fixed = parts(problem.a0), problem.gamma, problem.omega, parts(problem.r)
    end(1, t1, *fixed)  # compiles

    def run(accuracy: float) -> np.ndarray:
        x, y = end(*equal_steps(t1, accuracy), *fixed)
        return x + 1j * y

    return run


def _brainpy(problem: NetworkProblem, t1: float) -> PeerRun:
    import brainpy  # pyright: ignore[reportMissingImports]
    import brainpy.math as bm  # pyright: ignore[reportMissingImports]

    def rates(a: Any, t: Any, gamma: Any, omega: Any, r: Any) -> Any:
        return jax.lax.complex(*_mode(a.real, a.imag, gamma, omega)) + r @ a

    step = brainpy.odeint(rates, method="rk4")
    with jax.enable_x64(True):
        a0, *fixed = map(jnp.asarray, (problem.a0, problem.gamma, problem.omega, problem.r))
        a = bm.Variable(a0)

    # Arrays as arguments, or each number of steps would be compiled with a copy of R.
    def steps(count: int, dt: Any, *fixed: Any) -> None:
        def one(_: Any) -> None:
            a.value = step(a.value, 0.0, *fixed, dt=dt)  # pyright: ignore[reportCallIssue]

        bm.for_loop(one, bm.arange(count))

    compiled = bm.jit(steps, static_argnums=0)

    def run(accuracy: float) -> np.ndarray:
        with jax.enable_x64(True):
            a.value = a0
            compiled(*equal_steps(t1, accuracy), *fixed)
            return np.array(a.value)

    return run


def _ours(what: str, **how: bool) -> Peer:
    adaptive = not how.get("fixed", False)
    return Peer(
        description=f"wetcow, {what}",
        prepare=functools.partial(_wetcow, **how),
        adaptive=adaptive,
        compiles=True,
    )


WETCOW: dict[str, Peer] = {
    "wetcow": _ours("double precision"),
    "wetcow single": _ours("single precision", double=False),
    "wetcow fixed": _ours("fixed steps, double precision", fixed=True),
    "wetcow fixed single": _ours("fixed steps, single precision", double=False, fixed=True),
}
PEERS: dict[str, Peer] = {
    **WETCOW,
    "polar numpy": Peer(
        description="polar equations as printed, NumPy; SciPy's RK45",
        prepare=_polar_numpy,
        adaptive=True,
    ),
    "cartesian numpy": Peer(
        description="complex equations, NumPy; SciPy's DOP853",
        prepare=_cartesian_numpy,
        adaptive=True,
    ),
    "jitcode": Peer(
        description="JiTCODE: C from symbols; SciPy's dopri5", prepare=_jitcode, adaptive=True
    ),
    "numba": Peer(description="hand-written loops in Numba, RK4", prepare=_numba, adaptive=False),
    "brainpy": Peer(
        description="BrainPy: odeint by rk4 in a compiled for_loop",
        prepare=_brainpy,
        adaptive=False,
        compiles=True,
    ),
    "brian2": Peer(
        description="Brian 2: summed variables, rk4, C++", prepare=brian.prepare, adaptive=False
    ),
    "brian2 staged": Peer(
        description="Brian 2: RK4 written out in stages, C++",
        prepare=functools.partial(brian.prepare, staged=True),
        adaptive=False,
    ),
}


def reference(problem: NetworkProblem, t1: float) -> np.ndarray:
    """Amplitudes at `t1` by SciPy's DOP853 at a tolerance of 1e-12, complex128 (n,)."""
    return _cartesian_numpy(problem, t1)(1e-12)
