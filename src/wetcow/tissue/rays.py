"""Wave rays through tissue: Hamilton's ray equations with ω(k, r) of [5] as the Hamiltonian."""

from __future__ import annotations

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.process import available_memory, bound_compiled_calls, check_process
from wetcow.tissue.conductivity import AXES, Conductivity
from wetcow.tissue.dispersion import check_wave_vectors, tissue_attributes
from wetcow.tissue.errors import ShapeMismatchError, TissueError, as_tissue_errors
from wetcow.tissue.interpolation import SmoothTensors
from wetcow.validation import integer, number, reasonable_size, refuse_masked

MAX_RAY_STEPS = 1024
ENDINGS = (
    "0: ran to the end",
    "1: left the tissue",
    "2: became longer than the tissue",
    "3: changed too fast to follow",
)


def ray_frequency(tensors: SmoothTensors, position: Any, k: Any) -> tuple[Any, Any]:
    """ω and γ [5], rad/s and 1/s, of a wave vector k (d,), rad/m, at a position (d,), m."""
    scaled, divergence, _ = tensors.divergence(position)
    square = jnp.sum(k * k)
    return -(divergence @ k) / square, (k @ scaled @ k) / square


def ray_motion(tensors: SmoothTensors, position: Any, k: Any) -> tuple[Any, Any, Any]:
    """dr/dt = ∂ω/∂k, m/s; dk/dt = −∂ω/∂r, rad/(m·s); and d ln A/dt = −γ, 1/s.

    The signs are those of a phase ωt − k·r. Written out, as it is several times faster than by
    automatic differentiation; a test compares the two.
    """
    scaled, divergence, slope = tensors.divergence(position)
    square = jnp.sum(k * k)
    omega = -(divergence @ k) / square
    return -(divergence + 2 * omega * k) / square, (slope @ k) / square, -(k @ scaled @ k) / square


class _Ray(eqx.Module):
    """The medium and the units in which a ray is integrated, which make all numbers about one."""

    tensors: SmoothTensors
    length: Any
    wave_number: Any

    def place(self, state: Any) -> Any:
        return state[0] * self.length, state[1] * self.wave_number


def _motion(_time: Any, state: Any, ray: _Ray) -> Any:
    velocity, turning, growth = ray_motion(ray.tensors, *ray.place(state))
    return velocity / ray.length, turning / ray.wave_number, growth


def _is_outside(tensors: SmoothTensors, mask: Any, position: Any) -> Any:
    grid = jnp.array(tensors.grid)
    voxel = jnp.round(position / tensors.spacing).astype(int)
    within = jnp.all(
        (position >= 0) & (position <= (grid - 1).astype(tensors.spacing.dtype) * tensors.spacing)
    )
    if tensors.periodic:
        within, voxel = jnp.asarray(True), jnp.mod(voxel, grid)
    return ~(within & mask[tuple(jnp.clip(voxel, 0, grid - 1))])


def _integrate(ray: _Ray, mask: Any, start: Any, times: Any, rtol: Any) -> Any:
    """Diffrax's solution for one ray, which ends outside the tissue or with its wave too long."""
    tensors = ray.tensors
    sides = jnp.array(tensors.grid, tensors.spacing.dtype) * tensors.spacing

    def outside(_time, state, ray, **_kwargs):
        return _is_outside(tensors, mask, ray.place(state)[0])

    def too_long(_time, state, ray, **_kwargs):
        _, k = ray.place(state)
        return jnp.sum(k * k) * jnp.sum(sides**2) < 1

    return diffrax.diffeqsolve(
        diffrax.ODETerm(_motion),  # pyright: ignore[reportArgumentType]
        diffrax.Dopri8(),
        times[0],
        times[-1],
        None,
        start,
        ray,
        saveat=diffrax.SaveAt(ts=times),
        stepsize_controller=diffrax.PIDController(rtol=rtol, atol=rtol),
        event=diffrax.Event([outside, too_long]),
        max_steps=MAX_RAY_STEPS,
        throw=False,
    )


