"""How steep the answers of modes are where they begin and end, exactly and as trained with.

A mode answers from γ̄ = 0 on, where it leaves silence, and spikes up to criticality one, where
p = ω̄ − wγ̄ = 0. The paper's rate [28] also ends at q = ω̄ + wγ̄ = 0. What a mode answers is what it
settles to; the motion towards it has slopes of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.learning.model.activation import Response, fit_codes, respond
from wetcow.modes.mode import Mode
from wetcow.modes.response import response as exact_response
from wetcow.reports.evidence import EvidenceTable
from wetcow.simulation.integrate import integrate

DISTANCES = tuple(10.0**-power for power in range(1, 9))
"""From a border, in units of ω̄."""

SILENCE, CRITICAL, OTHER = "γ̄ = 0", "criticality 1 (p = 0)", "q = 0"
_BORDERS: dict[Response, tuple[str, ...]] = {
    "amplitude": (SILENCE, CRITICAL),
    "rate": (SILENCE, CRITICAL),
    "analytic": (OTHER, CRITICAL),
}
_GRID = np.linspace(-6, 6, 24_001)  # γ̄, with all borders at ω̄ = 1 and ω̄ = 0.5
_TIME, _STEP, _MOST_STEPS = 10.0, 1e-5, 512  # of the motion, and of difference quotients
_EXCITATIONS = (-1.0, -1e-8, 0.0, 1e-8, 1.0, 1.9, 2 - 1e-8, 2.0, 2 + 1e-8, 2.5)
_FREQUENCIES = (0.5, 1.0, 1e-3, 1e-6, 0.0)


def _exact(code: Response) -> Callable[[Any], Any]:
    """Answer to γ̄ at ω̄ = 1, by which what is trained with is judged."""
    ratio = fit_codes().ratio
    if code == "analytic":
        return lambda c: jnp.sqrt(1 - (c * ratio) ** 2)
    index = ("rate", "amplitude").index(code)
    return lambda c: exact_response(c)[index]


def _used(code: Response) -> Callable[[Any], Any]:
    return lambda c: respond(c, 1.0, code)[0]


def steepness() -> list[dict[str, Any]]:
    """Slopes of each code by γ̄ beside its borders, in double precision, ω̄ = 1.

    Returns
    -------
    list of dict
        "code", "border", "distance", and the absolute slopes, "exact" and "used" in training; the
        steeper of both sides where the code answers on both.

    Examples
    --------
    >>> rows = [row for row in steepness() if row["code"] == "rate"]
    >>> closest = next(r for r in rows if r["border"] == CRITICAL and r["distance"] == 1e-8)
    >>> closest["exact"] > 1000 > 30 > closest["used"]
    True
    """
    rows = []
    with jax.enable_x64(True):
        ratio = fit_codes().ratio
        at = {SILENCE: 0.0, CRITICAL: 1 / ratio, OTHER: -1 / ratio}
        distances = np.array(DISTANCES)
        for code, borders in _BORDERS.items():
            exact = jax.jit(jax.vmap(jax.grad(_exact(code))))
            used = jax.jit(jax.vmap(jax.grad(_used(code))))
            for border in borders:
                sides = [at[border] - distances, at[border] + distances]
                if code == "analytic":  # not defined beyond
                    sides = sides[:1] if border == CRITICAL else sides[1:]
                elif border == SILENCE:
                    sides = sides[1:]
                found = [np.max([np.abs(f(c)) for c in sides], axis=0) for f in (exact, used)]
                rows += [
                    {
                        "code": code,
                        "border": border,
                        "distance": float(distance),
                        "exact": float(one),
                        "used": float(other),
                    }
                    for distance, one, other in zip(distances, *found, strict=True)
                ]
    return rows


def steepest(code: Response) -> float:
    """Largest slope of a code by γ̄ or ω̄ in training, single precision, over a grid of both.

    Infinite if any slope is not finite.

    Examples
    --------
    >>> steepest("amplitude") < 30
    True
    """

    def both(gamma: Any, omega: Any) -> Any:
        return jax.grad(lambda g, o: respond(g, o, code)[0], argnums=(0, 1))(gamma, omega)

    gamma, omega = np.meshgrid(_GRID.astype("f4"), np.array(_FREQUENCIES, "f4"))
    slopes = np.abs(jax.jit(jax.vmap(both))(gamma.ravel(), omega.ravel()))
    return float(slopes.max()) if np.all(np.isfinite(slopes)) else float("inf")


def sensitivity() -> list[dict[str, Any]]:
    """Slopes of the motion itself: of the amplitude of a mode, ω = 1, after a time of 10, by γ.

    The mode [11, 12] starts at an amplitude of 0.1; it is integrated, and so is its slope.

    Returns
    -------
    list of dict
        "gamma", beside both borders and elsewhere, "slope", and "difference", the quotient of
        differences that it should equal.
    """

    def amplitude(gamma: Any) -> Any:
        start, times = jnp.array([0.1 + 0j]), jnp.array([0.0, _TIME])
        settings = {"rtol": 1e-9, "atol": 1e-11, "max_steps": _MOST_STEPS}
        forwards = diffrax.ForwardMode()  # one parameter alone
        run = integrate(Mode(gamma), start, times, adjoint=forwards, **settings)
        return jnp.abs(run[-1, 0])

    def with_slope(gamma: Any) -> tuple[Any, Any]:
        return jax.jvp(amplitude, (gamma,), (jnp.ones_like(gamma),))

    with jax.enable_x64(True):
        gamma = np.array(_EXCITATIONS)
        each = jax.jit(jax.vmap(with_slope))
        slopes = np.asarray(each(gamma)[1])
        above, below = (np.asarray(each(gamma + step)[0]) for step in (_STEP, -_STEP))
    quotients = (above - below) / (2 * _STEP)
    return [
        {"gamma": float(at), "slope": float(slope), "difference": float(other)}
        for at, slope, other in zip(gamma, slopes, quotients, strict=True)
    ]


def slopes_table(slopes: Sequence[dict[str, Any]]) -> EvidenceTable:
    """A row for each border, and all slopes of it."""
    rows = []
    for code, border in dict.fromkeys((row["code"], row["border"]) for row in slopes):
        of = [row for row in slopes if (row["code"], row["border"]) == (code, border)]
        at = {f"{row['distance']:.0e}": row["exact"] for row in of}
        rows.append(
            {
                "code": code,
                "border": border,
                "1e-02": at["1e-02"],
                "1e-08": at["1e-08"],
                "used": of[-1]["used"],
                "anywhere": steepest(code),
                "of": of,
            }
        )
    labels = {
        "code": "code",
        "border": "border",
        "1e-02": "exact slope, 0.01 away",
        "1e-08": "exact, 1e-8 away",
        "used": "in training, 1e-8 away",
        "anywhere": "in training, anywhere",
    }
    caption = (
        "Slopes of codes by the excitation γ̄, for ω̄ = 1; “anywhere” is by γ̄ or ω̄, in single "
        "precision, on a grid of γ̄ from −6 to 6 and ω̄ from 0 to 1. “analytic” is [28]."
    )
    return EvidenceTable(name="stability_slopes", rows=rows, labels=labels, caption=caption)


def motion_table(moving: Sequence[dict[str, Any]]) -> EvidenceTable:
    """A row for each excitation."""
    labels = {"gamma": "γ", "slope": "slope", "difference": "quotient of differences"}
    caption = (
        "Slopes by γ of a mode's amplitude after a time of 10, ω = 1; it is critical at γ = 2."
    )
    return EvidenceTable(name="stability_motion", rows=list(moving), labels=labels, caption=caption)
