"""Which hemisphere a region is in, and matrices whose hemispheres are blocks."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import xarray as xr

from wetcow.plotting.style import FONT_SIZE

# As atlases write it: lh.insula, ctx-lh-insula, L_V1_ROI, Left-Thalamus, Precentral_L, lV1, l01.
_WORDS = r"(?:^|ctx[-_]|wm[-_]|[-_. ])({})(?:[-_. ]|$)"
_PATTERNS = {
    "left": re.compile(_WORDS.format("l|lh|left") + r"|^7Networks_LH", re.IGNORECASE),
    "right": re.compile(_WORDS.format("r|rh|right") + r"|^7Networks_RH", re.IGNORECASE),
}
_JOINED = re.compile(r"^([lr])(?=[A-Z0-9])")
SIDES = ("left", "other", "right")  # in this order
MOST_OTHER = 0.2  # of the regions: more, and names say something else
EDGE = {"color": "black", "lw": 0.8}


def sides_of(names: list[str]) -> np.ndarray | None:
    """Which of `SIDES` each region is of, (n,); None where names do not say it.

    Examples
    --------
    >>> sides_of(["lh.insula", "rh.insula", "Left-Thalamus", "Right-Thalamus", "Brain-Stem"])
    array([0, 2, 0, 2, 1])
    >>> sides_of(["a", "b"]) is None
    True
    """
    found = np.array([side_of(name) for name in names])
    counts = np.bincount(found, minlength=3)
    if min(counts[0], counts[2]) == 0 or counts[1] > MOST_OTHER * len(names):
        return None
    return found


def side_of(name: str) -> int:
    """Which of `SIDES` the name of a region says: "other" if none, or both.

    Examples
    --------
    >>> [SIDES[side_of(name)] for name in ("ctx-lh-insula", "Precentral_R", "Brain-Stem")]
    ['left', 'right', 'other']
    """
    joined = _JOINED.match(name)
    if joined:
        return 0 if joined[1] == "l" else 2
    left, right = (bool(_PATTERNS[side].search(name)) for side in ("left", "right"))
    return 1 if left == right else 0 if left else 2


def without_side(name: str) -> str:
    """The name of a region without its hemisphere.

    Examples
    --------
    >>> [without_side(name) for name in ("ctx-lh-insula", "insula_R", "L.insula", "lV1", "pons")]
    ['insula', 'insula', 'insula', 'V1', 'pons']
    """
    side = SIDES[side_of(name)]
    if side == "other":
        return name
    if _JOINED.match(name):
        return name[1:]
    # Words around one in the middle stay apart.
    return _PATTERNS[side].sub("_", name, count=1).strip("_")


def order_of(sides: np.ndarray) -> np.ndarray:
    """Places of regions with the left hemisphere first, each in the order of its atlas."""
    return np.argsort(sides, kind="stable")


def in_blocks(array: xr.DataArray, names: list[str]) -> tuple[xr.DataArray, np.ndarray | None]:
    """A matrix (…, mode, mode_from) whose hemispheres are blocks, and the side of each region."""
    sides = sides_of(names)
    if sides is None or array.sizes["mode"] != array.sizes["mode_from"]:
        return array, None
    order = order_of(sides)
    return array.isel(mode=order, mode_from=order), sides[order]


def mark_hemispheres(axis: Any, sides: np.ndarray | None) -> None:
    """Draw where hemispheres end on a matrix of regions, and say which is which."""
    if sides is None:
        return
    for number, name in enumerate(SIDES):
        inside = np.flatnonzero(sides == number)
        if not len(inside):
            continue
        if inside[-1] + 1 < len(sides):
            axis.axhline(inside[-1] + 0.5, **EDGE)
            axis.axvline(inside[-1] + 0.5, **EDGE)
        if name != "other":
            axis.annotate(
                name, (inside.mean(), 1.0), (0, 2), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", va="bottom", fontsize=FONT_SIZE,
            )  # fmt: skip