def _trace_one(
    tensors: SmoothTensors, mask: Any, position: Any, k: Any, times: Any, rtol: Any
) -> Any:
    """Path, wave vectors, decay and rates of one ray, NaN after its end, and how it ended."""
    ray = _Ray(
        tensors=tensors, length=jnp.min(tensors.spacing), wave_number=jnp.sqrt(jnp.sum(k * k))
    )
    start = (position / ray.length, k / ray.wave_number, jnp.zeros(()))
    solution = _integrate(ray, mask, start, times, rtol)
    events: Any = solution.event_mask
    left, lengthened = events
    ended = jnp.where(left, 1, jnp.where(lengthened, 2, 3))
    ended = jnp.where(solution.result == diffrax.RESULTS.successful, 0, ended)
    path: Any = solution.ys
    (position, k), decay = ray.place(path), path[2]
    # The step that left has samples outside, and a long step may cross a gap in the mask.
    outside = jax.vmap(lambda r: _is_outside(tensors, mask, r))(position)
    crossed = outside & jnp.isfinite(decay)
    ended = jnp.where(jnp.any(crossed), 1, ended)
    known = jnp.isfinite(decay) & ~jax.lax.cummax(crossed.astype(int)).astype(bool)
    omega, gamma = jax.vmap(lambda r, k: ray_frequency(tensors, r, k))(
        jnp.where(known[:, None], position, 0), jnp.where(known[:, None], k, 1)
    )
    omega, gamma = (jnp.where(known, rate, jnp.nan) for rate in (omega, gamma))
    blank = jnp.where(known[:, None], 0, jnp.nan)
    return position + blank, k + blank, jnp.where(known, decay, jnp.nan), omega, gamma, ended


@eqx.filter_jit
def _trace(tensors, mask, positions, wave_vectors, times, rtol):
    return jax.vmap(lambda r, k: _trace_one(tensors, mask, r, k, times, rtol))(
        positions, wave_vectors
    )


