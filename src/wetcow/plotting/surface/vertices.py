"""Which region each vertex of the cortex is in: of files, arrays, an image or centres."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from wetcow.optional import optional
from wetcow.plotting.hemispheres import SIDES as HEMISPHERES, side_of

SIDES = ("left", "right")
PREFIX = {"left": "lh.", "right": "rh."}  # of labels whose file alone says the hemisphere
STRUCTURES = {side: f"CIFTI_STRUCTURE_CORTEX_{side.upper()}" for side in SIDES}
FARTHEST_VOXEL = 5.0  # mm, from the middle of the cortex to a region
FARTHEST_MIDDLE = 15.0  # mm; that of atlases in MNI's space is about 7 mm from fsaverage's
MOST_ASTRAY = 0.1  # of the centres: more, and they are in other axes


class Parcellation(NamedTuple):
    """Regions of the vertices of both hemispheres.

    Attributes
    ----------
    names : list of str
    places : dict of int array (vertices,)
        Of "left" and "right": the place in `names`, -1 for no region.
    """

    names: list[str]
    places: dict[str, np.ndarray]


def read_parcellation(source: Any, regions: Any, meshes: Any) -> Parcellation:
    """Regions of vertices, as `wetcow.plot_surface` takes them.

    Parameters
    ----------
    source : pair of paths or arrays, path or nibabel image
    regions : sequence or mapping of str, or None
    meshes : dict of (pial mesh, white mesh or None)
        Of "left" and "right".

    Raises
    ------
    ValueError
        For a source of another kind, numbers without names, another number of vertices than that
        of the mesh, or hemispheres that are exchanged.
    """
    pair = isinstance(source, list | tuple) and len(source) == 2
    if pair:
        both = {side: _one(one, regions, side) for side, one in zip(SIDES, source, strict=True)}
    elif isinstance(source, str | os.PathLike) and str(source).endswith(".dlabel.nii"):
        both = _cifti(Path(source).expanduser())
    elif hasattr(source, "affine") or str(source).endswith((".nii", ".nii.gz")):
        both = _projected(source, regions, meshes)
    else:
        raise ValueError(
            "parcellation must be a pair (left, right) of .annot or .label.gii files or of arrays, "
            "a .dlabel.nii file, an image (.nii, .nii.gz) or 'nearest'; got "
            f"{type(source).__name__ if not isinstance(source, str) else repr(source)}"
        )
    names = [*dict.fromkeys(name for _, own in both.values() for name in own.values())]
    number = {name: i for i, name in enumerate(names)}
    places = {}
    for side, (labels, own) in both.items():
        count = len(meshes[side][0].coordinates)
        if labels.shape != (count,):
            raise ValueError(
                f"the {side} hemisphere of the parcellation has the shape {labels.shape}, but "
                f"{count} vertices in the mesh: give the mesh it belongs to as mesh="
            )
        keys = np.unique(labels)
        at = np.array([number.get(own.get(key, ""), -1) for key in keys.tolist()])
        places[side] = at[np.searchsorted(keys, labels)]
    _refuse_exchanged(names, places)
    return Parcellation(names, places)


def nearest_centres(
    names: list[str], positions: np.ndarray, meshes: Any, max_distance: float
) -> Parcellation:
    """The nearest centre of its own hemisphere for each vertex: an approximation.

    Parameters
    ----------
    names : list of n str
    positions : float array (n, 3)
        mm; right, front, up, as the mesh has them.
    meshes : dict of (pial mesh, white mesh or None)
    max_distance : float
        mm; vertices farther than this from all centres are in no region.

    Raises
    ------
    ValueError
        For centres in other axes, or where none is near a vertex.

    Warns
    -----
    UserWarning
        For centres whose middle is far from that of the mesh.
    """
    by_place = np.where(positions[:, 0] < 0, "left", "right")
    by_name = np.array([HEMISPHERES[side_of(name)] for name in names])
    named = by_name != "other"
    if np.sum(by_place[named] != by_name[named]) > MOST_ASTRAY * max(named.sum(), 1):
        raise ValueError(
            "centres of left regions must be at x < 0 and those of right regions at x > 0, but "
            f"{np.sum(by_place[named] != by_name[named])} of {named.sum()} are not, by their "
            "names: give positions in mm to the right, front and up, as of MNI"
        )
    ends = np.array([[one.min(axis=0), one.max(axis=0)] for one in _vertices(meshes)])
    middle = (ends[:, 0].min(axis=0) + ends[:, 1].max(axis=0)) / 2
    apart = np.abs((positions.min(axis=0) + positions.max(axis=0)) / 2 - middle)
    if apart.max() > FARTHEST_MIDDLE:
        warnings.warn(
            f"the middle of the centres is {apart.max():.0f} mm from that of the mesh: unless they "
            "are of a part of the brain, they are in another space than the mesh, such as MNI",
            stacklevel=3,
        )
    # Regions of neither hemisphere, such as the brain stem, are not of the cortex.
    sides = by_name if named.any() else by_place
    places = {}
    for side, vertices in zip(SIDES, _vertices(meshes), strict=True):
        own = np.flatnonzero(sides == side)
        if not own.size:
            places[side] = np.full(len(vertices), -1)
            continue
        found = KDTree(positions[own]).query(vertices, distance_upper_bound=max_distance)[1]
        places[side] = np.append(own, -1)[found]
    if all(np.all(one < 0) for one in places.values()):
        raise ValueError(
            f"no vertex is within {max_distance:g} mm of a centre: give positions in mm, in the "
            "space of the mesh, or a larger max_distance"
        )
    return Parcellation(names, places)


def _vertices(meshes: Any) -> list[np.ndarray]:
    return [np.asarray(meshes[side][0].coordinates) for side in SIDES]


def _one(source: Any, regions: Any, side: str) -> tuple[np.ndarray, dict[Any, str]]:
    """Labels of the vertices of a hemisphere, and the names of labels."""
    if not isinstance(source, str | os.PathLike):
        labels = np.asarray(source)
        if labels.dtype.kind in "OUT":
            return labels.astype(str), {
                name: name for name in np.unique(labels.astype(str)) if name
            }
        return _numbered(labels, regions, 0)
    path = Path(source).expanduser()
    nibabel = optional("nibabel", "surface", "a parcellation in a file")
    if path.suffix == ".annot":
        labels, _, table = nibabel.freesurfer.read_annot(path)
        names = {i: name.decode() for i, name in enumerate(table)}
    elif path.name.endswith((".gii", ".gii.gz")):
        image = nibabel.load(path)
        labels = np.asarray(image.darrays[0].data).astype(int)
        names = image.labeltable.get_labels_as_dict()
        if not names:
            raise ValueError(f"{path} has no table of labels: give a .label.gii file")
    else:
        raise ValueError(f"labels of vertices are read from .annot and .gii files, not {path.name}")
    # Where the hemisphere is in the name of the file alone, both have the same labels.
    return labels, {
        key: PREFIX[side] + name if side_of(name) == 1 else name for key, name in names.items()
    }


def _cifti(path: Path) -> dict[str, tuple[np.ndarray, dict[Any, str]]]:
    nibabel = optional("nibabel", "surface", "a CIFTI file")
    image = nibabel.load(path)
    table, brain = (image.header.get_axis(i) for i in range(2))
    values = np.asarray(image.dataobj)[0].astype(int)
    found = {}
    for side, structure in STRUCTURES.items():
        here = brain.name == structure
        labels = np.full(brain.nvertices[structure], -1)
        labels[brain.vertex[here]] = values[here]
        found[side] = labels, {key: name for key, (name, _) in table.label[0].items()}
    return found


def _projected(source: Any, regions: Any, meshes: Any) -> dict[str, tuple[Any, dict[Any, str]]]:
    """The number of the region that is nearest in an image to the middle of the cortex.

    The most frequent one between the white and the pial surface, as of nilearn's vol_to_surf, is
    that of no region for half of the vertices where regions are as thin as the cortex.
    """
    nibabel = optional("nibabel", "surface", "the projection of an image")
    image = nibabel.load(source) if isinstance(source, str | os.PathLike) else source
    values = np.asarray(image.dataobj)
    if values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        raise ValueError(f"a parcellation has three dimensions, got an image of {values.shape}")
    voxels = np.argwhere(values > 0)
    numbers, names = _numbered(values[values > 0], regions, 1)
    known = np.isin(numbers, [*names])
    voxels, numbers = voxels[known], numbers[known]
    centres = nibabel.affines.apply_affine(image.affine, voxels)
    found = {}
    for side, other in zip(SIDES, SIDES[::-1], strict=True):
        # What is across the midline is near, but another hemisphere's.
        across = [key for key, name in names.items() if side_of(name) == HEMISPHERES.index(other)]
        own = ~np.isin(numbers, across)
        pial, white = meshes[side]
        middle = np.asarray(pial.coordinates)
        if white is not None:
            middle = (middle + white.coordinates) / 2
        at = KDTree(centres[own]).query(middle, distance_upper_bound=FARTHEST_VOXEL)[1]
        found[side] = np.append(numbers[own], 0)[at], {k: n for k, n in names.items() if k > 0}
    return found


def _numbered(labels: np.ndarray, regions: Any, first: int) -> tuple[np.ndarray, dict[Any, str]]:
    """Whole numbers, and the names that they stand for."""
    if regions is None:
        raise ValueError(
            "the parcellation has numbers: say by regions= which names they stand for, by a "
            "Connectome, names in the order of the numbers, or {number: name}"
        )
    whole = np.asarray(labels, dtype=float)
    if np.any(whole != np.floor(whole)):
        raise ValueError("a parcellation must have whole numbers: the region of each vertex")
    if isinstance(regions, Mapping):
        names = {int(key): str(name) for key, name in regions.items()}
    else:
        names = {i: str(name) for i, name in enumerate(regions, first)}
    unknown = np.setdiff1d(whole[whole >= first], [*names]).astype(int)
    if unknown.size and not isinstance(regions, Mapping):
        raise ValueError(
            f"the parcellation has the number {unknown[0]}, but regions= names {len(names)}, "
            f"from {first} to {first + len(names) - 1}"
        )
    return whole.astype(int), names


def _refuse_exchanged(names: list[str], places: dict[str, np.ndarray]) -> None:
    sides = np.array([side_of(name) for name in names])
    for side, other in zip(SIDES, SIDES[::-1], strict=True):
        known = sides[places[side][places[side] >= 0]]
        right = np.sum(known == HEMISPHERES.index(side))
        if np.sum(known == HEMISPHERES.index(other)) > right:
            raise ValueError(
                f"most vertices of the {side} hemisphere are in regions of the {other} one, by "
                "their names: give (left, right) in this order"
            )
