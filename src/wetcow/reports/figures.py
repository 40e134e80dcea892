"""Drawing: results in, matplotlib figures out. Times are in units of 1/ω with mean ω = 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.modes.mode import Mode
from wetcow.plotting.kinds import plot as plot
from wetcow.plotting.style import BLUE, GREEN, GREY, RED, colors, figure_of, finish

TIME_LABEL = "time (1/ω)"


def _mode_traces(axes: Any, run: xr.Dataset, **style: Any) -> None:
    """Amplitude above, phase (wrapped, without the vertical strokes) below."""
    a = run["a"].values
    wrapped = np.mod(np.angle(a), 2 * np.pi)
    wrapped[1:][np.abs(np.diff(wrapped, axis=0)) > np.pi] = np.nan
    axes[0].plot(run["time"], np.abs(a), **style)
    axes[1].plot(run["time"], wrapped, **style)
    axes[0].set_ylabel("amplitude A")
    axes[1].set(ylabel="phase φ (rad)", ylim=(-0.2, 2 * np.pi + 0.2))
    axes[1].set_yticks([0, np.pi, 2 * np.pi], ["0", "π", "2π"])


def figure_1(runs: xr.Dataset, table: list[dict[str, float]], shown=(0.25, 0.75, 0.945, 0.995)):
    """Spiking frequency against criticality [14], with traces of integrated modes beside."""
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    grid = figure.add_gridspec(len(shown), 2, width_ratios=(1.6, 1))
    main = figure.add_subplot(grid[:, 0])
    curve = np.concatenate([np.linspace(1e-3, 0.99, 200), 1 - np.geomspace(1e-2, 1e-6, 60)])
    modes = Mode(gamma=curve * Mode(gamma=0.0).critical_gamma)
    styles: tuple[tuple[Any, str, str, str], ...] = (
        ("analytic", GREEN, "-", "analytic [14], the paper's"),
        ("adiabatic", BLUE, ":", "adiabatic with lag (approximation)"),
        ("exact", RED, "-", "exact (fitted limit cycles)"),
    )
    for method, color, line, label in styles:
        main.plot(curve, modes.spiking_frequency(method), line, color=color, lw=1.6, label=label)
    main.plot(
        [row["criticality"] for row in table],
        [row["integrated"] for row in table],
        "o",
        color=RED,
        ms=5,
        label="integrated here, spike to spike",
    )
    main.set(
        xlabel="criticality cr = γ/γ_c",
        ylabel="effective spiking frequency ω_s/ω",
        xlim=(0, 1.005),
        ylim=(0, 1.03),
    )
    main.legend(frameon=False, loc="lower left")
    main.spines[["top", "right"]].set_visible(False)
    levels = np.asarray([row["criticality"] for row in table])
    for place, criticality in enumerate(shown):
        axis = figure.add_subplot(grid[place, 1])
        run = runs.isel(gamma=int(np.argmin(np.abs(levels - criticality))))
        run = run.sel(time=slice(0, 150))
        axis.plot(run["time"], np.abs(run["a"].values), color=RED, lw=1)
        axis.set_title(f"cr = {criticality}", loc="left", fontsize=9)
        axis.set_ylabel("A")
        axis.margins(x=0)
        axis.spines[["top", "right"]].set_visible(False)
    axis.set_xlabel(TIME_LABEL)
    return figure


def figure_supplement(run: xr.Dataset, criticality: float, number: int) -> Figure:
    """One of figures S1–S8: amplitude and phase of a single mode."""
    periods = 6
    frequency = float(Mode(gamma=criticality * 2.0).spiking_frequency())
    shown = run.sel(time=slice(0, min(periods * 2 * np.pi / frequency, float(run["time"][-1]))))
    figure, axes = figure_of(8, 3.6, 2, 1, sharex=True)
    _mode_traces(axes[:, 0], shown.isel(mode=[0]), color=BLUE, lw=1.2)
    axes[0, 0].set_title(f"S{number}: cr = {criticality}, ω_s = {frequency:.4f} ω", loc="left")
    axes[1, 0].set_xlabel(TIME_LABEL)
    finish(axes)
    return figure


def figure_memory(single: xr.Dataset, run: xr.Dataset, title: str) -> Figure:
    """Figures 2 and 3: the sensory-excited mode, its replay by ten, and the replay's beginning."""
    figure, axes = figure_of(9, 9, 6, 1)
    palette = colors(run.sizes["mode"])
    _mode_traces(axes[:2, 0], single, color=RED, lw=1.2)
    axes[0, 0].set_title(f"{title}: single mode with sensory input", loc="left")
    early = run.sel(time=slice(0, 4 * np.pi))
    for rows, part, text in (
        (axes[2:4, 0], run, "ten modes with couplings of the memory, no input"),
        (axes[4:, 0], early, "the same, first two linear periods"),
    ):
        for index, color in enumerate(palette):
            _mode_traces(rows, part.isel(mode=[index]), color=color, lw=0.9)
        rows[0].set_title(text, loc="left")
    axes[4, 0].axvline(2 * np.pi, color=GREY, ls="--", lw=1)
    axes[5, 0].axvline(2 * np.pi, color=GREY, ls="--", lw=1)
    axes[4, 0].annotate("one linear period ", (2 * np.pi, 0.02), ha="right", color=GREY)
    axes[5, 0].set_xlabel(f"{TIME_LABEL}; color: mode, by ω_i from low (dark) to high (light)")
    finish(axes)
    return figure


