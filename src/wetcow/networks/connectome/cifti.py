"""CIFTI-2 files of parcels by parcels (``.pconn.nii``), as Connectome Workbench writes them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from wetcow.networks.connectome.entries import refuse_many_regions
from wetcow.networks.connectome.preparation import ConnectomeError
from wetcow.optional import optional

MAGIC = b"n+2\0\r\n\x1a\n"  # of NIfTI-2, at byte 4
HEADER = 540  # bytes


def read_cifti(path: Path) -> tuple[np.ndarray, tuple[str, ...], np.ndarray | None]:
    """Matrix, names of parcels, and their centres (mm) where they are made of voxels.

    Parcels of a surface have no places in such a file.
    """
    nibabel = optional("nibabel", "mri", "a CIFTI file")
    axes = nibabel.cifti2.cifti2_axes
    _check_size(path)
    try:
        image = nibabel.Cifti2Image.from_filename(path)
        rows, columns = (image.header.get_axis(i) for i in range(2))
        if not all(isinstance(one, axes.ParcelsAxis) for one in (rows, columns)):
            raise ConnectomeError(
                f"{path} is not of parcels by parcels, but of {_named(rows)} by "
                f"{_named(columns)}: make a matrix of parcels, as "
                "`wb_command -cifti-parcellate` and `-cifti-correlation` do"
            )
        refuse_many_regions(image.shape, str(path))
        names = tuple(str(one) for one in rows.name)
        others = tuple(str(one) for one in columns.name)
        values = np.asarray(image.get_fdata(), dtype=np.float64)
        places = _centres(rows)
    except ConnectomeError:
        raise
    except Exception as error:  # nibabel's parsers raise anything for damaged bytes
        raise ConnectomeError(f"{path} is damaged, or no CIFTI file: {error}") from error
    if names != others:
        raise ConnectomeError(f"{path} has other parcels in its rows than in its columns")
    return values, names, places


def _check_size(path: Path) -> None:
    """Raise unless the file is as long as its header declares."""
    with path.open("rb") as file:
        header = file.read(HEADER)
    if len(header) == HEADER:
        order = "<" if header[:4] == struct.pack("<i", HEADER) else ">"
        bits = struct.unpack(f"{order}h", header[14:16])[0]
        dims = struct.unpack(f"{order}8q", header[16:80])
        offset = struct.unpack(f"{order}q", header[168:176])[0]
        declared = offset + bits // 8 * int(np.prod(np.maximum(dims[1:], 1), dtype=object))
        there = path.stat().st_size
        if there == declared:
            return
        found = f"its header declares {declared} bytes, and {there} are there"
    else:
        found = "it ends in its header"
    raise ConnectomeError(f"{path} is damaged or truncated: {found}")


def _named(axis: Any) -> str:
    return type(axis).__name__.removesuffix("Axis").lower()


def _centres(parcels: Any) -> np.ndarray | None:
    """Mean places of the voxels of each parcel, mm; None if one has no voxels."""
    if parcels.affine is None or not all(map(len, parcels.voxels)):
        return None
    means = np.array([np.mean(one, axis=0) for one in parcels.voxels])
    return means @ parcels.affine[:3, :3].T + parcels.affine[:3, 3]
