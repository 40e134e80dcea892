"""One value per region, at its position in the brain."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from wetcow.networks.connectome import Connectome
from wetcow.plotting.style import GREY, MAP, ShownFigure

PROJECTIONS = ((0, 1), (0, 2), (1, 2))


def plot_brain(
    connectome: Connectome,
    values: Any,
    label: str,
    *,
    links: Any = None,
    num_links: int = 150,
    limits: tuple[float, float] | None = None,
    num_names: int = 6,
) -> Figure:
    """Draw one number per region at its position, in three projections.

    Parameters
    ----------
    connectome : Connectome
        With positions.
    values : array (n,)
        What the colour shows.
    label : str
        Name and unit of `values`, for the colour bar.
    links : array (n, n), optional
        Strengths of links, of which the `num_links` strongest are drawn as lines. Default: the
        connectome's weights.
    num_links : int
        0: no lines.
    limits : (float, float), optional
        Range of the colours. Default: that of the values.
    num_names : int
        How many regions with the largest values are named in each projection.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Without positions, or for a number of values other than that of regions.

    Examples
    --------
    >>> square = np.array([[0, 0, 0], [30, 0, 0], [30, 40, 0], [0, 40, 20.0]])
    >>> ring = Connectome(np.roll(np.eye(4), 1, axis=0), positions=square)
    >>> len(plot_brain(ring, [1, 2, 3, 4], "frequency (Hz)").axes)
    4
    """
    positions = connectome.positions
    if positions is None:
        raise ValueError("a figure on the brain needs the positions of the regions")
    values = np.asarray(values, dtype=float)
    if values.shape != (connectome.size,):
        raise ValueError(f"give one value for each of {connectome.size} regions: {values.shape}")
    ends = _strongest(connectome.weights if links is None else links, num_links)
    low, high = (np.nanmin(values), np.nanmax(values)) if limits is None else limits
    largest = np.argsort(np.nan_to_num(values, nan=-np.inf))[::-1][:num_names]
    names: Any = connectome.regions or ()
    figure = ShownFigure(figsize=(13, 3.7), layout="constrained")
    extent = [float(np.ptp(positions[:, across])) for across, _ in PROJECTIONS]
    widths = [max(one, max(extent) / 3, 1e-9) for one in extent]
    axes = figure.subplots(1, 3, width_ratios=widths)
    drawn: Any = None
    for axis, (across, up) in zip(axes, PROJECTIONS, strict=True):
        place = positions[:, [across, up]]
        lines = LineCollection(list(place[ends]), colors=GREY, linewidths=0.5, alpha=0.35)
        axis.add_collection(lines)
        order = np.argsort(values)
        drawn = axis.scatter(
            *place[order].T, c=values[order], cmap=MAP, vmin=low, vmax=high, s=55,
            edgecolors="black", linewidths=0.5, zorder=2,
        )  # fmt: skip
        _name(axis, place, {index: names[index] for index in largest})
        axis.set(xlabel=f"{'xyz'[across]} (mm)", ylabel=f"{'xyz'[up]} (mm)", aspect="equal")
        axis.margins(0.12)
        axis.spines[["top", "right"]].set_visible(False)
    figure.colorbar(drawn, ax=axes, label=label)
    return figure


def _strongest(links: Any, number: int) -> np.ndarray:
    """Pairs of regions (number, 2) that the strongest links join, in either direction."""
    strength = np.asarray(links, dtype=float)
    strength = np.triu(np.maximum(strength, strength.T), 1)
    ends = np.argwhere(strength > 0)
    return ends[np.argsort(strength[tuple(ends.T)])[::-1][:number]]


def _name(axis: Any, place: np.ndarray, names: dict[int, str]) -> None:
    """Write names beside their places (n, 2), away from the middle."""
    middle = place.mean(axis=0)
    for index, name in names.items():
        right = place[index, 0] >= middle[0]
        axis.annotate(
            name,
            place[index],
            xytext=(5 if right else -5, 3),
            textcoords="offset points",
            ha="left" if right else "right",
            fontsize=7,
            zorder=3,
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )
