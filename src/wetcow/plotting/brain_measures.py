"""Spectra with their background, communities of regions, and travelling waves."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from wetcow.plotting.matrices import draw_matrix
from wetcow.plotting.names import names_of
from wetcow.plotting.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    RED,
    colors,
    figure_of,
    finish,
    label_of,
    limits_of,
    spread,
)

MOST_SPECTRA = 6
BINS = 24


def draw_spectrum_fit(found: xr.Dataset) -> Figure:
    """Draw spectra with their background and model, and the exponents of all modes.

    Parameters
    ----------
    found : xarray.Dataset
        From `wetcow.fit_spectrum`; of a sweep all runs are drawn together.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rest = [dim for dim in found["exponent"].dims if dim != "mode"]
    stacked = found.stack(line=[*rest, "mode"])
    shown = spread(stacked.sizes["line"], MOST_SPECTRA)
    figure, axes = figure_of(9, 3.6, 1, 2, width_ratios=(1.6, 1))
    left, right = axes[0]
    names, kind = names_of(found)
    frequency = found["frequency"].values
    for number, color in zip(shown, colors(len(shown)), strict=True):
        one = stacked.isel(line=number)
        name = names[int(number) % len(names)]
        left.loglog(frequency, one["power"], color=color, lw=0.7, alpha=0.6)
        left.loglog(frequency, one["model"], color=color, lw=1.2, label=f"{kind} {name}")
        left.loglog(frequency, one["background"], color=color, lw=1, ls="--")
    left.plot([], color=GREY, ls="--", label="background")
    left.legend(frameon=False, fontsize=FONT_SIZE)
    left.set(xlabel=label_of(found["frequency"]), ylabel=label_of(found["power"]))
    exponents = stacked["exponent"].values
    right.hist(exponents[np.isfinite(exponents)], bins=BINS, color=BLUE)
    right.set(xlabel="aperiodic exponent", ylabel=f"number of {kind}s")
    finish([left])
    right.spines[["top", "right"]].set_visible(False)
    return figure


def draw_communities(found: xr.Dataset) -> Figure:
    """Draw connectivity in the order of communities, and the participation of regions.

    Parameters
    ----------
    found : xarray.Dataset
        From `wetcow.graph_measures`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    order = np.argsort(found["community"].values, kind="stable")
    sorted_ = found.isel(mode=order, mode_from=order)
    names, kind = names_of(sorted_)
    community = sorted_["community"].values
    figure, axes = figure_of(10.5, 4.8, 1, 2, width_ratios=(1.3, 1))
    matrix = np.where(np.eye(len(names), dtype=bool), np.nan, sorted_["connectivity"].values)
    drawn = draw_matrix(axes[0, 0], matrix, names, names, kind, 4.6, limits_of(matrix, False))
    for number in np.unique(community):
        inside = np.flatnonzero(community == number)
        corner = (inside[0] - 0.5, inside[0] - 0.5)
        axes[0, 0].add_patch(
            Rectangle(corner, len(inside), len(inside), fill=False, ec=RED, lw=1.2)
        )
    figure.colorbar(drawn, ax=axes[0, 0], label="connectivity", shrink=0.85)
    palette = colors(int(community.max()) + 1)
    axes[0, 1].scatter(
        np.arange(len(names)), sorted_["participation"].values, c=palette[community], s=18
    )
    axes[0, 1].set(
        xlabel=f"{kind}, by community", ylabel="participation",
        title=f"modularity {float(found.modularity):.2f}, efficiency {float(found.efficiency):.2f}",
    )  # fmt: skip
    axes[0, 1].spines[["top", "right"]].set_visible(False)
    return figure


def draw_travelling(found: xr.Dataset) -> Figure:
    """Draw how well a plane wave fits in time, where it goes, and how fast.

    Parameters
    ----------
    found : xarray.Dataset
        From `wetcow.travelling_waves`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = figure_of(11, 3.4, 1, 3, width_ratios=(1.5, 1, 1))
    quality, chance = found["quality"], float(found["chance"])
    above = quality.values > chance
    axes[0, 0].plot(found["time"], quality, color=BLUE, lw=0.8)
    axes[0, 0].axhline(chance, color=GREY, ls="--", lw=1, label="95 % of shuffled regions")
    axes[0, 0].legend(frameon=False, fontsize=FONT_SIZE)
    axes[0, 0].set(xlabel=label_of(found["time"]), ylabel=label_of(quality), ylim=(0, 1.05))
    x, y, z = found["direction"].values[above].T
    drawn = axes[0, 1].scatter(x, y, c=z, cmap="RdBu_r", vmin=-1, vmax=1, s=8)
    axes[0, 1].set(
        xlabel="direction, x", ylabel="direction, y", xlim=(-1.1, 1.1), ylim=(-1.1, 1.1),
        aspect="equal", title=f"{above.mean():.0%} of the time above chance",
    )  # fmt: skip
    figure.colorbar(drawn, ax=axes[0, 1], label="direction, z", shrink=0.8)
    speed = found["speed"].values[above]
    speed = speed[np.isfinite(speed) & (speed > 0)]
    if len(speed):
        axes[0, 2].hist(np.log10(speed), bins=BINS, color=BLUE)
    axes[0, 2].set(xlabel=f"log10 of {label_of(found['speed'])}", ylabel="samples above chance")
    for axis in axes[0]:
        axis.spines[["top", "right"]].set_visible(False)
    return figure
