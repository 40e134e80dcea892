"""From the arrays of a file and its table of contents back to results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from wetcow.simulation.files.attributes import decoded
from wetcow.simulation.files.packing import CONTENTS, DIGEST
from wetcow.simulation.files.plain_arrays import digest, joined


class DamageError(ValueError):
    """What is stored is not what was written."""


def read_contents(attrs: Any) -> dict[str, Any] | None:
    """Table of contents among the attributes of a file; None in one of an earlier version.

    Raises
    ------
    DamageError
        If it is not as it was written.
    """
    text = attrs.get(CONTENTS)
    if text is None and DIGEST not in attrs:
        return None
    if not isinstance(text, str) or hashlib.sha256(text.encode()).hexdigest() != attrs.get(DIGEST):
        raise DamageError("its table of contents is not as it was written")
    return json.loads(text)


def unpack(contents: dict[str, Any], get: Callable[[dict[str, Any]], Any]) -> Any:
    """Inverse of `Packed`.

    Parameters
    ----------
    contents : dict
        Table of contents.
    get : callable
        Entry of the table to array, or to something that xarray reads later.

    Returns
    -------
    xarray.Dataset or xarray.DataArray
    """
    variables: dict[str, Any] = {}
    coords: dict[str, Any] = {}
    for entry in contents["variables"]:
        attrs = {name: decoded(value) for name, value in entry["attrs"]}
        variable = xr.Variable(dims=entry["dims"], data=get(entry), attrs=attrs)
        (coords if entry["coordinate"] else variables)[entry["name"]] = variable
    attrs = {
        name: get(value["stored"]) if "stored" in value else decoded(value)
        for name, value in contents["attrs"]
    }
    indexed = contents.get("indexed")
    if indexed is None:  # of an earlier version
        results = xr.Dataset(data_vars=variables, coords=coords, attrs=attrs)
    else:
        results = xr.Dataset(
            data_vars=variables, coords=xr.Coordinates(coords, indexes={}), attrs=attrs
        )
        for name in indexed:
            results = results.set_xindex(name)
    if contents["levels"]:
        results = results.set_index(contents["levels"])
    if "array" in contents:
        name, own = contents["array"]
        return results[name].rename(decoded(own))
    return results


def values_of(entry: dict[str, Any], read: Callable[[str], np.ndarray]) -> np.ndarray:
    """Values of an entry of the table of contents, compared with its hash.

    Parameters
    ----------
    entry : dict
    read : callable
        Name in the file to array.

    Raises
    ------
    DamageError
        If they are not as they were written.
    """
    shape = tuple(entry["shape"])
    if "inline" in entry:
        values = np.array(entry["inline"], object).reshape(shape)
        return joined([values], entry["dtype"])
    values = joined([read(name) for name in entry["stored"]], entry["dtype"])
    if values.shape != shape or entry.get("digest", digest(values)) != digest(values):
        raise DamageError(f"{' and '.join(entry['stored'])}: not as it was written")
    return values
