"""Waves of real tissue: from a diffusion-weighted image to damping, frequency and rays.

    pip install "wetcow[mri]"                # reads images, and has a small real one
    python examples/tissue_waves.py --out pictures --json -
    python examples/tissue_waves.py --dwi DWI.nii.gz --bvals FILE --bvecs FILE --mask MASK.nii.gz

Fits tensors, maps diffusion to conductivity, and draws where and in which direction waves survive
[5], how that depends on their length, and the paths of wave packets. Takes half a minute.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import time
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

import wetcow as wc
from wetcow.cli.output import write_json
from wetcow.files import save_figure
from wetcow.plotting.tissue import draw_plane, draw_rays, tissue_figure

WAVE_NUMBERS = np.geomspace(30, 3000, 21)  # rad/m; wavelengths of 2 to 200 mm
SHOWN = 300.0  # rad/m
PERMITTIVITIES = {"10 Hz": 4e7, "1 kHz": 1e5}  # relative, of grey matter (Gabriel et al. 1996)


def small_image() -> tuple[str, str, str]:
    """Image, b-values and b-vectors of the volume that dipy has: 10³ voxels, 64 directions."""
    try:
        from dipy.data import get_fnames
    except ImportError:
        raise SystemExit('no image: give one, or `pip install "wetcow[mri]"`') from None
    return get_fnames(name="small_64D")


def figure_lengths(waves: xr.Dataset) -> Figure:
    """Frequency and |ω/γ| against the wave number: medians and quartiles of the voxels."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True)
    numbers = waves["wave_number"]
    for panel, name, label in zip(
        panels, ("omega", "ratio"), ("frequency ω (rad/s)", "|ω/γ| (rad)"), strict=True
    ):
        voxels = waves[name].stack(voxel=("x", "y", "z")).dropna("voxel")
        low, middle, high = voxels.quantile([0.25, 0.5, 0.75], "voxel")
        panel.fill_between(numbers, low, high, alpha=0.3, label="quartiles of voxels")
        panel.loglog(numbers, middle, label="median")
        panel.set(xlabel="wave number |k| (rad/m)", ylabel=label)
    inverse = float(waves["omega"].isel(wave_number=0).median()) * numbers[0] / numbers
    panels[0].loglog(numbers, inverse, "k:", label="∝ 1/|k|")
    panels[0].legend()
    panels[1].axhline(1, color="k", ls="--", lw=0.8)
    panels[1].text(numbers[0], 0.9, "turns by one radian\nwhile decaying by e", va="top")
    return figure


def trace(tissue: wc.Conductivity, waves: xr.Dataset, index: int) -> xr.Dataset:
    """Rays from the voxels of a plane, with the wave vectors that survive longest there."""
    n = waves["direction"].values[:, :, index]
    inner = np.zeros(n.shape[:2], bool)
    inner[1:-1, 1:-1] = True
    chosen = inner & np.isfinite(n).all(-1)
    starts = tissue.positions()[:, :, index][chosen]
    damping = np.nanmedian(waves["gamma"].values)
    return wc.trace_rays(tissue, starts, SHOWN * n[chosen], t1=5 / damping)


def figure_rays(tissue: wc.Conductivity, rays: xr.Dataset, index: int) -> Figure:
    """Draw the paths over the mean conductivity of the plane that they start from."""
    figure = Figure(figsize=(5.6, 4.6), layout="constrained")
    panel = figure.subplots()
    picture = draw_plane(tissue, panel, index=index)
    figure.colorbar(picture, ax=panel, label="mean conductivity (S/m)")
    lines = draw_rays(rays, panel, cmap="autumn", linewidths=2)
    figure.colorbar(lines, ax=panel, label="log₁₀ of remaining amplitude")
    starts = rays["position"].values[:, 0] * 1e3
    panel.plot(starts[:, 0], starts[:, 1], "w.", ms=4, mec="k", mew=0.5)
    panel.set(title=f"wave packets, |k| = {SHOWN:g} rad/m", xlabel="x (mm)", ylabel="y (mm)")
    panel.set_facecolor("lightblue")  # where there is no tissue
    return figure


def numbers_of(tissue: wc.Conductivity, waves: Any, rays: Any) -> dict[str, Any]:
    """Return what was found, in numbers."""
    shown = waves.sel(wave_number=SHOWN, method="nearest")
    along = np.diff(rays["position"].values, axis=1)
    path = np.nansum(np.linalg.norm(along, axis=-1), axis=1) * 1e3
    voxels = np.asarray(tissue.inside())
    return {
        "voxels": int(voxels.sum()),
        "excluded": int((~voxels).sum()),
        "mean_conductivity": np.median(np.trace(tissue.sigma[voxels], axis1=-2, axis2=-1) / 3),
        "gamma_by_permittivity": {
            name: float(np.nanmedian(wc.survival(changed, SHOWN)["gamma"]))
            for name, changed in (
                (name, tissue.replace(relative_permittivity=one))
                for name, one in PERMITTIVITIES.items()
            )
        },
        "wave_number": float(shown["wave_number"]),
        "omega": float(shown["omega"].median()),
        "ratio": float(shown["ratio"].median()),
        "share_that_turns_by_a_radian": {
            f"{number:g}": float((waves["ratio"].sel(wave_number=number) > 1).values[voxels].mean())
            for number in WAVE_NUMBERS[[0, 5, 10]]
        },
        "rays": {
            "started": rays.sizes["ray"],
            "reasons_for_ending": np.bincount(rays["ended"], minlength=4),
            "median_path_mm": np.median(path),
            "relative_drift_of_omega": np.nanmax(
                np.abs(rays["omega"] / rays["omega"].isel(time=0) - 1)
            ),
        },
    }


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run everything; return the numbers."""
    parser = argparse.ArgumentParser(description="Waves of real tissue, from diffusion MRI.")
    for name in ("dwi", "bvals", "bvecs", "mask"):
        parser.add_argument(f"--{name}", type=pathlib.Path, help="default: dipy's small volume")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs/images"))
    parser.add_argument("--json", help="write the numbers to this file, or - for the screen")
    options = parser.parse_args(arguments)
    files = [options.dwi, options.bvals, options.bvecs]
    if any(files) and not all(files):
        parser.error("--dwi, --bvals and --bvecs belong together")
    images = (*files, options.mask) if all(files) else small_image()
    began = time.perf_counter()

    tissue = wc.conductivity_from_dwi(*images, non_positive="exclude")
    index = tissue.grid[2] // 2
    waves = wc.survival(tissue, WAVE_NUMBERS)
    rays = trace(tissue, waves, index)
    for name, figure in (
        ("tissue_map", tissue_figure(tissue, waves, index=index, wave_number=SHOWN)),
        ("tissue_lengths", figure_lengths(waves)),
        ("tissue_rays", figure_rays(tissue, rays, index)),
    ):
        save_figure(figure, options.out / f"{name}.png", dpi=110)

    numbers = {**numbers_of(tissue, waves, rays), "seconds": time.perf_counter() - began}
    write_json(numbers, options.json)
    return numbers


if __name__ == "__main__":
    main(sys.argv[1:])
