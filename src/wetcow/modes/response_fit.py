"""The fit of both codes: Chebyshev series of f and M in pieces of x = sqrt(1 − cr).

In x both g(x) = f/sqrt(1 − cr²) and m(x) = M/c are analytic on [0, 1] (a saddle-node on an
invariant circle: the period is analytic in x up to the factor 1/x), so Chebyshev series converge
geometrically; how fast depends on the constants. Hence [0, 1] is halved until the last coefficients
of each piece are negligible.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

from wetcow.modes.criticality import CANONICAL, Constants, critical_ratio
from wetcow.modes.limit_cycle import limit_cycle
from wetcow.precision import in_double

NUM_TERMS = 16  # of the series in each piece
CLOSEST = 0.005  # smallest x solved: cr = 0.999975; the series extrapolates below
NEGLIGIBLE_TERMS = 1e-8  # of the last two coefficients of a series, relative to the largest
MOST_PIECES = 64
ROUND_TO = 8  # number of pieces: so that what reads them is compiled for few sizes
ACCURATE = 1e-7  # largest estimated error of a limit cycle that is used


class ResponseFit(NamedTuple):
    """Chebyshev coefficients in each piece of CLOSEST ≤ x ≤ 1.

    Attributes
    ----------
    borders : tuple of float
        Of the pieces, ascending, one more than pieces.
    frequency : tuple of tuple of float
        Series of g(x) = f/sqrt(1 − cr²) in each piece.
    amplitude : tuple of tuple of float
        Series of m(x) = M/c in each piece.
    """

    borders: tuple[float, ...]
    frequency: tuple[tuple[float, ...], ...]
    amplitude: tuple[tuple[float, ...], ...]


def fit_response(constants: Constants) -> ResponseFit:
    """Fit f and M for one set of constants; takes about a tenth of a second.

    Parameters
    ----------
    constants : Constants
        Python floats.

    Returns
    -------
    ResponseFit
        Relative error below 1e-6; below 1e-9 for the canonical constants
        (``tools/fit_response.py`` checks).

    Raises
    ------
    ValueError
        If some limit cycle cannot be found as a curve along which the phase advances, or not
        accurately.
    """
    nodes = np.cos(np.pi * (np.arange(NUM_TERMS) + 0.5) / NUM_TERMS)
    ratio = float(in_double(critical_ratio)(constants))
    pieces: dict[tuple[float, float], tuple[list[float], list[float]]] = {}
    waiting = [(CLOSEST, 0.03), (0.03, 0.15), (0.15, 0.5), (0.5, 1.0)]
    while waiting:
        low, high = np.array(waiting).T[:, :, None]
        distance = low + (high - low) * (nodes + 1) / 2
        cycle = limit_cycle(distance, constants)
        if not np.all(cycle.error <= ACCURATE):
            worst = 1 - distance[~(cycle.error <= ACCURATE)] ** 2
            raise ValueError(
                f"no limit cycle was found at criticality {worst.min():.4g} to {worst.max():.4g} "
                f"for {constants}: the spiking frequency of such a mode has to be measured with "
                "simulate() and spiking_frequency(run)"
            )
        criticality = 1 - distance**2
        values = (cycle.frequency / np.sqrt(1 - criticality**2), cycle.mean_amplitude * ratio)
        series = [
            chebyshev.chebfit(nodes, part.T, NUM_TERMS - 1).T
            for part in (values[0], values[1] / criticality)
        ]
        rough = np.zeros(len(waiting), bool)
        for part in series:
            rough |= np.max(abs(part[:, -2:]), 1) > NEGLIGIBLE_TERMS * np.max(abs(part), 1)
        halves = []
        for (first, last), again, *parts in zip(waiting, rough, *series, strict=True):
            if again:
                halves += [(first, (first + last) / 2), ((first + last) / 2, last)]
            else:
                pieces[first, last] = tuple(part.tolist() for part in parts)
        waiting = halves
        if len(pieces) + len(waiting) > MOST_PIECES:
            raise ValueError(
                f"the response of modes with {constants} changes too abruptly to be fitted: "
                "measure it with simulate() and spiking_frequency(run)"
            )
    ordered = sorted(pieces)
    return ResponseFit(
        borders=(*(low for low, _ in ordered), 1.0),
        frequency=tuple(tuple(pieces[piece][0]) for piece in ordered),
        amplitude=tuple(tuple(pieces[piece][1]) for piece in ordered),
    )


@functools.lru_cache(maxsize=1024)
def response_fit(constants: Constants) -> ResponseFit:
    """Return the fit for `constants`: shipped for the canonical ones, else computed once."""
    if constants == CANONICAL:
        text = importlib.resources.files("wetcow.modes").joinpath("canonical_response.json")
        stored = json.loads(text.read_text())
        return ResponseFit(
            borders=tuple(stored["borders"]),
            frequency=tuple(map(tuple, stored["frequency"])),
            amplitude=tuple(map(tuple, stored["amplitude"])),
        )
    return fit_response(constants)


@functools.lru_cache(maxsize=1024)
def response_table(constants: Constants) -> tuple[np.ndarray, np.ndarray]:
    """Borders (k + 1,) and coefficients (terms, 2, k), k rounded up by repeating the last piece."""
    fit = response_fit(constants)
    more = -len(fit.frequency) % ROUND_TO
    borders = np.append(fit.borders, [2.0] * more)
    series = np.array([fit.frequency, fit.amplitude])
    return borders, np.moveaxis(np.concatenate([series, series[:, -1:].repeat(more, 1)], 1), -1, 0)
