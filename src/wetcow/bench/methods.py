"""Methods of integration compared, where modes spike and where they turn fast."""

from __future__ import annotations

from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.bench.clock import best_seconds
from wetcow.bench.problem import NetworkProblem, problem
from wetcow.modes.mode import Mode
from wetcow.simulation.steps.solvers import STEP_CONTROL

REGIMES = {"spiking": 1.0, "turning fast": 30.0}
"""Mean frequency ω of the modes, radians/time, at the same excitation and coupling."""

INTEGRATION_METHODS = {
    "Tsitouras 5(4)": (diffrax.Tsit5, False, False),
    "Dormand-Prince 8(7)": (diffrax.Dopri8, False, False),
    "exponential Tsitouras 5(4)": (diffrax.Tsit5, True, False),
    "Tsitouras 5, fixed steps": (diffrax.Tsit5, False, True),
    "exponential Tsitouras 5, fixed steps": (diffrax.Tsit5, True, True),
}
"""Solver, whether the rotation of the modes is exact, whether steps are fixed."""

_TOLERANCES = {"double": (1e-3, 1e-5, 1e-7, 1e-9), "single": (1e-3, 1e-4, 1e-5)}
_STEPS = (0.5, 0.2, 0.1)  # radians of the mean rotation
_TYPES = {"double": (np.complex128, np.float64), "single": (np.complex64, np.float32)}


def _joined(y):
    return jax.lax.complex(y[0], y[1])


def _pair(a):
    return jnp.stack([a.real, a.imag])


def _direct(t, y, network):
    """The field as it is."""
    return _pair(network.field(_joined(y)))


def _rotating(t, y, network):
    """The field of b = e^{−iωt} a, which does not turn: exact for the rotation (Lawson 1967)."""
    modes = network.modes
    turned = jnp.exp(1j * modes.omega * t)
    a = turned * _joined(y)
    rest = Mode(modes.gamma, 0.0 * modes.omega, *modes.constants).field(a)
    return _pair((rest + network.coupling(a)) * jnp.conj(turned))


def _solver(name: str, t1: float, precision: str) -> Any:
    """Return what makes of (problem, accuracy) a call → a(t1), compiled once for all of a size."""
    complex_type, real = _TYPES[precision]
    solver, exponential, fixed = INTEGRATION_METHODS[name]

    def end(network, y0, accuracy):
        if fixed:
            steps, dt = diffrax.ConstantStepSize(), accuracy
        else:
            steps, dt = diffrax.PIDController(accuracy, accuracy / 100, **STEP_CONTROL), None
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(_rotating if exponential else _direct),
            solver(),
            jnp.asarray(0, real),
            jnp.asarray(t1, real),
            dt,
            y0,
            network,
            stepsize_controller=steps,
            max_steps=None,
            throw=False,
        )
        assert found.ys is not None
        a = _joined(found.ys[-1])
        return jnp.exp(1j * network.modes.omega * t1) * a if exponential else a

    compiled = jax.jit(end)

    def run(one: NetworkProblem, accuracy: float) -> Any:
        network = jax.tree.map(
            lambda leaf: jnp.asarray(leaf, complex_type if np.iscomplexobj(leaf) else real),
            one.network().compiled_layout(),
        )
        y0 = _pair(jnp.asarray(one.a0, complex_type))
        return lambda: compiled(network, y0, jnp.asarray(accuracy, real))

    return run


def compare(size: int, t1: float, seed: int) -> list[dict[str, Any]]:
    """Run all methods to all accuracies.

    Returns
    -------
    list of dict
        what ("method"), regime, method, precision, n, accuracy (relative tolerance, or step of
        fixed ones), seconds without compilation, error (largest of |a| at the end, against
        Dormand-Prince 8(7) at a tolerance of 1e-13).
    """
    rows = []
    solvers = {
        (method, precision): _solver(method, t1, precision)
        for precision in _TOLERANCES
        for method in INTEGRATION_METHODS
    }
    for regime, omega in REGIMES.items():
        one = problem(size, seed)
        one = one._replace(omega=one.omega * omega)
        with jax.enable_x64(True):
            exact = np.asarray(solvers["Dormand-Prince 8(7)", "double"](one, 1e-13)())
        for precision, tolerances in _TOLERANCES.items():
            for method, (_, _, fixed) in INTEGRATION_METHODS.items():
                accuracies = [step / omega for step in _STEPS] if fixed else tolerances
                for accuracy in accuracies:
                    with jax.enable_x64(precision == "double"):
                        solve = solvers[method, precision](one, accuracy)
                        error = float(np.max(np.abs(np.asarray(solve()) - exact)))
                        seconds = best_seconds(solve)
                    row = {"what": "method", "regime": regime, "method": method}
                    row |= {"precision": precision, "n": size, "accuracy": accuracy}
                    rows.append({**row, "seconds": seconds, "error": error})
    return rows
