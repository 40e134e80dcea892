"""Borders of a wave field: the tissue repeats, or is surrounded by what absorbs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wetcow.tissue.errors import TissueError


class Absorbing(NamedTuple):
    """A frame around the tissue that conducts better and better outwards.

    In the frame Σ goes over from that of the nearest tissue to `rate` times the unit tensor. So [2]
    holds everywhere, energy still only falls, and packets that meet the frame decay in it. A
    potential reaches everywhere at once, so what a frame mends is limited: for a dipole inside, the
    deviation from tissue that goes on was a half to a third of that with periodic borders for a
    frame of a quarter side, a quarter for one of half a side. Larger rates act as a grounded wall.

    Attributes
    ----------
    width : float, optional
        Of the frame on each side, m. Default: a quarter of the shortest side of the tissue.
    rate : float, optional
        Σ at the outer edge, 1/s. Default: the largest eigenvalue in the tissue.
    """

    width: float | None = None
    rate: float | None = None


class SurroundedTissue(NamedTuple):
    """Tissue with its surroundings on the grid that is integrated.

    Attributes
    ----------
    tensors : array (*larger grid, d, d)
        Σ, 1/s.
    before : tuple of int
        Voxels of surroundings before the tissue on each axis.
    """

    tensors: np.ndarray
    before: tuple[int, ...]


def surround(tensors: np.ndarray, spacing: np.ndarray, borders: Any) -> SurroundedTissue:
    """Add what `borders` asks for around Σ (*grid, d, d)."""
    from scipy import fft

    if borders == "periodic":
        return SurroundedTissue(tensors, (0,) * (tensors.ndim - 2))
    if borders == "absorbing":
        borders = Absorbing()
    if not isinstance(borders, Absorbing):
        raise TissueError(
            f"borders must be 'periodic', 'absorbing' or Absorbing(width, rate), got {borders!r}"
        )
    grid = tensors.shape[:-2]
    sides = np.asarray(grid) * spacing
    width = sides.min() / 4 if borders.width is None else borders.width
    rate = np.linalg.eigvalsh(tensors).max() if borders.rate is None else borders.rate
    for name, value in (("width", width), ("rate", rate)):
        if not np.isfinite(value) or value <= 0:
            raise TissueError(f"{name} of absorbing borders must be positive, got {value}")
    sizes = [
        fft.next_fast_len(size + 2 * max(1, int(np.ceil(width / step))), real=True) or size
        for size, step in zip(grid, spacing, strict=True)
    ]
    before = tuple((whole - size) // 2 for whole, size in zip(sizes, grid, strict=True))
    around = [
        (start, whole - size - start)
        for start, whole, size in zip(before, sizes, grid, strict=True)
    ]
    depth = np.zeros(sizes)
    for axis, ((start, end), step) in enumerate(zip(around, spacing, strict=True)):
        place = np.arange(sizes[axis])
        away = np.maximum(start - place, place - (sizes[axis] - end - 1)).clip(0) * step
        reach = min(start, end) * step
        shape = [-1 if i == axis else 1 for i in range(len(sizes))]
        depth = np.maximum(depth, (away / reach).clip(0, 1).reshape(shape))
    share = np.sin(np.pi / 2 * depth)[..., None, None] ** 2
    edge = np.pad(tensors, [*around, (0, 0), (0, 0)], mode="edge")
    return SurroundedTissue((1 - share) * edge + share * rate * np.eye(len(grid)), before)
