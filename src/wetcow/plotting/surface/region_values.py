"""Values of regions, and which parcel of a surface has which: by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from wetcow.networks.connectome import Connectome
from wetcow.plotting.hemispheres import side_of, without_side
from wetcow.plotting.names import names_of
from wetcow.plotting.surface.vertices import SIDES, Parcellation

# Labels that are no region, in files of FreeSurfer, the HCP and Schaefer.
NO_REGION = re.compile(r"\?+|unknown|corpuscallosum|medial.?wall|background.*", re.IGNORECASE)
LISTED = 6


def named_values(values: Any, regions: Any) -> tuple[list[str], np.ndarray]:
    """Names and values of regions, both n."""
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "iufb" or numbers.ndim != 1:
        raise ValueError(
            "values must be one real number for each region, got "
            f"{numbers.dtype} of the shape {numbers.shape}: take abs(), a mean or isel()"
        )
    if isinstance(values, xr.DataArray) and "region" in values.coords:
        names = names_of(values, str(values.dims[0]))[0]
    else:
        known = regions.regions if isinstance(regions, Connectome) else regions
        if known is None:
            raise ValueError(
                "values have no names: add them by Connectome.label(values), or give regions="
            )
        names = [str(name) for name in (known.values() if isinstance(known, Mapping) else known)]
    if len(names) != len(numbers):
        raise ValueError(f"there are {len(numbers)} values, but names of {len(names)} regions")
    return names, numbers.astype(float)


def centres_of(values: Any, regions: Any) -> tuple[list[str], np.ndarray]:
    """Names and positions of regions."""
    if isinstance(regions, Connectome) and regions.positions is not None:
        return [*map(str, regions.regions or ())], np.asarray(regions.positions)
    if isinstance(values, xr.DataArray) and {"region", "x", "y", "z"} <= {*values.coords}:
        names = [str(name) for name in values["region"].values]
        return names, np.stack([values[axis].values for axis in "xyz"], axis=1)
    raise ValueError(
        "'nearest' needs the centres of regions: give a Connectome with positions as regions=, or "
        "values that its label() has labelled"
    )


def matched(names: list[str], numbers: np.ndarray, parcels: Parcellation) -> np.ndarray:
    """The value of each parcel, by name."""
    by_key: dict[Any, float] = {}
    for name, value in zip(names, numbers, strict=True):
        if _key(name) in by_key:
            raise ValueError(f"names of regions must be unique, but {name!r} is there twice")
        by_key[_key(name)] = value
    keys = {_key(name) for name in parcels.names}
    shown = {parcels.names[i] for side in SIDES for i in np.unique(parcels.places[side]) if i >= 0}
    lacking = sorted(
        name
        for name in shown
        if _key(name) not in by_key and not NO_REGION.fullmatch(_key(name)[1])
    )
    unknown = [name for name in names if _key(name) not in keys]
    if unknown:
        raise ValueError(
            f"the parcellation has no regions {_listed(unknown)}: it expects names such as "
            f"{_listed(lacking or parcels.names)}; rename the regions of the values, or leave out "
            "those that are not in it"
        )
    if lacking:
        raise ValueError(
            f"the parcellation expects values of {_listed(lacking)}, of which there are none: give "
            "NaN for regions that should stay grey"
        )
    return np.array([by_key.get(_key(name), np.nan) for name in parcels.names])


def _key(name: str) -> tuple[int, str]:
    """What is the same however a name says its hemisphere."""
    return side_of(name), without_side(name)


def _listed(names: list[str]) -> str:
    if not names:
        return "none"
    return ", ".join(names[:LISTED]) + (f", … ({len(names)})" if len(names) > LISTED else "")
