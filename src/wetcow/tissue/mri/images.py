"""NIfTI images: read whole and checked, in millimetres; needs the extra `mri`."""

from __future__ import annotations

import bz2
import gzip
import importlib
import math
import os
import pathlib
import zlib
from typing import Any

import numpy as np

from wetcow.tissue.errors import ShapeMismatchError, TissueError

LARGEST_IMAGE = 2**36  # bytes; larger declared sizes are damaged headers
TRAILING = 4096  # bytes that some programs leave after the image
_DEFLATE = 1032  # gzip packs at most so many bytes into one
_MILLIMETRES = {"unknown": 1.0, "mm": 1.0, "micron": 1e-3, "meter": 1e3}
_VOXEL_SIZES = (0.005, 50.0)  # mm, that an image of tissue can have
_CHUNK = 2**22


def library(name: str) -> Any:
    """Import an optional library, or say which extra has it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f'diffusion MRI needs {name.split(".")[0]}: pip install "wetcow[mri]"'
        ) from error


def _held(path: pathlib.Path, declared: int) -> int:
    """Bytes that a file holds when unpacked; its stream is read to the checksum at its end."""
    size = path.stat().st_size
    opened = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix.lower())
    if opened is None:
        return size
    if path.suffix.lower() == ".gz" and declared > _DEFLATE * size:
        raise TissueError(f"its header declares {declared} bytes, more than {size} can unpack to")
    held = 0
    with opened(path, "rb") as stream:
        while held <= declared + TRAILING and (chunk := stream.read(_CHUNK)):
            held += len(chunk)
    return held


def read_image(path: str | os.PathLike, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Values, float32, and affine, mm, of a NIfTI image.

    Parameters
    ----------
    path : path
    what : str
        For messages, such as "mask".

    Raises
    ------
    FileNotFoundError
    TissueError
        For an image that is damaged, cut, larger than 64 GiB, not real, or whose voxels have an
        impossible size. Compressed files are read to their checksum first.
    """
    nibabel = library("nibabel")
    path = pathlib.Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"no {what} at {path}")
    # A damaged header can fail in many ways inside nibabel.
    damaged = (
        *(OSError, EOFError, ValueError, KeyError, TypeError, OverflowError, zlib.error),
        *(nibabel.filebasedimages.ImageFileError, nibabel.spatialimages.HeaderDataError),
    )
    try:
        image = nibabel.load(path)
        if not isinstance(image, nibabel.Nifti1Pair):
            raise TissueError(f"it is {type(image).__name__}")
        _check_size(image, path)
        affine = _affine(image)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.asarray(image.dataobj, np.float32)
    except damaged as error:
        raise TissueError(f"{path} is damaged or no NIfTI image: {error}") from error
    return values, affine


def _check_size(image: Any, path: pathlib.Path) -> None:
    shape, dtype = image.shape, image.get_data_dtype()
    if dtype.kind not in "biuf":
        raise TissueError(f"its values are {dtype}, not real numbers")
    if not shape or min(shape) < 1:
        raise TissueError(f"its header declares the shape {shape}")
    data = math.prod(int(size) for size in shape) * max(dtype.itemsize, 4)
    if data > LARGEST_IMAGE:
        raise TissueError(
            f"its header declares the shape {shape}, {data / 1e9:.3g} GB, more than the limit of "
            f"{LARGEST_IMAGE / 1e9:.3g} GB"
        )
    declared = int(image.dataobj.offset) + math.prod(map(int, shape)) * dtype.itemsize
    held = _held(pathlib.Path(image.file_map["image"].filename or path), declared)
    if not declared <= held <= declared + TRAILING:
        more = "less" if held < declared else "more"
        raise TissueError(f"its header declares {declared} bytes, the file holds {more}")


def _affine(image: Any) -> np.ndarray:
    unit = image.header.get_xyzt_units()[0]
    if unit not in _MILLIMETRES:
        raise TissueError(f"its header has the unit {unit!r}")
    affine = np.array(image.affine, float)
    with np.errstate(all="ignore"):
        sizes = np.linalg.norm(affine[:3, :3], axis=0)
        told = np.asarray(image.header.get_zooms()[:3], float)
        differ = not np.allclose(sizes[: told.size], told, rtol=0.01, atol=0)
    if differ:
        raise TissueError(
            f"its header has voxels of {told.tolist()}, its affine of {sizes.round(6).tolist()}"
        )
    low, high = _VOXEL_SIZES
    affine[:3] *= _MILLIMETRES[unit]
    sizes = sizes * _MILLIMETRES[unit]
    if not np.all(np.isfinite(affine)) or sizes.min() < low or sizes.max() > high:
        raise TissueError(
            f"voxels of {sizes.tolist()} mm are not those of tissue ({low:g} to {high:g} mm); its "
            f"header says that lengths are in {'mm' if unit == 'unknown' else unit}"
        )
    return affine


def check_same_place(
    one: np.ndarray, other: np.ndarray, grid: tuple[int, ...], names: tuple[str, str]
) -> None:
    """Raise if corners of a grid lie more than half a voxel apart by two affines, mm."""
    ends = np.array(grid) - 1
    corners = np.vstack([np.indices((2, 2, 2)).reshape(3, -1) * ends[:, None], np.ones(8)])
    apart = np.linalg.norm(((one - other) @ corners)[:3], axis=0).max()
    sizes = [np.linalg.norm(affine[:3, :3], axis=0) for affine in (one, other)]
    if apart > min(sizes[0].min(), sizes[1].min()) / 2 or not np.allclose(*sizes, rtol=0.01):
        raise ShapeMismatchError(
            f"{names[0]} lies elsewhere than {names[1]}: their corners are up to {apart:.3g} mm "
            f"apart (voxels of {sizes[0].round(4).tolist()} and {sizes[1].round(4).tolist()} mm); "
            "resample it to the same grid"
        )
