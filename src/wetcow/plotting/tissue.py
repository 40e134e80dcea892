"""Drawing tissue: maps of its waves in a slice, rays as lines, fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from wetcow.plotting.style import MM, ShownFigure
from wetcow.tissue.conductivity import AXES, Conductivity


def _plane(axis: int) -> tuple[str, str]:
    across, up = (AXES[i] for i in range(3) if i != axis)
    return across, up


def _extent(step: np.ndarray, size: tuple[int, ...]) -> tuple[float, ...]:
    """Edges of a picture whose first voxel is centred at 0, mm."""
    ends = [(-0.5 * h * MM, (n - 0.5) * h * MM) for h, n in zip(step, size, strict=True)]
    return (*ends[0], *ends[1])


def _show(axis: Any, values: np.ndarray, extent: tuple[float, ...], **style: Any) -> Any:
    turned = np.swapaxes(values, 0, 1)
    return axis.imshow(turned, origin="lower", extent=extent, interpolation="nearest", **style)


def _span(values: np.ndarray) -> tuple[float, float]:
    """Range of colours: all but the outermost 2 %."""
    known = values[np.isfinite(values)]
    if known.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(known, [2, 98])
    return float(low), float(high if high > low else low + max(abs(low), 1e-12))


def _mean_in_plane(conductivity: Conductivity, axis: int, index: int) -> np.ndarray:
    """Mean of the eigenvalues of σ in a slice, S/m; NaN outside the tissue."""
    plane = np.take(np.asarray(conductivity.sigma), index, axis)
    inside = np.take(np.asarray(conductivity.inside()), index, axis)
    return np.where(inside, np.trace(plane, axis1=-2, axis2=-1) / 3, np.nan)


def draw_plane(
    conductivity: Conductivity, panel: Any, *, axis: int = 2, index: int, **style: Any
) -> Any:
    """Draw the mean conductivity (S/m) in a slice of a 3-D tissue; positions in mm.

    Parameters
    ----------
    conductivity : Conductivity
        3-D.
    panel : matplotlib.axes.Axes
    axis, index : int
        As of `tissue_figure`.
    style
        Of `matplotlib.axes.Axes.imshow`.

    Returns
    -------
    matplotlib.image.AxesImage
        For a colour bar.
    """
    values = _mean_in_plane(conductivity, axis, index)
    keep = [i for i in range(3) if i != axis]
    extent = _extent(conductivity.spacing[keep], values.shape)
    style.setdefault("cmap", "gray")
    return _show(panel, values, extent, **style)


def tissue_figure(
    conductivity: Conductivity,
    waves: xr.Dataset,
    *,
    axis: int = 2,
    index: int | None = None,
    wave_number: float | None = None,
) -> Figure:
    """Draw conductivity and the longest-surviving waves in a slice of a 3-D tissue.

    Parameters
    ----------
    conductivity : Conductivity
        3-D.
    waves : xarray.Dataset
        From `wetcow.survival`.
    axis : int
        The slice is at right angles to this axis of the array.
    index : int, optional
        Where; default the middle.
    wave_number : float, optional
        rad/m; the nearest of `waves` is drawn. Default: the middle one.

    Returns
    -------
    matplotlib.figure.Figure
        Mean conductivity (S/m), γ (1/s), ω (rad/s), |ω/γ| (rad), and the direction of k as colours
        and, for its part in the plane, as strokes.
    """
    index = conductivity.grid[axis] // 2 if index is None else index
    numbers = waves["wave_number"].values
    number = numbers[
        len(numbers) // 2 if wave_number is None else np.argmin(np.abs(numbers - wave_number))
    ]
    across, up = _plane(axis)
    chosen = waves.isel({AXES[axis]: index}).sel(wave_number=number)
    keep = [i for i in range(3) if i != axis]
    sigma = _mean_in_plane(conductivity, axis, index)
    extent = _extent(conductivity.spacing[keep], sigma.shape)
    figure = ShownFigure(figsize=(13.5, 3.4), layout="constrained")
    panels = figure.subplots(1, 5, sharex=True, sharey=True)
    title = f"{AXES[axis]} = {index * conductivity.spacing[axis] * MM:g} mm, |k| = {number:g} rad/m"
    figure.suptitle(
        f"Waves that survive longest, {title} (wavelength {2000 * np.pi / number:.3g} mm)"
    )
    maps = (
        ("mean conductivity (S/m)", sigma, "viridis"),
        ("damping γ (1/s)", chosen["gamma"].values, "magma"),
        ("frequency ω (rad/s)", chosen["omega"].values, "magma"),
        ("|ω/γ| (rad)", chosen["ratio"].values, "magma"),
    )
    for panel, (label, values, colours) in zip(panels, maps, strict=False):
        low, high = _span(values)
        picture = _show(panel, values, extent, cmap=colours, vmin=low, vmax=high)
        figure.colorbar(picture, ax=panel, orientation="horizontal", label=label, extend="both")
    _draw_directions(panels[4], chosen["direction"].values, keep, extent)
    for panel in panels:
        panel.set(xlabel=f"{across} (mm)", facecolor="0.9")
    panels[0].set_ylabel(f"{up} (mm)")
    return figure


def _draw_directions(panel: Any, n: np.ndarray, keep: list[int], extent: Any) -> None:
    known = np.all(np.isfinite(n), axis=-1, keepdims=True)
    colours = np.where(known, np.abs(n), 0.9)
    _show(panel, colours, extent)
    step = max(1, max(n.shape[:2]) // 24)
    sizes = [(extent[2 * i + 1] - extent[2 * i]) / n.shape[i] for i in range(2)]
    places = [extent[2 * i] + (np.arange(n.shape[i]) + 0.5) * sizes[i] for i in range(2)]
    u, v = np.meshgrid(*(place[::step] for place in places), indexing="ij")
    part = n[::step, ::step][..., keep]
    panel.quiver(
        u,
        v,
        part[..., 0],
        part[..., 1],
        angles="xy",
        scale_units="xy",
        scale=1 / (0.8 * step * sizes[0]),
        headwidth=1,
        headlength=0,
        headaxislength=0,
        pivot="mid",
        color="white",
        width=0.006,
    )
    panel.set_title("direction of k:\n|x| red, |y| green, |z| blue", fontsize=9)


def draw_rays(
    rays: xr.Dataset, panel: Any, components: tuple[int, int] = (0, 1), **style: Any
) -> LineCollection:
    """Draw rays as lines that are coloured by their remaining amplitude.

    Parameters
    ----------
    rays : xarray.Dataset
        From `wetcow.trace_rays`.
    panel : matplotlib.axes.Axes
    components : pair of int
        The axes of the tissue to draw in; others are projected away. In mm.
    style
        Of the `matplotlib.collections.LineCollection`.

    Returns
    -------
    matplotlib.collections.LineCollection
        For a colour bar of log10 of the amplitude relative to the start.
    """
    pieces, colours = [], []
    for ray in range(rays.sizes["ray"]):
        path = rays["position"].values[ray][:, list(components)] * MM
        decay = rays["log_amplitude"].values[ray] / np.log(10)
        known = np.isfinite(decay)
        path, decay = path[known], decay[known]
        pieces.append(np.stack([path[:-1], path[1:]], axis=1))
        colours.append(decay[:-1])
    style = {"cmap": "viridis", "linewidths": 1.2, **style}
    lines = LineCollection(list(np.concatenate(pieces)), **style)
    lines.set_array(np.concatenate(colours))
    panel.add_collection(lines)
    return lines
