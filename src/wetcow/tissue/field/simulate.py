"""The wave field: ∂_t ∇²Ψ = −∇·(Σ·∇Ψ) + F [2], integrated pseudo-spectrally."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import xarray as xr

from wetcow.precision import of_one_time
from wetcow.process import available_memory, bound_compiled_calls, check_process
from wetcow.tissue.conductivity import AXES, Conductivity
from wetcow.tissue.dispersion import tissue_attributes
from wetcow.tissue.errors import ShapeMismatchError, TissueError, as_tissue_errors
from wetcow.tissue.field.borders import SurroundedTissue, surround
from wetcow.tissue.field.exponential import Coefficients, coefficients
from wetcow.tissue.field.run import FieldProblem, embed, run_field
from wetcow.tissue.field.spectral import Spectral
from wetcow.validation import integer, number, reasonable_size, refuse_masked, refuse_unknown

STEP_PER_RATE = 0.25  # default step times the largest rate: an error of some 1e-7 of the field
LONGEST_STEP = 2.0  # beyond which the energy might grow
MAX_FIELD_STEPS = 10**7  # of one run
SYNONYMS = {
    **dict.fromkeys(("duration", "T", "time", "t_max", "t_end", "tmax"), "t1"),
    **dict.fromkeys(("initial", "y0", "psi"), "psi0"),
    **dict.fromkeys(("F", "forcing", "drive"), "source"),
    **dict.fromkeys(("n_samples", "samples", "steps"), "num_samples"),
    **dict.fromkeys(("boundary", "boundaries"), "borders"),
}


def simulate_field(
    conductivity: Conductivity,
    t1: float | None = None,
    psi0: Any = None,
    source: Callable[[Any], Any] | None = None,
    *,
    num_samples: int = 101,
    dt: float | None = None,
    borders: Any = "periodic",
    max_steps: int = MAX_FIELD_STEPS,
    **unknown: Any,
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
        Whether the tissue repeats, or is surrounded by `wetcow.tissue.field.borders.Absorbing`.
    max_steps : int
        Refuse, before it starts, a run of more steps.

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
        For values or times that make no sense, a step that is too long, nothing to integrate, or
        more than `max_steps` or than there is memory for.
    ForkedProcessError
        In a process that was forked after JAX was used in its parent.

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
    check_process()
    bound_compiled_calls()
    if unknown:
        refuse_unknown(unknown, inspect.signature(simulate_field).parameters, SYNONYMS)
    times = _sample_times(t1, num_samples)
    tensors = np.asarray(conductivity.scaled())
    frame = surround(tensors, conductivity.spacing, borders)
    precision = "double" if conductivity.is_double else "single"
    real = np.float64 if conductivity.is_double else np.float32
    with jax.enable_x64(conductivity.is_double):
        psi0, is_complex = _check_fields(psi0, source, conductivity.grid, real)
        largest = float(np.linalg.eigvalsh(frame.tensors).max())
        step, steps = _choose_step(dt, largest, times)
        _check_effort(steps, times, psi0, largest, max_steps)
        problem = _prepare(conductivity, frame, source, is_complex, precision, step)
        start = embed(psi0, frame.before, problem.spectral.grid)
        psi, energy = run_field(problem, start, times.astype(real), steps)
        energy = energy * float(conductivity.permittivity)
    if not np.all(np.isfinite(energy)):
        raise TissueError("the field became infinite: is the source finite at all times?")
    axes = AXES[: conductivity.dimension]
    units = "J" if len(axes) == 3 else f"J/m{'²' if len(axes) == 1 else ''}"
    return xr.Dataset(
        data_vars={
            "psi": (("time", *axes), psi, {"long_name": "potential Ψ [2]", "units": "V"}),
            "energy": ("time", energy, {"long_name": "½ε∫|∇Ψ|²", "units": units}),
        },
        coords={"time": ("time", times, {"units": "s"}), **conductivity.coordinates()},
        attrs={
            **tissue_attributes(conductivity, "field"),
            "dt": step,
            "steps": steps * (len(times) - 1),
            "borders": str(borders),
            "grid_with_borders": list(problem.spectral.grid),
            "precision": precision,
        },
    )


def _prepare(
    conductivity: Conductivity,
    frame: SurroundedTissue,
    source: Any,
    is_complex: bool,
    precision: str,
    step: float,
) -> FieldProblem:
    dimension = conductivity.dimension
    whole = frame.tensors.shape[:-2]
    spectral = Spectral(
        grid=whole, spacing=conductivity.spacing, is_complex=is_complex, precision=precision
    )
    mean = frame.tensors.astype(float).mean(tuple(range(dimension)))
    k = spectral.derivative.imag.astype(float)
    along = np.einsum("i...,ij,j...->...", k, mean, k)
    square = np.sum(k * k, 0)
    gamma = np.divide(along, square, out=np.zeros_like(square), where=square > 0)
    real = spectral.square.dtype
    return FieldProblem(
        spectral=spectral,
        fluctuation=np.moveaxis(frame.tensors - mean, (-2, -1), (0, 1)).astype(real),
        coefficients=Coefficients(*(one.astype(real) for one in coefficients(gamma, step))),
        source=source,
        step=np.asarray(step, real),
        cell=np.asarray(np.prod(conductivity.spacing), real),
        before=frame.before,
        grid=conductivity.grid,
    )


def _sample_times(t1: Any, num_samples: Any) -> np.ndarray:
    with as_tissue_errors():
        end = number("t1", t1, above=0)
        count = integer("num_samples", num_samples, minimum=2)
        _check_memory("times", 8.0 * count)
    return np.linspace(0, end, count)


def _check_memory(what: str, num_bytes: float) -> None:
    reasonable_size(what, num_bytes, "take fewer num_samples", limit=available_memory())


def _check_effort(
    steps: int, times: np.ndarray, psi0: np.ndarray, largest: float, max_steps: Any
) -> None:
    """Refuse what would take for ever, or more memory than there is."""
    with as_tissue_errors():
        most = integer("max_steps", max_steps, minimum=1)
        _check_memory(f"the field at {len(times)} times", float(psi0.nbytes) * len(times))
    total = float(steps) * (len(times) - 1)
    if total > most:
        raise TissueError(
            f"this needs {total:.2g} steps, more than max_steps={most:.2g}: rates are up to "
            f"{largest:.3g}/s, over {times[-1]:.3g} s. Are conductivities in S/m and times in s? "
            "If so, shorten the run, or pass a larger max_steps"
        )


def _choose_step(dt: Any, largest: float, times: np.ndarray) -> tuple[float, int]:
    """A step that divides the time between samples, and how many there are."""
    interval = float(times[1])
    if dt is None:
        dt = min(STEP_PER_RATE / largest if largest > 0 else interval, interval)
    with as_tissue_errors():
        dt = number("dt", dt, above=0)
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
    with as_tissue_errors():
        refuse_masked("psi0", psi0)
    psi0 = np.zeros(grid) if psi0 is None else np.asarray(psi0)
    if psi0.shape != grid:
        raise ShapeMismatchError(f"psi0 must have the shape of the grid, {grid}, got {psi0.shape}")
    if not np.issubdtype(psi0.dtype, np.number) or not np.all(np.isfinite(psi0)):
        raise TissueError("psi0 must be finite numbers (V)")
    is_complex = np.iscomplexobj(psi0)
    if source is not None:
        if not callable(source):
            raise TissueError("source must be a function of time that returns an array (*grid)")
        with as_tissue_errors():
            driven = of_one_time("source", source, real)
        if driven.shape != grid:
            raise ShapeMismatchError(
                f"source must return the shape of the grid, {grid}, got {driven.shape}"
            )
        is_complex = is_complex or np.issubdtype(driven.dtype, np.complexfloating)
    kind = np.result_type(real, np.complex64) if is_complex else real
    return psi0.astype(kind), is_complex
