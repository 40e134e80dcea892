"""The command ``wetcow tissue``: from a diffusion image to maps of its waves."""

from __future__ import annotations

import math
import pathlib
import time
from typing import Any

import numpy as np

from wetcow.cli.output import check_json, console, versions, write_json
from wetcow.tissue.conductivity import Conductivity
from wetcow.tissue.directions import survival
from wetcow.tissue.mri import conductivity_from_dwi
from wetcow.tissue.mri.maps import save_maps

SHORTEST_WAVE, LONGEST_WAVE = 1e-5, 1.0  # m


def run(
    images: tuple[pathlib.Path, pathlib.Path, pathlib.Path, pathlib.Path | None],
    out: pathlib.Path,
    wave_numbers: list[float],
    settings: dict[str, Any],
    json_file: str | None,
) -> None:
    """Map an image's waves; see the command's help.

    Parameters
    ----------
    images : paths
        Of the diffusion image, b-values, b-vectors, and the mask or None.
    out : path
        Folder of the maps.
    wave_numbers : list of float
        rad/m.
    settings : dict
        Of `conductivity_from_dwi`.
    json_file : str or None
        As of every command.
    """
    check_json(json_file)
    for one in wave_numbers:
        check_wave_number(one)
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file; give a folder")
    start = time.perf_counter()
    try:
        tissue = conductivity_from_dwi(*images, **settings)
    except ImportError as error:
        raise ValueError(str(error)) from error
    waves = survival(tissue, wave_numbers)
    files = save_maps(tissue, waves, out)
    for number in waves["wave_number"].values:
        files[f"figure_{number:g}"] = out / f"tissue_{number:g}.png"
        _draw(tissue, waves, number, files[f"figure_{number:g}"])
    names = ("dwi", "bvals", "bvecs", "mask")
    report = {
        **dict(zip(names, images, strict=True)),
        **settings,
        **summarize(tissue, waves),
        "files": files,
        "seconds": time.perf_counter() - start,
        "versions": versions(),
    }
    _print(report, json_file)
    write_json(report, json_file)


def check_wave_number(wave_number: float) -> None:
    """Raise ValueError, with the unit, for waves that no brain can have.

    Parameters
    ----------
    wave_number : float
        rad/m; wavelengths from 10 µm to 1 m are allowed.
    """
    if not math.isfinite(wave_number) or wave_number <= 0:
        raise ValueError(f"--wave-number must be positive (rad/m), got {wave_number:g}")
    length = 2 * math.pi / wave_number
    if not SHORTEST_WAVE <= length <= LONGEST_WAVE:
        meant = f"; {wave_number:g} rad/mm is {1e3 * wave_number:g} rad/m"
        raise ValueError(
            f"--wave-number {wave_number:g} is in rad/m, a wavelength of {length:.3g} m, which no "
            f"brain has (10 µm to 1 m){meant if length > LONGEST_WAVE else ''}"
        )


def _draw(tissue: Conductivity, waves: Any, wave_number: float, path: pathlib.Path) -> None:
    from wetcow.files import save_figure
    from wetcow.plotting.tissue import tissue_figure

    save_figure(tissue_figure(tissue, waves, wave_number=wave_number), path, dpi=150)


def _quartiles(values: Any) -> list[float]:
    known = np.asarray(values)[np.isfinite(values)]
    return np.percentile(known, [25, 50, 75]).tolist() if known.size else [float("nan")] * 3


def summarize(tissue: Conductivity, waves: Any) -> dict[str, Any]:
    """Numbers of voxels, and quartiles over them of conductivity, γ, ω and |ω/γ|.

    Parameters
    ----------
    tissue : Conductivity
    waves : xarray.Dataset
        From `survival`.

    Returns
    -------
    dict
        ``mean_conductivity`` (S/m) and ``gamma`` (1/s): first quartile, median, third; ``waves``:
        ``wave_number`` (rad/m) with ``omega`` (rad/s) and ``ratio`` (rad).
    """
    inside = np.asarray(tissue.inside())
    mean = np.trace(np.asarray(tissue.sigma), axis1=-2, axis2=-1)[inside] / tissue.dimension
    return {
        "grid": tissue.grid,
        "spacing_mm": (tissue.spacing * 1e3).tolist(),
        "n_voxels": int(inside.sum()),
        "mean_conductivity": _quartiles(mean),
        "gamma": _quartiles(waves["gamma"]),
        "waves": [
            {
                "wave_number": float(number),
                "omega": _quartiles(waves["omega"].sel(wave_number=number)),
                "ratio": _quartiles(waves["ratio"].sel(wave_number=number)),
            }
            for number in waves["wave_number"].values
        ],
    }


def _print(report: dict[str, Any], json_file: str | None) -> None:
    from rich.table import Table

    screen = console(json_file)
    size = " × ".join(f"{step:.3g}" for step in report["spacing_mm"])
    screen.print(
        f"{report['dwi']}: {report['n_voxels']} of {np.prod(report['grid'])} voxels of {size} mm, "
        f"mean conductivity {report['mean_conductivity'][1]:.3g} S/m (median)",
        soft_wrap=True,
    )
    table = Table(title="waves where they survive longest", title_justify="left")
    for name in ("|k| (rad/m)", "wavelength (mm)", "γ (1/s)", "ω (rad/s)", "|ω/γ|", "quartiles"):
        table.add_column(name, justify="right")
    for wave in report["waves"]:
        number, (low, ratio, high) = wave["wave_number"], wave["ratio"]
        table.add_row(
            *(f"{number:g}", f"{2000 * np.pi / number:.3g}", f"{report['gamma'][1]:.4g}"),
            *(f"{wave['omega'][1]:.4g}", f"{ratio:.3g}", f"{low:.3g} … {high:.3g}"),
        )
    screen.print(table)
    for path in report["files"].values():
        screen.print(f"wrote {path}", soft_wrap=True)
