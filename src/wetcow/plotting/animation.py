"""Results in motion: fields, and the modes of runs."""

from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.figure import Figure

from wetcow.files import write_whole
from wetcow.plotting.brain import PROJECTIONS
from wetcow.plotting.fields import axes_of, is_field_of_tissue, planes, potential, show
from wetcow.plotting.names import choose, names_of
from wetcow.plotting.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    MM,
    SIGNED,
    colors,
    figure_of,
    finish,
    limits_of,
    prefixed,
    spread,
    time_of,
)
from wetcow.plotting.sweeps import swept
from wetcow.synchrony.silence import require
from wetcow.validation import integer, number

MOST_NAMES = 10
TRAIL = 20  # frames
Update = Callable[[int], Any]


def animate(
    result: Any,
    path: str | os.PathLike | None = None,
    *,
    modes: Any = None,
    frames: int = 100,
    rate: int = 15,
    dpi: float = 80.0,
) -> FuncAnimation:
    """Move a field, or the modes of a run.

    Parameters
    ----------
    result : xarray.Dataset
        A field of `simulate_field`: its potential, in three dimensions in the middle slices. Or a
        recorded run of `simulate`: its complex amplitudes a in their plane; where
        `Connectome.label` has added positions, the waves Re a at those of the regions.
    path : path, optional
        A ``.gif`` to write, which appears when it is complete.
    modes : str, int or sequence of them, optional
        Of a run, as of `plot`.
    frames : int
        How many samples to draw at most, evenly spread.
    rate : int
        Frames in a second.
    dpi : float
        Dots in an inch, of the file.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        In a notebook, show it with ``IPython.display.HTML(animation.to_jshtml())``.

    Raises
    ------
    TypeError
        For anything else.
    ValueError
        For another suffix, or numbers out of range.

    Examples
    --------
    >>> import os, tempfile
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=[0.5, 1.5]), t1=20.0, num_samples=201)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     animation = animate(run, os.path.join(folder, "run.gif"), frames=3)
    ...     os.listdir(folder)
    ['run.gif']
    """
    frames = integer("frames", frames, minimum=1)
    rate = integer("rate", rate, minimum=1)
    dpi = number("dpi", dpi, above=0)
    if path is not None:
        path = pathlib.Path(path).expanduser()
        if path.suffix.lower() != ".gif":
            raise ValueError(f"an animation is saved as .gif, got {path.name!r}")
    figure, update, number_of = _prepared(result, modes)
    shown = spread(number_of, frames)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # as laid out now, in all frames
    animation = FuncAnimation(
        figure, lambda frame: update(int(frame)), frames=[*shown], interval=1000 / rate, blit=False
    )
    if path is not None:
        # Its writer needs the name of a file.
        with tempfile.TemporaryDirectory() as folder:
            written = pathlib.Path(folder, "animation.gif")
            animation.save(written, writer=PillowWriter(fps=rate), dpi=dpi)
            write_whole(path, written.read_bytes())
    return animation


def _prepared(result: Any, modes: Any) -> tuple[Figure, Update, int]:
    """Figure of the first sample, what changes it, and the number of samples."""
    if is_field_of_tissue(result):
        if modes is not None:
            raise ValueError("modes can be chosen of runs, not of a field")
        return _field(result)
    if isinstance(result, xr.Dataset):
        if "a" in result and swept(result["a"]):
            raise TypeError(
                "animate() moves one run: select one of the sweep first, as by "
                f".isel({swept(result['a'])[0]}=0)"
            )
        if "a" in result:
            require(result)
            chosen = choose(result, modes)
            placed = all(name in chosen.coords and chosen[name].dims == ("mode",) for name in "xyz")
            return (_brain if placed else _plane)(chosen)
    raise TypeError(
        f"cannot animate a {type(result).__name__}; animate() moves a field of simulate_field() or "
        "a recorded run of simulate()"
    )


