"""The command ``wetcow tissue``: from a diffusion image to maps of its waves."""

from __future__ import annotations

import enum
import math
import pathlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetcow.cli.output import Json, check_json, console, plainly, versions, write_json

if TYPE_CHECKING:
    from wetcow.tissue.conductivity import Conductivity

EXAMPLES = (
    "wetcow tissue dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec --mask brain.nii.gz",
    "wetcow tissue dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec -k 300 --out maps",
)
SHORTEST_WAVE, LONGEST_WAVE = 1e-5, 1.0  # m
WAVE_NUMBERS = (100.0, 300.0, 1000.0)  # rad/m, if none are given


class ConductivityMapping(enum.StrEnum):
    """From diffusion to conductivity."""

    LINEAR = "linear"
    VOLUME_NORMALISED = "volume-normalised"


Dwi = Annotated[
    pathlib.Path, typer.Argument(metavar="DWI.nii.gz", help="4-D diffusion-weighted image.")
]
Bvals = Annotated[pathlib.Path, typer.Option(metavar="FILE", help="b-values, s/mm².")]
Bvecs = Annotated[
    pathlib.Path, typer.Option(metavar="FILE", help="b-vectors, in FSL's convention.")
]
Mask = Annotated[
    pathlib.Path | None,
    typer.Option(
        metavar="MASK.nii.gz",
        help="Where there is tissue; give one for images with air or bone.",
        show_default="all voxels with signal",
    ),
]
Folder = Annotated[pathlib.Path, typer.Option("--out", metavar="DIR", help="Folder of the maps.")]
WaveNumbers = Annotated[
    list[float] | None,
    typer.Option(
        "--wave-number",
        "-k",
        min=0,
        help="rad/m; may be repeated.",
        show_default="100, 300 and 1000",
    ),
]
Slope = Annotated[
    float | None, typer.Option(help="Of the linear mapping, S·s/mm³.", show_default="0.844")
]
MeanConductivity = Annotated[
    float | None, typer.Option(help="Of the volume-normalised mapping, S/m.", show_default="0.33")
]
B0Threshold = Annotated[
    float, typer.Option(min=0, help="b-values up to this count as unweighted, s/mm².")
]
Shells = Annotated[
    list[float] | None,
    typer.Option(help="Use only volumes with about this b-value, s/mm²; may be repeated."),
]
ExcludeNonPositive = Annotated[
    bool,
    typer.Option(
        "--exclude-non-positive",
        help="Leave out voxels whose tensor is not positive definite, which else is an error.",
    ),
]


def command(
    dwi: Dwi,
    bvals: Bvals,
    bvecs: Bvecs,
    mask: Mask = None,
    out: Folder = pathlib.Path("wetcow-tissue"),
    wave_number: WaveNumbers = None,
    mapping: Annotated[
        ConductivityMapping, typer.Option(help="linear (Tuch et al. 2001) or volume-normalised.")
    ] = ConductivityMapping.LINEAR,
    slope: Slope = None,
    mean_conductivity: MeanConductivity = None,
    permittivity: Annotated[
        float, typer.Option(help="Relative, ε/ε₀; it falls with frequency. 4e7: 10 Hz.")
    ] = 4e7,
    b0_threshold: B0Threshold = 50.0,
    shell: Shells = None,
    exclude_non_positive: ExcludeNonPositive = False,
    json_file: Json = None,
) -> None:
    r"""Map wave frequency, damping and longest-surviving direction from diffusion MRI.

    Writes NIfTI images (conductivity, direction, gamma, omega, ratio) and a figure for each wave
    number. Needs the extra mri: pip install "wetcow\[mri]".
    """
    with plainly():
        settings = {
            "mapping": mapping.value,
            "relative_permittivity": permittivity,
            "non_positive": "exclude" if exclude_non_positive else "raise",
            "b0_threshold": b0_threshold,
            "shells": shell or None,
            **_of_mapping(mapping, slope, mean_conductivity),
        }
        images = {"dwi": dwi, "bvals": bvals, "bvecs": bvecs, "mask": mask}
        run(images, out, wave_number or WAVE_NUMBERS, settings, json_file)


def _of_mapping(
    mapping: ConductivityMapping, slope: float | None, mean_conductivity: float | None
) -> dict[str, float]:
    """Return the parameter of the mapping; raise ValueError for that of another."""
    found = {}
    for name, value, of in (
        ("slope", slope, ConductivityMapping.LINEAR),
        ("mean_conductivity", mean_conductivity, ConductivityMapping.VOLUME_NORMALISED),
    ):
        if value is not None and mapping != of:
            raise ValueError(f"--{name.replace('_', '-')} belongs to --mapping {of.value}")
        if value is not None:
            found[name] = value
    return found


def run(
    images: dict[str, pathlib.Path | None],
    out: pathlib.Path,
    wave_numbers: Sequence[float],
    settings: dict[str, Any],
    json_file: str | None,
) -> None:
    """Map an image's waves; see the command's help.

    Parameters
    ----------
    images : dict of path
        The diffusion image, b-values, b-vectors, and the mask or None, by the names of the
        parameters of `wetcow.tissue.mri.conductivity_from_dwi`.
    out : path
        Folder of the maps.
    wave_numbers : sequence of float
        rad/m.
    settings : dict
        Other parameters of `wetcow.tissue.mri.conductivity_from_dwi`.
    json_file : str or None
        As of every command.
    """
    check_json(json_file)
    for one in wave_numbers:
        check_wave_number(one)
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file; give a folder")
    from wetcow.tissue.directions import survival
    from wetcow.tissue.mri import conductivity_from_dwi
    from wetcow.tissue.mri.maps import save_maps

    start = time.perf_counter()
    try:
        tissue = conductivity_from_dwi(**images, **settings)
    except ImportError as error:
        raise ValueError(str(error)) from error
    waves = survival(tissue, wave_numbers)
    files = save_maps(tissue, waves, out)
    for number in waves["wave_number"].values:
        files[f"figure_{number:g}"] = out / f"tissue_{number:g}.png"
        _draw(tissue, waves, number, files[f"figure_{number:g}"])
    report = {
        **images,
        **settings,
        **summarize_tissue(tissue, waves),
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
    import numpy as np

    known = np.asarray(values)[np.isfinite(values)]
    return np.percentile(known, [25, 50, 75]).tolist() if known.size else [float("nan")] * 3


def summarize_tissue(tissue: Conductivity, waves: Any) -> dict[str, Any]:
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
    import numpy as np

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
        f"{report['dwi']}: {report['n_voxels']} of {math.prod(report['grid'])} voxels of {size} "
        f"mm, mean conductivity {report['mean_conductivity'][1]:.3g} S/m (median)",
        soft_wrap=True,
    )
    table = Table(title="waves where they survive longest", title_justify="left")
    for name in ("|k| (rad/m)", "wavelength (mm)", "γ (1/s)", "ω (rad/s)", "|ω/γ|", "quartiles"):
        table.add_column(name, justify="right")
    for wave in report["waves"]:
        number, (low, ratio, high) = wave["wave_number"], wave["ratio"]
        table.add_row(
            f"{number:g}",
            f"{2000 * math.pi / number:.3g}",
            f"{report['gamma'][1]:.4g}",
            f"{wave['omega'][1]:.4g}",
            f"{ratio:.3g}",
            f"{low:.3g} … {high:.3g}",
        )
    screen.print(table)
    for path in report["files"].values():
        screen.print(f"wrote {path}", soft_wrap=True)