def trace_rays(
    conductivity: Conductivity,
    positions: Any,
    wave_vectors: Any,
    t1: float,
    *,
    num_samples: int = 201,
    rtol: float = 1e-5,
) -> xr.Dataset:
    """Follow wave packets along their rays, dr/dt = ∂ω/∂k, dk/dt = −∂ω/∂r.

    ω(k, r) is that of [5] with Σ between voxels by cubic splines; diffrax integrates
    (Dormand-Prince 8(7), adaptive) in double precision, all rays in one compiled call. ω is
    constant along a ray; its wave decays as dA/dt = −γ(k, r) A.

    Ray theory is asymptotic: it needs |k| L ≫ 1 for the length L on which Σ varies, but there
    |ω/γ| ≈ 1/(|k| L) is small and the wave decays before it has gone far: see ``log_amplitude``.

    Parameters
    ----------
    conductivity : Conductivity
        On a grid of d axes.
    positions : float array (n, d)
        Where rays start, m, in the frame of the grid (its first voxel lies at 0).
    wave_vectors : float array (n, d) or (d,)
        With what wave vectors, rad/m.
    t1 : float
        Time to follow them for, s.
    num_samples : int
        Equally spaced times from 0 to t1.
    rtol : float
        Tolerance of a step, relative to a voxel and to the first wave number.

    Returns
    -------
    xarray.Dataset
        On (ray, time): ``position`` (component), m; ``wave_vector`` (component), rad/m;
        ``omega``, rad/s; ``gamma``, 1/s; ``log_amplitude``, ln of the amplitude relative to the
        start. NaN once a ray has ended; ``ended`` says why: 0 it ran to `t1`, 1 it left the tissue,
        2 its wave became longer than the tissue (|k| times the diagonal below 1), 3 it changed too
        fast to follow.

    Raises
    ------
    TissueError
        For starts outside the tissue, wave vectors that are zero, times that make no sense, or
        more results than there is memory for.
    ForkedProcessError
        In a process that was forked after JAX was used in its parent.
    ShapeMismatchError
        For shapes that do not fit.

    Examples
    --------
    >>> rising = Conductivity(np.linspace(0.3, 0.5, 21), 1e-3)
    >>> rays = trace_rays(rising, [[0.01]], [[300.0]], t1=1e-3, num_samples=11)
    >>> bool(abs(rays.omega - rays.omega[0, 0]).max() < 1e-6 * abs(rays.omega[0, 0]))
    True
    """
    check_process()
    bound_compiled_calls()
    dimension = conductivity.dimension
    positions, wave_vectors = _check_rays(positions, wave_vectors, dimension)
    with as_tissue_errors():
        t1 = number("t1", t1, above=0)
        num_samples = integer("num_samples", num_samples, minimum=2)
        rtol = number("rtol", rtol, minimum=1e-12, maximum=0.1)
        reasonable_size(
            f"{len(positions)} rays at {num_samples} times",
            8.0 * len(positions) * num_samples * (2 * dimension + 3),
            "take fewer rays or num_samples",
            limit=available_memory(),
        )
    mask = np.asarray(conductivity.inside())
    _check_starts(positions, conductivity, mask)
    times = np.linspace(0, t1, num_samples)
    with jax.enable_x64(True):
        traced = _trace(
            SmoothTensors(conductivity), mask, positions, wave_vectors, times, np.asarray(rtol)
        )
        position, k, decay, omega, gamma, ended = (np.asarray(one) for one in traced)
    vector, scalar = ("ray", "time", "component"), ("ray", "time")
    meaning = "; ".join(f"{number} {reason}" for number, reason in enumerate(ENDINGS))
    return xr.Dataset(
        data_vars={
            "position": (vector, position, {"units": "m"}),
            "wave_vector": (vector, k, {"units": "rad/m"}),
            "omega": (scalar, omega, {"long_name": "frequency ω [5]", "units": "rad/s"}),
            "gamma": (scalar, gamma, {"long_name": "damping rate γ [5]", "units": "1/s"}),
            "log_amplitude": (scalar, decay, {"long_name": "ln A/A(0)"}),
            "ended": ("ray", ended, {"meaning": meaning}),
        },
        coords={
            "ray": np.arange(len(positions)),
            "time": ("time", times, {"units": "s"}),
            "component": list(AXES[:dimension]),
        },
        attrs={**tissue_attributes(conductivity, "rays"), "rtol": rtol},
    )


def _check_rays(positions: Any, wave_vectors: Any, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and wave vectors of the starts, both (n, d)."""
    with as_tissue_errors():
        refuse_masked("positions", positions)
        refuse_masked("wave_vectors", wave_vectors)
    wave_vectors = check_wave_vectors(wave_vectors, dimension)
    positions = np.atleast_2d(np.asarray(positions, float))
    if dimension == 1 and positions.shape[0] == 1:
        positions = positions.T
    if positions.ndim != 2 or positions.shape[1] != dimension:
        raise ShapeMismatchError(f"positions must be (n, {dimension}), got {positions.shape}")
    if len(wave_vectors) == 1:
        wave_vectors = np.broadcast_to(wave_vectors, positions.shape)
    if wave_vectors.shape != positions.shape:
        raise ShapeMismatchError(
            f"there are {len(positions)} positions and {len(wave_vectors)} wave vectors"
        )
    return positions, wave_vectors


def _check_starts(positions: np.ndarray, conductivity: Conductivity, mask: np.ndarray) -> None:
    grid = np.asarray(conductivity.grid)
    voxel = np.round(positions / conductivity.spacing)
    if conductivity.periodic:
        voxel = np.mod(voxel, grid)
    good = np.all(np.isfinite(positions) & (voxel >= 0) & (voxel < grid), axis=1)
    good[good] = mask[tuple(voxel[good].astype(int).T)]
    if not conductivity.periodic:
        good &= np.all((positions >= 0) & (positions <= (grid - 1) * conductivity.spacing), axis=1)
    if not good.all():
        first = int(np.argmin(good))
        raise TissueError(
            f"{(~good).sum()} rays start outside the tissue, the first is ray {first} at "
            f"{positions[first].tolist()} m"
        )