def _field(field: xr.Dataset) -> tuple[Figure, Update, int]:
    psi, label = potential(field)
    low, high = limits_of(psi.values, signed=True)
    size, unit = prefixed(psi["time"].values, "s")
    times = psi["time"].values / size
    if len(axes_of(psi)) == 1:
        name = axes_of(psi)[0]
        figure, axes = figure_of(6, 3.2, 1, 1)
        axis = axes[0, 0]
        (line,) = axis.plot(psi[name].values * MM, psi.values[0], color=BLUE)
        axis.set(xlabel=f"{name} (mm)", ylabel=label, ylim=(1.05 * low, 1.05 * high))
        finish(axes)
        title = axis.set_title(f"{times[0]:.3g} {unit}", fontsize=FONT_SIZE + 1)

        def update_line(frame: int) -> None:
            line.set_ydata(psi.values[frame])
            title.set_text(f"{times[frame]:.3g} {unit}")

        return figure, update_line, len(times)
    slices = planes(psi)
    figure, axes = figure_of(3.6 * len(slices) + 1, 3.6, 1, len(slices))
    pictures, turned = [], []
    for axis, (array, where) in zip(axes[0], slices, strict=True):
        across, up = axes_of(array)
        turned.append(array.transpose("time", up, across).values)
        pictures.append(show(axis, array.isel(time=0), low, high, SIGNED))
        axis.set_title(where, fontsize=FONT_SIZE + 1)
    figure.colorbar(pictures[-1], ax=axes, label=label)
    title = figure.suptitle(f"{times[0]:.3g} {unit}", fontsize=FONT_SIZE + 2)

    def update(frame: int) -> None:
        for picture, values in zip(pictures, turned, strict=True):
            picture.set_data(values[frame])
        title.set_text(f"{times[frame]:.3g} {unit}")

    return figure, update, len(times)


def _when(run: xr.Dataset) -> list[str]:
    times, label = time_of(run)
    unit = " s" if label == "time (s)" else ""
    return [f"time {time:.4g}{unit}" for time in times]


def _plane(run: xr.Dataset) -> tuple[Figure, Update, int]:
    """Modes as points in the complex plane, each with a short trail."""
    a = run["a"].transpose("time", "mode").values
    names, kind = names_of(run)
    figure, axes = figure_of(5, 4.4, 1, 1)
    axis = axes[0, 0]
    palette = colors(len(names))
    trails = [axis.plot([], [], color=color, lw=0.8, alpha=0.5)[0] for color in palette]
    points = [
        axis.plot(*_parts(one), "o", color=color, ms=5, label=name)[0]
        for one, color, name in zip(a[0], palette, names, strict=True)
    ]
    size = np.abs(a)
    edge = 1.08 * float(np.max(size, where=np.isfinite(size), initial=0.0)) or 1.0
    axis.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal", xlabel="Re a", ylabel="Im a")
    axis.axhline(0, color=GREY, lw=0.5)
    axis.axvline(0, color=GREY, lw=0.5)
    axis.spines[["top", "right"]].set_visible(False)
    if 1 < len(names) <= MOST_NAMES:
        figure.legend(
            handles=points, title=kind, title_fontsize=FONT_SIZE, fontsize=FONT_SIZE, frameon=False,
            loc="outside right upper",
        )  # fmt: skip
    words = _when(run)
    title = axis.set_title(words[0], fontsize=FONT_SIZE + 1)

    def update(frame: int) -> None:
        for index, (point, trail) in enumerate(zip(points, trails, strict=True)):
            past = a[max(frame - TRAIL, 0) : frame + 1, index]
            point.set_data(*_parts(past[-1]))
            trail.set_data(np.real(past), np.imag(past))
        title.set_text(words[frame])

    return figure, update, len(a)


def _parts(value: Any) -> tuple[list[float], list[float]]:
    return [float(value.real)], [float(value.imag)]


def _brain(run: xr.Dataset) -> tuple[Figure, Update, int]:
    """Waves at the positions of regions, in three projections."""
    waves = np.real(run["a"].transpose("time", "mode").values)
    low, high = limits_of(waves, signed=True)
    places = np.stack([run[name].values for name in "xyz"], axis=1)
    figure, axes = figure_of(11, 3.6, 1, 3)
    drawn = []
    for axis, (across, up) in zip(axes[0], PROJECTIONS, strict=True):
        points = axis.scatter(
            *places[:, [across, up]].T, c=waves[0], cmap=SIGNED, vmin=low, vmax=high, s=55,
            edgecolors="black", linewidths=0.4,
        )  # fmt: skip
        drawn.append(points)
        axis.set(xlabel=f"{'xyz'[across]} (mm)", ylabel=f"{'xyz'[up]} (mm)", aspect="equal")
        axis.margins(0.1)
        axis.spines[["top", "right"]].set_visible(False)
    figure.colorbar(drawn[-1], ax=axes, label="wave Re a")
    words = _when(run)
    title = figure.suptitle(words[0], fontsize=FONT_SIZE + 2)

    def update(frame: int) -> None:
        for points in drawn:
            points.set_array(waves[frame])
        title.set_text(words[frame])

    return figure, update, len(waves)
