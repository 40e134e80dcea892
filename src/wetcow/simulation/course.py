"""A drive as it is integrated: arrays of padded lengths, and the times at which steps end."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.precision import in_double, is_traced
from wetcow.simulation.drive import Drive

FEWEST_TIMES = 8
LOOKED_AT = 512  # times at which functions are looked at, for their size


class Course(eqx.Module):
    """A drive ready to be integrated: a pytree of arrays whose lengths are powers of two.

    Attributes
    ----------
    times : float array (k,) or None
        Of values; the last one is repeated.
    rate : complex array (k, 1) or (k, n), or None
        g + iv, 1/time.
    additive : complex array (k, 1) or (k, n), or None
        u, amplitude/time.
    functions : dict of name to function
        Of what is no array.
    stops : float array (k,)
        Where steps are to end; infinite ones are none.
    longest_step, fastest : float
        Longest step, and a bound of what the input adds to the rates, 1/time.
    hold : bool array
        Whether first and last values last.
    """

    times: Any
    rate: Any
    additive: Any
    functions: dict[str, Any]
    stops: Any
    longest_step: Any
    fastest: Any
    hold: Any

    def at(self, t: Any) -> tuple[Any, Any]:
        """Rate and additive input at a time, None for what there is not; after a jump there."""
        rate, additive = self._interpolated(t)
        own = {name: function(t) for name, function in self.functions.items()}
        if "gamma" in own or "omega" in own:
            shape = np.broadcast_shapes(*(np.shape(own.get(name, 0.0)) for name in own))
            parts = (
                jnp.broadcast_to(own.get(name, jnp.zeros((), t.dtype)), shape).astype(t.dtype)
                for name in ("gamma", "omega")
            )
            changing = jax.lax.complex(*parts)
            rate = changing if rate is None else rate + changing
        if "additive" in own:
            additive = own["additive"] if additive is None else additive + own["additive"]
        return rate, additive

    def _interpolated(self, t: Any) -> tuple[Any, Any]:
        if self.times is None:
            return None, None
        times = jnp.asarray(self.times, t.dtype)
        last = times.shape[0] - 1
        after = jnp.searchsorted(times, t, side="right")
        before, after = jnp.clip(after - 1, 0, last), jnp.clip(after, 0, last)
        width = times[after] - times[before]
        share = jnp.where(width > 0, (t - times[before]) / jnp.where(width > 0, width, 1), 0)
        inside = self.hold | ((t >= times[0]) & (t < times[-1]))

        def value(rows: Any) -> Any:
            if rows is None:
                return None
            rows = jnp.asarray(rows)
            between = rows[before] + share * (rows[after] - rows[before])
            return jnp.where(inside, between, 0)

        return value(self.rate), value(self.additive)


def course_of(drive: Drive, times: Any, num_times: int | None = None) -> Course:
    """Lay out a drive for a run from ``times[0]`` to ``times[-1]``.

    Parameters
    ----------
    drive : Drive
    times : float array
        Of the samples; traced ones are taken to be covered.
    num_times : int, optional
        Length of its arrays; default: as many as there are times, rounded up to a power of two.
    """
    arrays, own = drive.arrays(), drive.times
    if arrays and drive.outside is None and not is_traced(times, own):
        _require_cover(np.asarray(own), float(times[0]), float(times[-1]))
    functions = {n: _as_pytree(v) for n, v in drive.inputs().items() if callable(v)}
    length = num_times or padded_length(drive)

    def padded(values: Any, fill: Any = None) -> Any:
        xp: Any = jnp if isinstance(values, jax.Array) else np
        last = values[-1:] if fill is None else xp.full_like(values[-1:], fill)
        return xp.concatenate([values, xp.repeat(last, length - len(values), axis=0)])

    def rows(name: str) -> Any:
        values = arrays.get(name)
        if values is None:
            return None
        return padded(values if values.ndim == 2 else values[:, None])

    gamma, omega, additive = (rows(name) for name in ("gamma", "omega", "additive"))
    rate = None
    if gamma is not None or omega is not None:
        rate = (0.0 if gamma is None else gamma) + 1j * (0.0 if omega is None else omega)
    longest = drive.max_step
    if longest is None:
        xp: Any = jnp if is_traced(times) else np
        longest = xp.min(xp.diff(times)) if functions else np.inf
    return Course(
        times=padded(own) if arrays else None,
        rate=rate,
        additive=None if additive is None else additive + 0j,
        functions=functions,
        stops=np.full(1, np.inf) if own is None else _stops(padded(own, np.inf)),
        longest_step=longest if is_traced(longest) else np.float64(longest),
        fastest=_fastest(rate, functions, times),
        hold=np.asarray(drive.outside == "hold"),
    )


def _stops(times: Any) -> Any:
    return jax.lax.stop_gradient(times) if isinstance(times, jax.Array) else times


def padded_length(drive: Drive) -> int:
    """Length of the arrays of a `Course`."""
    if drive.times is None:
        return 0
    return 1 << (max(len(drive.times), FEWEST_TIMES) - 1).bit_length()


def _require_cover(own: np.ndarray, start: float, end: float) -> None:
    slack = 1e-9 * (end - start)
    if own[0] > start + slack or own[-1] < end - slack:
        raise ValueError(
            f"the drive is given from t={own[0]:g} to t={own[-1]:g}, the run goes from t={start:g} "
            f'to t={end:g}: say what it is outside, outside="zero" or outside="hold", or give it '
            "for the whole run"
        )


def _as_pytree(function: Any) -> Any:
    """Functions as pytrees; those that are have arrays as arguments of what is compiled."""
    return function if isinstance(function, eqx.Module) else jax.tree_util.Partial(function)


def _fastest(rate: Any, functions: dict[str, Any], times: Any) -> Any:
    """Bound of |g| + |v| over the run; of traced values, which choose no step, none."""
    if is_traced(rate, functions, times):
        return np.float64(0.0)
    found = 0.0 if rate is None else float(np.max(np.abs(rate.real) + np.abs(rate.imag)))
    looked = np.linspace(float(times[0]), float(times[-1]), LOOKED_AT)
    for name, function in functions.items():
        values = np.asarray(in_double(jax.vmap(function))(looked))
        if not np.all(np.isfinite(values)):
            bad = looked[~np.isfinite(values.reshape(LOOKED_AT, -1)).all(axis=1)][0]
            raise ValueError(f"the drive's function of time {name} is not finite at t={bad:g}")
        found += float(np.max(np.abs(values))) if name != "additive" else 0.0
    return np.float64(found)


def alike(courses: list[Course]) -> list[Course]:
    """Courses whose arrays have the same shapes: what some do not have is zero."""
    rates = _same_shape([one.rate for one in courses])
    additives = _same_shape([one.additive for one in courses])
    return [
        dataclasses.replace(one, rate=rate, additive=additive)
        for one, rate, additive in zip(courses, rates, additives, strict=True)
    ]


def _same_shape(values: list[Any]) -> list[Any]:
    """Arrays of one shape, zero for what is None; unless all are."""
    given = [value for value in values if value is not None]
    if not given:
        return values
    shape = np.broadcast_shapes(*(value.shape for value in given))
    return [np.zeros(shape, complex) + (0 if value is None else value) for value in values]