def figure_fronts(run: xr.Dataset, period: float, title: str) -> Figure:
    """Modes of a memory that keep wave fronts of their own: the last two periods of a run."""
    figure, axes = figure_of(9, 3.6, 2, 1, sharex=True)
    shown = run.sel(time=slice(float(run["time"][-1]) - 2 * period, None))
    for index, color in enumerate(colors(run.sizes["mode"])):
        _mode_traces(axes[:, 0], shown.isel(mode=[index]), color=color, lw=1.0)
    axes[0, 0].set_title(title, loc="left")
    axes[1, 0].set_xlabel(f"{TIME_LABEL}; color: mode, by ω_i from low (dark) to high (light)")
    finish(axes)
    return figure


def figure_synchronization(scores: xr.Dataset) -> Figure:
    """Order parameter, time to synchrony and frequency of each model, every run a point."""
    models = [str(name) for name in scores["model"].values]
    figure, axes = figure_of(11, 3.6, 1, 3, sharey=True)
    scatter = np.random.default_rng(0)
    longest = scores.attrs["t1"] / (2 * np.pi)
    panels = (
        ("order", "order parameter r (second half)"),
        ("periods", "linear periods until r stays ≥ 0.99"),
        ("frequency", "mean spiking frequency (ω)"),
    )
    for axis, (name, label) in zip(axes[0], panels, strict=True):
        for row, (model, color) in enumerate(zip(models, colors(len(models)), strict=True)):
            values = np.ravel(scores[name].sel(model=model))
            values = values[~np.isnan(values)]  # of silent modes
            values = np.where(np.isinf(values), 2 * longest, values)
            height = row + scatter.uniform(-0.25, 0.25, values.size)
            axis.plot(values, height, ".", color=color, ms=4, alpha=0.6)
            if values.size:
                axis.plot(np.median(values), row, "|", color="black", ms=18, mew=2)
        axis.set(xlabel=label)
        axis.set_yticks(range(len(models)), models)
    axes[0, 0].invert_yaxis()
    axes[0, 1].set_xscale("log")
    axes[0, 1].axvline(1, color=GREY, ls="--", lw=1)
    axes[0, 1].axvline(longest, color=GREY, ls=":", lw=1)
    axes[0, 1].set_title("never: right of the dotted line", fontsize=8, color=GREY, loc="right")
    axes[0, 2].axvline(scores.attrs["target"], color=RED, ls="--", lw=1)
    axes[0, 2].set_title("dashed: the remembered mode", fontsize=8, color=RED, loc="right")
    for axis in axes[0]:
        axis.spines[["top", "right"]].set_visible(False)
    return figure
