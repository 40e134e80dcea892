"""Lead fields: how strongly each sensor sees each region; of a matrix, of TVB's files, of MNE."""

from __future__ import annotations

import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.networks.connectome import Connectome
from wetcow.optional import optional

Kind = Literal["eeg", "meg", "seeg"]
KINDS = ("eeg", "meg", "seeg")


def lead_field(
    source: Any,
    *,
    sensors: Any = None,
    regions: Any = None,
    region_mapping: Any = None,
    labels: Sequence[Any] | None = None,
    combine: Literal["sum", "mean"] = "sum",
    kind: Kind = "eeg",
) -> xr.DataArray:
    """Lead field of regions: the matrix that makes sensors of waves, for `eeg`.

    Parameters
    ----------
    source : array, DataArray, path or mne.Forward
        Matrix (sensors, regions), or (sensors, vertices) with a region mapping; a file of it,
        ``.npy`` or ``.mat``, as those of TVB; or a forward solution of MNE, with `labels`. One of
        free orientation is taken along the normals of the cortex.
    sensors : sequence of str or path, optional
        Names, or a file of TVB: in each line a name and x, y, z in mm. Default: those of the
        source; or sensor_000, …
    regions : Connectome or sequence of str, optional
        In the order of columns, or of the numbers in the mapping.
    region_mapping : int array (vertices,) or path, optional
        Number of the region of each vertex, negative for none, as in TVB's files.
    labels : sequence of mne.Label, optional
        The parts of the cortex that are the regions, in their order.
    combine : {"sum", "mean"}
        What a region radiates: all of its vertices together, so that large ones are seen more, or
        their mean.
    kind : {"eeg", "meg", "seeg"}
        Of the sensors.

    Returns
    -------
    xarray.DataArray (sensor, mode)
        With ``region``, and with the positions of sensors where they are known, mm. Sensors that
        the source has no numbers for are left out, with a warning.

    Raises
    ------
    ValueError
        For shapes that do not fit together, or a file of another kind.
    ImportError
        If a forward solution must be converted and mne is not installed.

    Examples
    --------
    >>> lead_field([[1.0, 0.5], [0.2, 0.8]], sensors=["Fp1", "Fp2"]).dims
    ('sensor', 'mode')

    Of the files of tvb-data:

    >>> lead_field(
    ...     "projection_eeg_65_surface_16k.npy",
    ...     sensors="eeg_brainstorm_65.txt",
    ...     region_mapping="regionMapping_16k_76.txt",
    ...     regions=wc.load_connectome("connectivity_76.zip"),
    ... )  # doctest: +SKIP
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    if combine not in ("sum", "mean"):
        raise ValueError(f"combine must be 'sum' or 'mean', got {combine!r}")
    if hasattr(source, "keys") and "sol" in source:
        if labels is None:
            raise ValueError("a forward solution needs labels=, the parts of the cortex it sees")
        source, sensors, region_mapping, regions = _of_mne(source, labels, sensors, regions)
    elif labels is not None:
        raise ValueError("labels are for a forward solution of MNE")
    if isinstance(source, xr.DataArray) and sensors is None and "sensor" in source.coords:
        sensors = source["sensor"].values
    matrix = _matrix(source)
    names, positions = _sensors(sensors, len(matrix))
    if region_mapping is not None:
        matrix = _combined(matrix, _mapping(region_mapping), regions, combine)
    known = np.isfinite(matrix).all(axis=1)
    if not known.all():
        left_out = np.array(names)[~known].tolist()
        if not known.any():
            raise ValueError("the lead field has NaN for every sensor")
        warnings.warn(f"sensors without a lead field are left out: {left_out}", stacklevel=2)
    coords: dict[str, Any] = {
        "sensor": np.array(names)[known],
        "mode": np.arange(matrix.shape[1]),
    }
    if regions is not None:
        coords["region"] = ("mode", _region_names(regions, matrix.shape[1]))
    if positions is not None:
        for axis, values in zip("xyz", positions[known].T, strict=True):
            coords[f"sensor_{axis}"] = ("sensor", values, {"units": "mm"})
    attrs = {"kind": kind, "long_name": f"lead field of {kind.upper()}"}
    return xr.DataArray(
        data=matrix[known], coords=coords, dims=("sensor", "mode"), name="lead_field", attrs=attrs
    )


def _matrix(source: Any) -> np.ndarray:
    """Sensors in rows."""
    if isinstance(source, xr.DataArray):
        if "sensor" in source.dims:
            source = source.transpose("sensor", ...)
        source = source.values
    if isinstance(source, str | os.PathLike):
        source = _read(pathlib.Path(source).expanduser())
    return validation.array("the lead field", source, ndim=2, finite=False)


def _read(path: pathlib.Path) -> Any:
    if not path.exists():
        raise FileNotFoundError(f"no lead field at {path}")
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    if path.suffix != ".mat":
        raise ValueError(f"a lead field is read from .npy or .mat, got {path.name!r}")
    from scipy.io import loadmat

    found = {
        name: value
        for name, value in loadmat(path).items()
        if not name.startswith("__") and np.ndim(value) == 2 and min(np.shape(value)) > 1
    }
    if len(found) != 1:
        raise ValueError(f"{path} has {[*found] or 'no matrices'}: give the one wanted as an array")
    return next(iter(found.values()))


def _sensors(given: Any, count: int) -> tuple[list[str], np.ndarray | None]:
    """Names, and positions where a file has them."""
    if given is None:
        return [f"sensor_{i:03d}" for i in range(count)], None
    positions = None
    if isinstance(given, str | os.PathLike):
        table = np.loadtxt(pathlib.Path(given).expanduser(), dtype=str, ndmin=2)
        names = table[:, 0].tolist()
        if table.shape[1] >= 4:
            positions = table[:, 1:4].astype(float)
    else:
        names = [str(name) for name in given]
    if len(names) != count:
        raise ValueError(f"there are names of {len(names)} sensors, but {count} rows of them")
    if len(set(names)) < count:
        raise ValueError("names of sensors must be unique")
    return names, positions


def _mapping(given: Any) -> np.ndarray:
    if isinstance(given, str | os.PathLike):
        given = np.loadtxt(pathlib.Path(given).expanduser())
    found = validation.array("region_mapping", given, ndim=1)
    if np.any(found != np.floor(found)):
        raise ValueError("region_mapping must have whole numbers: the region of each vertex")
    return found.astype(int)


def _combined(matrix: np.ndarray, mapping: np.ndarray, regions: Any, combine: str) -> np.ndarray:
    """Columns of vertices as columns of regions."""
    if matrix.shape[1] != mapping.size:
        raise ValueError(
            f"the lead field has {matrix.shape[1]} columns, the mapping {mapping.size} vertices"
        )
    count = 1 + int(mapping.max()) if regions is None else len(_names_of(regions))
    if mapping.max() >= count:
        raise ValueError(f"the mapping has region {mapping.max()}, but there are {count} regions")
    which = (mapping == np.arange(count)[:, None]).astype(float)
    if combine == "mean":
        which /= np.maximum(which.sum(axis=1, keepdims=True), 1)
    with np.errstate(invalid="ignore"):
        return matrix @ which.T


def _names_of(regions: Any) -> list[str]:
    names: Any = regions.regions if isinstance(regions, Connectome) else regions
    return [str(name) for name in names]


def _region_names(regions: Any, count: int) -> np.ndarray:
    names = _names_of(regions)
    if len(names) != count:
        raise ValueError(f"the lead field has {count} regions, but {len(names)} are named")
    return np.array(names, dtype=object)


def _of_mne(
    forward: Any, labels: Sequence[Any], sensors: Any, regions: Any
) -> tuple[np.ndarray, Any, np.ndarray, Any]:
    """Matrix, sensors, region of each source, and names of regions."""
    count = sum(part["nuse"] for part in forward["src"])
    if forward["sol"]["data"].shape[1] != count:
        mne = optional("mne", "mne", "a forward solution of free orientation")
        forward = mne.convert_forward_solution(
            forward, surf_ori=True, force_fixed=True, verbose="error"
        )
    mapping = []
    for part, side in zip(forward["src"], ("lh", "rh"), strict=False):
        own = np.full(part["nuse"], -1)
        for number, label in enumerate(labels):
            if label.hemi == side:
                own[np.isin(part["vertno"], label.vertices)] = number
        mapping.append(own)
    names = [label.name for label in labels] if regions is None else regions
    rows = forward["sol"]["row_names"] if sensors is None else sensors
    return forward["sol"]["data"], rows, np.concatenate(mapping), names
