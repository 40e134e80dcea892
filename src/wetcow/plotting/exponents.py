"""Figures of stability: exponents in the complex plane."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from wetcow.plotting.style import BLUE, GREY, RED, figure_of
from wetcow.synchrony.exponents import Stability


def draw_exponents(stability: Stability) -> Figure:
    """Draw how deviations grow or decay: what lies left of the line decays.

    Parameters
    ----------
    stability : Stability
        Of one motion.

    Returns
    -------
    matplotlib.figure.Figure
    """
    found = np.atleast_1d(np.asarray(stability.exponents))
    if found.ndim > 1:
        raise ValueError(f"draw the exponents of one motion, got those of {found.shape[:-1]}")
    real, imaginary = np.real(found), np.imag(found)
    growing = real > 0
    figure, axes = figure_of(5, 4, 1, 1)
    axis = axes[0, 0]
    axis.axvline(0, color=GREY, lw=1)
    for some, color in ((~growing, BLUE), (growing, RED)):
        axis.plot(real[some], imaginary[some], "o", color=color, ms=5)
    axis.set(
        xlabel="Re λ (1/time)",
        ylabel="Im λ (rad/time)",
        title=f"largest exponent {float(stability.largest):.3g}",
    )
    return figure
