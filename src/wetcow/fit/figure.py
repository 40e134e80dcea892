"""The picture of a fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure


def draw_fit(fitted: Any, target: Any = None) -> Figure:
    """Fitted functional connectivity, losses, and the connectome beside its nulls.

    Parameters
    ----------
    fitted : Fitted
    target : array (n, n), optional
        Measured functional connectivity, drawn in the upper triangle.
    """
    nulls = fitted.nulls
    figure = Figure(figsize=(11 if nulls else 7.5, 3.4), layout="constrained")
    axes = figure.subplots(1, 3 if nulls else 2)
    _matrix(figure, axes[0], fitted.resting.correlation, target)
    best = np.nanmin(fitted.losses, axis=2)
    axes[1].plot(best[:, 1:], color="0.7", linewidth=1)
    axes[1].plot(best[:, 0], color="C0", label="connectome")
    if nulls:
        axes[1].plot([], color="0.7", label="nulls")
        axes[1].legend(frameon=False)
    axes[1].set(xlabel="step", ylabel="loss", title="fit")
    if nulls:
        _outcomes(axes[2], fitted)
    return figure


def _matrix(figure: Figure, axis: Any, correlation: np.ndarray, target: Any) -> None:
    shown = np.array(correlation)
    title = "correlation of Re a, fitted"
    if target is not None:
        upper = np.triu_indices(len(shown), 1)
        shown[upper] = np.asarray(target)[upper]
        title = "measured above, fitted below"
    np.fill_diagonal(shown, np.nan)
    limit = float(np.nanmax(np.abs(shown)))
    image = axis.imshow(shown, cmap="RdBu_r", vmin=-limit, vmax=limit)
    figure.colorbar(image, ax=axis, shrink=0.8, label="correlation")
    axis.set(xlabel="region", ylabel="region", title=title)


def _outcomes(axis: Any, fitted: Any) -> None:
    """Dots: filled on other subjects, open on the fitted data."""
    outcomes = [fitted.outcomes[0], *fitted.nulls.values()]
    places = np.arange(len(outcomes))[::-1]
    axis.plot([one.score for one in outcomes], places, "o", mfc="none", color="C0", label="fitted")
    if fitted.held_out is not None:
        out = [one.held_out for one in outcomes]
        axis.plot(out, places, "o", color="C1", label="other subjects")
    if fitted.ceiling is not None:
        axis.axvline(fitted.ceiling, color="0.5", linestyle=":", label="ceiling")
    axis.set_yticks(places, [one.name for one in outcomes])
    axis.set(xlabel="correlation with data", title="beside nulls")
    axis.margins(x=0.1, y=0.2)
    axis.legend(frameon=False, fontsize="small")
