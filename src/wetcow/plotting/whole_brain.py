"""Whole brains in one figure: phase diagrams, connectivity, conduction delays, avalanches."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.networks.connectome import Connectome
from wetcow.plotting.brain import plot_brain as plot_brain
from wetcow.plotting.style import GREY, MAP, RED, ShownFigure, colors
from wetcow.synchrony.avalanches import Avalanches, Events
from wetcow.synchrony.power_law import PowerLaw


def figure_phase_diagram(
    runs: xr.Dataset, connectome: Connectome, critical: tuple[Any, Any] | None = None
) -> Figure:
    """Frequency, synchrony and silence against coupling strength and criticality.

    Parameters
    ----------
    runs : xarray.Dataset
        Of `sweep` over ``coupling_strength`` and ``gamma``, with the reduced ``frequency`` (mode
        last, units of ω = 1) and ``order``.
    connectome : Connectome
        For the unit of frequency.
    critical : (array, array), optional
        Coupling strengths and criticalities of a line to draw.

    Returns
    -------
    matplotlib.figure.Figure
    """
    hertz = connectome.frequency * runs["frequency"]
    # As many as turn by less than a twentieth of the linear frequency.
    silent = (hertz < connectome.frequency / 20).mean("mode")
    strength, criticality = runs["coupling_strength"], runs["gamma"] / 2
    panels = (
        (hertz.mean("mode"), "mean spiking frequency (Hz)", (0, connectome.frequency)),
        (runs["order"], "phase order parameter", (0, 1)),
        (silent, "share of silent regions", (0, 1)),
    )
    figure = ShownFigure(figsize=(12.5, 3.9), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    for axis, (values, label, limits) in zip(axes, panels, strict=True):
        drawn = axis.pcolormesh(
            strength, criticality, values.transpose("gamma", "coupling_strength"),
            cmap=MAP, vmin=limits[0], vmax=limits[1], shading="nearest",
        )  # fmt: skip
        if critical is not None:
            axis.plot(*critical, "--", color=RED, lw=1.5)
        axis.set(
            xlabel="global coupling strength (units of ω)",
            xlim=(float(strength[0]), float(strength[-1])),
            ylim=(float(criticality[0]), float(criticality[-1])),
        )
        figure.colorbar(drawn, ax=axis, label=label)
    axes[0].set_ylabel("criticality γ/γ_c of a region alone")
    return figure


def figure_connectivity(
    connectome: Connectome, functional: xr.DataArray, agreement: xr.Dataset
) -> Figure:
    """Structure, function, and how the second follows the first as coupling grows.

    Parameters
    ----------
    connectome : Connectome
    functional : xarray.DataArray (n, n)
        Phase locking of one run.
    agreement : xarray.Dataset
        On ``coupling_strength``: ``pearson`` of both, ``linked`` and ``unlinked`` (mean phase
        locking of pairs with and without a link); attribute ``shown``, the coupling strength of
        `functional`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = ShownFigure(figsize=(13, 3.9), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 1.05))
    weights = np.where(connectome.weights > 0, connectome.weights, np.nan)
    matrices = (
        (weights, "structural weight (spectral radius 1)", None),
        (functional.values, "phase-locking value", 1.0),
    )
    for axis, (matrix, label, top) in zip(axes, matrices, strict=False):
        drawn = axis.imshow(matrix, cmap=MAP, vmin=0, vmax=top)
        axis.set(xlabel="from region (index)", ylabel="to region (index)")
        figure.colorbar(drawn, ax=axis, label=label)
    axes[1].set(xlabel="region (index)", ylabel="region (index)")
    strength = agreement["coupling_strength"]
    for name, label, color in (
        ("linked", "phase locking, linked pairs", "#2b5fa8"),
        ("unlinked", "phase locking, other pairs", GREY),
        ("pearson", "correlation with structure", RED),
    ):
        axes[2].plot(strength, agreement[name], "o-", color=color, ms=4, label=label)
    axes[2].axvline(agreement.attrs["shown"], color="black", ls=":", lw=1)
    axes[2].set(
        xlabel="global coupling strength (units of ω)",
        ylabel="mean phase locking; Pearson correlation",
        ylim=(-0.05, 1.02),
    )
    axes[2].legend(frameon=False, fontsize=8)
    axes[2].spines[["top", "right"]].set_visible(False)
    return figure


