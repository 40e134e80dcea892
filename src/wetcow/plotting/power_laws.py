"""Figures of power laws that were fitted."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from scipy.special import zeta

from wetcow.plotting.style import BLUE, figure_of
from wetcow.synchrony.power_law import PowerLaw


def draw_power_law(found: PowerLaw) -> Figure:
    """Draw the share of values that a fitted power law says to be as large or larger.

    Parameters
    ----------
    found : PowerLaw

    Returns
    -------
    matplotlib.figure.Figure
    """
    x = np.unique(np.geomspace(found.xmin, found.xmax, 200).round())
    end = zeta(found.exponent, found.xmax + 1.0) if found.bounded else 0.0
    share = (zeta(found.exponent, x) - end) / (zeta(found.exponent, found.xmin) - end)
    figure, axes = figure_of(5, 4, 1, 1)
    axis = axes[0, 0]
    axis.loglog(x, share, color=BLUE)
    axis.set(
        xlabel="x",
        ylabel="share of values ≥ x",
        title=f"exponent {found.exponent:.2f} ± {found.error:.2f}; {found.verdict}",
    )
    axis.title.set_fontsize(8)
    return figure
