"""Wave fronts that modes are to have: their motions, and how many forms these are made of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wetcow import validation
from wetcow.memory.ridge import Asked, couplings, gram_of, residual
from wetcow.modes.mode import Mode
from wetcow.modes.waveform import one_period

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

RIDGE = 0.1
SAMPLES = 1024  # of a period


class Family(NamedTuple):
    """How far the wave fronts of modes can be made of each other.

    Attributes
    ----------
    rank : float
        Effective number of different wave forms, Σ_k g_k/(g_k + ρ ḡ) of the eigenvalues g_k of
        their Gram matrix: what couplings can tell apart.
    residual : array (n,)
        What is left of each when it is made of the others, relative to it.
    """

    rank: float
    residual: Real


def wave_family(modes: Mode, ridge: float = RIDGE, *, lags: Any = None) -> Family:
    """How far the wave fronts of modes can be made of each other, before any couplings are.

    Parameters
    ----------
    modes : Mode
        n spiking modes.
    ridge, lags
        As of `memorize`.

    Returns
    -------
    Family

    Raises
    ------
    ValueError
        If a mode does not spike, or for lags of another number.

    Examples
    --------
    Twenty modes of one rate are made of three or four wave forms:

    >>> import wetcow as wc
    >>> family = wave_family(wc.equal_rate(0.24, np.linspace(0.7, 1.2, 20)), ridge=1e-4)
    >>> round(family.rank, 1), bool(family.residual.max() < 0.02)
    (2.9, True)

    A wave that travels, each mode a part of a period later, is one wave form with as many shifts as
    it has harmonics:

    >>> travelling = wave_family(Mode(gamma=np.full(20, 1.5)), ridge=0.01, lags=np.arange(20) / 20)
    >>> round(travelling.rank, 1)
    13.2
    """
    ridge = validation.number("ridge", ridge, above=0)
    gram = gram_of(motions(modes, checked_lags(lags, modes.size)))
    values = np.linalg.eigvalsh(gram)
    size = len(gram)
    links = np.where(np.eye(size, dtype=bool), 0.0, np.inf)
    asked = Asked(
        own=np.zeros(size, complex), weight=links, phase=np.full(links.shape, np.pi), draw=0 * gram
    )
    left = residual(couplings(gram, np.ones(size), asked, ridge), np.ones(size), gram)
    return Family(float(np.sum(values / (values + ridge))), left)


def motions(modes: Mode, lags: Real | None = None) -> Complex:
    """Motions over a period, complex (samples, n), with their peaks at the start, or later."""
    later = 0.0 if lags is None else lags
    return one_period(modes, np.arange(SAMPLES) / SAMPLES, later).a.T


def checked_lags(lags: Any, size: int) -> Real | None:
    """Lags as an array (n,), or None.

    Raises
    ------
    ValueError
        For another number of them, or what is not finite.
    """
    if lags is None:
        return None
    found = validation.array("lags", lags, ndim=1)
    if found.shape != (size,):
        raise ValueError(
            f"lags must have one share of the period for each of {size} modes, got {len(found)}"
        )
    return found
