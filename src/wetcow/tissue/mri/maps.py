"""Maps of a tissue's waves as NIfTI images, in the world axes of the image they came from."""

from __future__ import annotations

import gzip
import json
import os
import pathlib
from typing import Any

import numpy as np
import xarray as xr

from wetcow.files import whole_file
from wetcow.tissue.conductivity import Conductivity
from wetcow.tissue.errors import TissueError
from wetcow.tissue.mri.images import library
from wetcow.tissue.tensors import rotated

_TRIANGLE = ((0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2))  # xx, yy, zz, xy, xz, yz


def world_rotation(conductivity: Conductivity) -> np.ndarray:
    """Turn vectors along the array's axes into world axes (right, anterior, superior), (3, 3)."""
    if conductivity.dimension != 3 or conductivity.affine is None:
        raise TissueError(
            "world axes need 3-D tissue with an affine, as from conductivity_from_dwi"
        )
    axes = conductivity.affine[:3, :3]
    return axes / np.linalg.norm(axes, axis=0)


def save_nifti(
    values: Any,
    affine: np.ndarray,
    path: str | os.PathLike,
    *,
    about: dict[str, Any] | None = None,
) -> None:
    """Write values (x, y, z) or (x, y, z, n) as a float32 NIfTI image, whole or not at all.

    Parameters
    ----------
    values : array
        NaN is kept.
    affine : array (4, 4)
        mm.
    path : path
        Ending in ``.nii`` or ``.nii.gz``.
    about : dict, optional
        What the values are, kept as JSON in a comment of the header, and as far as there is room
        in its description: name, unit, and the wave number of each volume.

    Raises
    ------
    TissueError
        For another ending.
    """
    nibabel = library("nibabel")
    path = pathlib.Path(path)
    if not path.name.endswith((".nii", ".nii.gz")):
        raise TissueError(f"NIfTI images end in .nii or .nii.gz, got {path.name!r}")
    image = nibabel.Nifti1Image(np.asarray(values, np.float32), affine)
    image.header.set_xyzt_units("mm")
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="scanner")
    if about is not None:
        text = json.dumps(about, ensure_ascii=True)
        image.header["descrip"] = text.replace('"', "")[1:-1][:79].encode()
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", text.encode()))
    with whole_file(path) as file:
        if path.suffix == ".gz":
            # Without a time the same maps make the same file.
            with gzip.GzipFile(
                filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0
            ) as packed:
                image.to_stream(packed)
        else:
            image.to_stream(file)


def save_maps(
    conductivity: Conductivity, waves: xr.Dataset, folder: str | os.PathLike
) -> dict[str, pathlib.Path]:
    """Write conductivity and the longest-surviving waves as NIfTI images.

    Parameters
    ----------
    conductivity : Conductivity
        Of a 3-D image, with its affine.
    waves : xarray.Dataset
        From `wetcow.survival`.
    folder : path
        Made if it is missing.

    Returns
    -------
    dict of str to path
        ``conductivity.nii.gz``: tensors in S/m, volumes xx, yy, zz, xy, xz, yz in world axes
        (MRtrix's order and frame); ``direction.nii.gz``: unit vectors in world axes;
        ``gamma.nii.gz``, 1/s; ``omega.nii.gz``, rad/s, and ``ratio.nii.gz``, rad, with one volume
        for each wave number. NaN outside the tissue. Headers hold the wave numbers, rad/m, and
        units as JSON, in a comment.

    Raises
    ------
    TissueError
        If the tissue has no affine.
    """
    rotation = world_rotation(conductivity)
    mask = np.asarray(conductivity.inside())[..., None]
    tensors = rotated(np.asarray(conductivity.sigma), rotation)[(..., *_TRIANGLE)]
    values = {
        "conductivity": np.where(mask, tensors, np.nan),
        "direction": waves["direction"].values @ rotation.T,
        **{name: waves[name].values for name in ("gamma", "omega", "ratio")},
    }
    numbers = {"wave_numbers": waves["wave_number"].values.tolist(), "wave_number_unit": "rad/m"}
    units = {"conductivity": "S/m", "gamma": "1/s", "omega": "rad/s", "ratio": "rad"}
    paths = {}
    for name, value in values.items():
        paths[name] = pathlib.Path(folder) / f"{name}.nii.gz"
        about: dict[str, Any] = {"map": name, "unit": units.get(name, "1")}
        if name in ("omega", "ratio"):
            about |= numbers
        save_nifti(value, np.asarray(conductivity.affine), paths[name], about=about)
    return paths