def figure_phase_approximation(scores: xr.Dataset) -> Figure:
    """How far phase delays are from exact delays, against conduction speed.

    Parameters
    ----------
    scores : xarray.Dataset
        On (gamma, speed, coupling): ``frequency_error`` (Hz, root mean square over regions) and
        ``connectivity`` (correlation of phase locking with that of exact delays), both also for
        "exact, other seeds"; ``largest_delay`` (radians at the linear frequency) on speed.

    Returns
    -------
    matplotlib.figure.Figure
    """
    gammas = scores["gamma"].values
    figure = ShownFigure(figsize=(10, 3.4 * len(gammas)), layout="constrained")
    axes = figure.subplots(len(gammas), 2, squeeze=False)
    styles = dict(
        zip(
            scores["coupling"].values,
            (("-", GREY), ("-", "#2b5fa8"), ("-", RED), (":", "black")),
            strict=True,
        )
    )
    for row, gamma in zip(axes, gammas, strict=True):
        for axis, (name, label) in zip(
            row,
            (
                ("frequency_error", "error of frequencies (Hz, r.m.s.)"),
                ("connectivity", "correlation of phase locking"),
            ),
            strict=True,
        ):
            for coupling, (line, color) in styles.items():
                values = scores[name].sel(gamma=gamma, coupling=coupling)
                axis.plot(scores["speed"], values, line, marker="o", ms=4, color=color)
            axis.set(xscale="log", xlabel="conduction speed (m/s)", ylabel=label)
            axis.set_xticks(scores["speed"].values, [f"{one:g}" for one in scores["speed"].values])
            axis.minorticks_off()
            axis.spines[["top", "right"]].set_visible(False)
        row[0].set_title(f"criticality of a region alone: {gamma / 2:g}", loc="left", fontsize=9)
        row[0].set_ylim(bottom=0)
        row[1].set_ylim(top=1.02)
    figure.legend(
        handles=[axes[0, 0].lines[index] for index in range(len(styles))],
        labels=[str(name) for name in styles],
        loc="outside upper center",
        ncols=4,
        frameon=False,
        fontsize=8,
    )
    return figure


def figure_avalanches(
    events: Events,
    found: dict[str, Avalanches],
    fits: dict[str, PowerLaw],
    independent: Avalanches,
    num_modes: int,
    span: float,
) -> Figure:
    """Events, sizes and durations of avalanches, each with independent modes beside.

    Parameters
    ----------
    events : Events
        Of which a stretch is drawn.
    found : dict of str to Avalanches
        By coupling, for the legend.
    fits : dict of str to PowerLaw
        Of sizes, with the names of `found`; those given are drawn.
    independent : Avalanches
        Of `shuffled` events.
    num_modes : int
        Number of modes, where sizes are expected to be cut off.
    span : float
        Length of the stretch, time units.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = ShownFigure(figsize=(13, 3.9), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1.1, 1, 1))
    start = _busiest(events, span)
    inside = (events.time >= start) & (events.time < start + span)
    axes[0].plot(events.time[inside] - start, events.mode[inside], ".", color="black", ms=2.5)
    axes[0].set(xlabel="time (1/ω)", ylabel="mode (index)", xlim=(0, span), ylim=(-1, num_modes))
    palette = colors(len(found))
    rarest = 0.7 / max(len(one.size) for one in (*found.values(), independent))
    for axis, name in ((axes[1], "size"), (axes[2], "duration")):
        for (label, one), color in zip(found.items(), palette, strict=True):
            axis.step(
                *_survival(getattr(one, name)), where="post", color=color, lw=1.4, label=label
            )
        axis.step(
            *_survival(getattr(independent, name)), where="post", color=GREY, ls=":", lw=1.4,
            label="independent modes",
        )  # fmt: skip
        axis.set(xscale="log", yscale="log", ylim=(rarest, 1.3))
        axis.spines[["top", "right"]].set_visible(False)
    for label, fit in fits.items():
        _draw_fit(axes[1], found[label].size, fit)
    axes[1].axvline(num_modes, color=GREY, lw=0.8, ls="--")
    axes[1].annotate(f" {num_modes} modes", (num_modes, 0.7), color=GREY, fontsize=7)
    axes[1].set(xlabel="size S (events)", ylabel="share of avalanches ≥ S")
    axes[2].set(xlabel="duration T (bins)", ylabel="share of avalanches ≥ T")
    axes[1].legend(frameon=False, fontsize=7, loc="lower left", title="coupling", title_fontsize=7)
    axes[0].spines[["top", "right"]].set_visible(False)
    return figure


def _busiest(events: Events, span: float) -> float:
    """Start of the stretch that holds most events."""
    if not len(events.time):
        return events.start
    until = np.searchsorted(events.time, events.time + span)
    first = int(np.argmax(until - np.arange(len(events.time))))
    return float(min(max(events.time[first] - 0.3 * span, events.start), events.end - span))


def _survival(values: Any) -> tuple[np.ndarray, np.ndarray]:
    ordered, count = np.unique(values, return_counts=True)
    return ordered, np.cumsum(count[::-1])[::-1] / count.sum()


def _draw_fit(axis: Any, values: Any, fit: PowerLaw) -> None:
    """Line of the fitted exponent through the share of values at its beginning."""
    x = np.geomspace(fit.xmin, fit.xmax, 50)
    share = np.mean(values >= fit.xmin)
    axis.plot(x, share * (x / fit.xmin) ** (1 - fit.exponent), color=RED, lw=1, ls="--")
