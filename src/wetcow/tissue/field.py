"""The wave field: ∂_t ∇²Ψ = −∇·(Σ·∇Ψ) + F [2], integrated pseudo-spectrally."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.tissue.borders import Absorbing, Frame, surround
from wetcow.tissue.conductivity import AXES, Conductivity
from wetcow.tissue.dispersion import attributes
from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.exponential import Coefficients, advance, coefficients
from wetcow.tissue.spectral import Spectral

STEP = 0.25  # default step times the largest rate: an error of some 1e-7 of the field
LONGEST_STEP = 2.0  # beyond which the energy might grow


class _Problem(eqx.Module):
    """Everything that a compiled run depends on."""

    spectral: Spectral
    fluctuation: Any  # Σ without its mean, (d, d, *grid), 1/s
    coefficients: Coefficients
    source: Any
    step: Any
    cell: Any
    before: tuple[int, ...] = eqx.field(static=True)
    grid: tuple[int, ...] = eqx.field(static=True)

    def rest(self, spectrum, time):
        """All but the decay by the mean of Σ, which is exact."""
        change = self.spectral.relaxation(spectrum, self.fluctuation)
        if self.source is None:
            return change
        driven = self.spectral.forward(_embed(self.source(time), self.before, self.spectral.grid))
        return change - self.spectral.inverse * driven

    def cut(self, spectrum):
        inner = tuple(slice(b, b + n) for b, n in zip(self.before, self.grid, strict=True))
        return self.spectral.backward(spectrum)[inner]


def _embed(field: Any, before: tuple[int, ...], whole: tuple[int, ...]) -> Any:
    """The field with zeros around."""
    field = jnp.asarray(field)
    around = [(b, n - b - size) for b, n, size in zip(before, whole, field.shape, strict=True)]
    return jnp.pad(field, around)


@eqx.filter_jit
def _run(problem: _Problem, psi0: Any, times: Any, steps: Any) -> tuple[Any, Any]:
    spectral = problem.spectral
    spectrum = spectral.filtered(spectral.forward(psi0))

    def sample(spectrum, start):
        def one(index, spectrum):
            time = start + index * problem.step
            return advance(spectrum, time, problem.step, problem.rest, problem.coefficients)

        spectrum = jax.lax.fori_loop(0, steps, one, spectrum)
        return spectrum, (problem.cut(spectrum), spectral.energy(spectrum, problem.cell))

    _, (fields, energies) = jax.lax.scan(sample, spectrum, times[:-1])
    first = problem.cut(spectrum)[None], spectral.energy(spectrum, problem.cell)[None]
    return jnp.concatenate([first[0], fields]), jnp.concatenate([first[1], energies])


def simulate_field(
    conductivity: Conductivity,
    t1: float,
    psi0: Any = None,
    source: Callable[[Any], Any] | None = None,
    *,
    num_samples: int = 101,
    dt: float | None = None,
    borders: Any = "periodic",
) -> xr.Dataset:
    """Integrate the wave field ∂_t ∇²Ψ = −∇·(Σ·∇Ψ) + F [2] in one, two or three dimensions.

    Derivatives are spectral (Fourier); the decay by the mean of Σ is exact, the rest is stepped by
    an exponential Runge-Kutta method of fourth order (Cox and Matthews 2002). All is one compiled
    call, in the precision of the tissue. [2] leaves the mean of Ψ undetermined: it stays as it is,
    and the mean of F, for which a periodic field has no potential, is dropped.

    Without source the energy ½ε∫|∇Ψ|² falls, dE/dt = −ε∫∇Ψ·Σ·∇Ψ, between the rates 2 min λ and
    2 max λ of the eigenvalues of Σ; the discrete operator keeps this.

    Parameters
    ----------
    conductivity : Conductivity
        On a grid of d axes; any anisotropy and inhomogeneity.
    t1 : float
        Duration, s.
    psi0 : float or complex array (*grid), optional
        Potential at time 0, V. Default: zero, for a field that is driven.
    source : callable, optional
        F(t), a function of the time (s, traced) written with `jax.numpy` that returns (*grid),
        V/(m²·s). A current I injected per volume (A/m³) is F = −I/ε. Functions that are equal to an
        earlier call's are not compiled again; an `equinox.Module` may hold arrays.
    num_samples : int
        Equally spaced times from 0 to t1 at which the field is kept.
    dt : float, optional
        Longest step, s. Default: a quarter divided by the largest eigenvalue of Σ. As the operator
        is bounded, it does not depend on the grid.
    borders : {"periodic", "absorbing"} or Absorbing
        Whether the tissue repeats, or is surrounded by `wetcow.tissue.borders.Absorbing`.

    Returns
    -------
    xarray.Dataset
        ``psi`` on (time, x[, y[, z]]), V; ``energy`` on (time), the integral of ½ε|∇Ψ|² over the
        tissue and its absorbing borders, in J·m^(d−3) (joules in 3-D).

    Raises
    ------
    ShapeMismatchError
        If `psi0` or what `source` returns does not have the shape of the grid.
    TissueError
        For values or times that make no sense, a step that is too long, or nothing to integrate.

    Examples
    --------
    In uniform tissue everything decays at σ/ε and nothing moves:

    >>> tissue = Conductivity(np.full(64, 0.3), spacing=1e-3)
    >>> psi0 = np.cos(2 * np.pi * np.arange(64) / 16)
    >>> field = simulate_field(tissue, t1=2e-3, psi0=psi0, num_samples=3)
    >>> decay = np.exp(-0.3 / tissue.permittivity * 2e-3)
    >>> bool(abs(field.psi[-1] - decay * psi0).max() < 1e-12)
    True
    """
    times = _sample_times(t1, num_samples)
    tensors = np.asarray(conductivity.scaled())
    frame = surround(tensors, conductivity.spacing, borders)
    precision = "double" if conductivity.is_double else "single"
    real = np.float64 if conductivity.is_double else np.float32
    with jax.enable_x64(conductivity.is_double):
        psi0, is_complex = _check_fields(psi0, source, conductivity.grid, real)
        largest = float(np.linalg.eigvalsh(frame.tensors).max())
        step, steps = _choose_step(dt, largest, times)
        problem = _prepare(conductivity, frame, source, is_complex, precision, step)
        start = _embed(psi0, frame.before, problem.spectral.grid)
        # As an array the number of steps is traced: one compilation serves all.
        psi, energy = _run(problem, start, times.astype(real), np.asarray(steps))
        psi, energy = np.asarray(psi), np.asarray(energy) * float(conductivity.permittivity)
    if not np.all(np.isfinite(energy)):
        raise TissueError("the field became infinite: is the source finite at all times?")
    axes = AXES[: conductivity.dimension]
    units = "J" if len(axes) == 3 else f"J/m{'²' if len(axes) == 1 else ''}"
    return xr.Dataset(
        {
            "psi": (("time", *axes), psi, {"long_name": "potential Ψ [2]", "units": "V"}),
            "energy": ("time", energy, {"long_name": "½ε∫|∇Ψ|²", "units": units}),
        },
        {"time": ("time", times, {"units": "s"}), **conductivity.coordinates()},
        {
            **attributes(conductivity, "field"),
            "dt": step,
            "steps": steps * (len(times) - 1),
            "borders": str(borders),
            "grid_with_borders": list(problem.spectral.grid),
            "precision": precision,
        },
    )


def _prepare(
    conductivity: Conductivity,
    frame: Frame,
    source: Any,
    is_complex: bool,
    precision: str,
    step: float,
) -> _Problem:
    dimension = conductivity.dimension
    whole = frame.tensors.shape[:-2]
    spectral = Spectral(whole, conductivity.spacing, is_complex, precision)
    mean = frame.tensors.astype(float).mean(tuple(range(dimension)))
    k = spectral.derivative.imag.astype(float)
    along = np.einsum("i...,ij,j...->...", k, mean, k)
    square = np.sum(k * k, 0)
    gamma = np.divide(along, square, out=np.zeros_like(square), where=square > 0)
    real = spectral.square.dtype
    return _Problem(
        spectral,
        np.moveaxis(frame.tensors - mean, (-2, -1), (0, 1)).astype(real),
        Coefficients(*(one.astype(real) for one in coefficients(gamma, step))),
        source,
        np.asarray(step, real),
        np.asarray(np.prod(conductivity.spacing), real),
        frame.before,
        conductivity.grid,
    )


def _sample_times(t1: Any, num_samples: Any) -> np.ndarray:
    if np.ndim(t1) != 0 or not np.isfinite(t1) or t1 <= 0:
        raise TissueError(f"t1 must be positive (s), got {t1}")
    if int(num_samples) != num_samples or num_samples < 2:
        raise TissueError(f"num_samples must be an integer of at least 2, got {num_samples}")
    return np.linspace(0, float(t1), int(num_samples))


def _choose_step(dt: Any, largest: float, times: np.ndarray) -> tuple[float, int]:
    """A step that divides the time between samples, and how many there are."""
    interval = float(times[1])
    if dt is None:
        dt = min(STEP / largest if largest > 0 else interval, interval)
    if not np.isfinite(dt) or dt <= 0:
        raise TissueError(f"dt must be positive (s), got {dt}")
    if dt * largest > LONGEST_STEP:
        raise TissueError(
            f"dt={dt:g} s is too long for rates up to {largest:.4g}/s: "
            f"use dt ≤ {LONGEST_STEP / largest:.3g}"
        )
    steps = int(np.ceil(interval / dt * (1 - 1e-12)))
    return interval / steps, steps


def _check_fields(
    psi0: Any, source: Any, grid: tuple[int, ...], real: Any
) -> tuple[np.ndarray, bool]:
    """The initial field, and whether fields are complex."""
    if psi0 is None and source is None:
        raise TissueError("nothing to integrate: give an initial field psi0 or a source")
    psi0 = np.zeros(grid) if psi0 is None else np.asarray(psi0)
    if psi0.shape != grid:
        raise ShapeMismatchError(f"psi0 must have the shape of the grid, {grid}, got {psi0.shape}")
    if not np.issubdtype(psi0.dtype, np.number) or not np.all(np.isfinite(psi0)):
        raise TissueError("psi0 must be finite numbers (V)")
    is_complex = np.iscomplexobj(psi0)
    if source is not None:
        if not callable(source):
            raise TissueError("source must be a function of time that returns an array (*grid)")
        driven = jax.eval_shape(source, jax.ShapeDtypeStruct((), real))
        if driven.shape != grid:
            raise ShapeMismatchError(
                f"source must return the shape of the grid, {grid}, got {driven.shape}"
            )
        is_complex = is_complex or np.issubdtype(driven.dtype, np.complexfloating)
    kind = np.result_type(real, np.complex64) if is_complex else real
    return psi0.astype(kind), is_complex


__all__ = ["Absorbing", "simulate_field"]
