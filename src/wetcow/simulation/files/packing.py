"""Labelled arrays as plain arrays and a table of contents, and back, exactly.

Files hold no complex numbers, for which netCDF has no standard: a complex variable ``a`` is stored
as ``a_real`` and ``a_imag``, and an array among the attributes as a variable ``attribute_NAME``, so
that other programs can read them. What is what, with types, labels, attributes and hashes, is in a
table of contents, a text in JSON; `unpack` goes by that alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from wetcow.simulation.files.attributes import encoded
from wetcow.simulation.files.plain_arrays import digest, is_odd, plain_parts
from wetcow.validation import refuse_masked

CONTENTS, DIGEST = "wetcow_contents", "wetcow_digest"  # attributes of a file
ATTRIBUTE = "attribute_"
_PLAIN_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9_.+@-]*")
_RESERVED = {CONTENTS, DIGEST, "coordinates", "identity", "samples_done", "class", "name"}
_LARGEST_INTEGER = 2**63


class Stored(NamedTuple):
    """One array of a file.

    Attributes
    ----------
    dims : tuple of str
        Names of its dimensions.
    values : array
        Integers, floats, or text as objects.
    attrs : dict
        For other programs.
    """

    dims: tuple[str, ...]
    values: np.ndarray
    attrs: dict[str, Any]


class Packed:
    """Arrays for a file, its table of contents, and attributes for other programs.

    Parameters
    ----------
    results : xarray.Dataset or xarray.DataArray
        What is to be stored.

    Raises
    ------
    ValueError
        For names, types or attributes that files cannot hold.
    """

    def __init__(self, results: xr.Dataset | xr.DataArray):
        self.arrays: dict[str, Stored] = {}
        self.sizes: dict[str, int] = {}
        self.contents: dict[str, Any] = {"variables": [], "levels": {}}
        if isinstance(results, xr.DataArray):
            results = self._as_dataset(results)
        if not isinstance(results, xr.Dataset):
            raise ValueError(
                f"results are an xarray.Dataset or DataArray, got a {type(results).__name__}"
            )
        levels = {
            name: index.index.names
            for name, index in results.xindexes.items()
            if isinstance(index, xr.indexes.PandasMultiIndex) and name == index.dim
        }
        self.contents["levels"] = {name: list(names) for name, names in levels.items()}
        results = results.reset_index(list(levels))
        self.contents["indexed"] = [_text(name) for name in results.xindexes]
        self._taken = {str(name).casefold() for name in results.dims}
        for name, variable in results.variables.items():
            self.add(name, variable, name in results.coords)
        self.contents["attrs"] = [
            [_text(name), self._attribute(name, value)] for name, value in results.attrs.items()
        ]
        self.attrs = _for_others(results.attrs)
        labels = [
            entry["stored"][0]
            for entry in self.contents["variables"]
            if entry["coordinate"] and entry.get("stored") and [entry["name"]] != entry["dims"]
        ]
        if labels:
            self.attrs["coordinates"] = " ".join(labels)

    def _as_dataset(self, array: xr.DataArray) -> xr.Dataset:
        name = array.name if isinstance(array.name, str) else "values"
        while name in (*array.coords, *array.dims):
            name += "_"
        self.contents["array"] = [name, encoded(array.name, f"name {array.name!r}")]
        return xr.Dataset({name: array.variable}, coords=array.coords)

    def add(self, name: Any, variable: xr.Variable, coordinate: bool) -> None:
        """Add a variable."""
        where = f"variable {name!r}"
        entry = {
            "name": _text(name),
            "coordinate": coordinate,
            "attrs": [
                [_text(key), encoded(value, f"attribute {key!r} of {where}")]
                for key, value in variable.attrs.items()
            ],
            **self._store(_text(name), variable.dims, variable.values, variable.attrs),
        }
        self.contents["variables"].append(entry)

    @classmethod
    def more(cls, contents: dict[str, Any]) -> Packed:
        """Start from the table of contents of a file to which variables will be added."""
        packed = cls(xr.Dataset())
        packed.contents = contents
        for entry in contents["variables"]:
            packed.sizes |= dict(zip(entry["dims"], entry["shape"], strict=True))
            packed._taken |= {name.casefold() for name in entry.get("stored", ())}
        return packed

    def announce(
        self,
        name: str,
        stored: list[str],
        dims: tuple[str, ...],
        shape: tuple[int, ...],
        dtype: str,
        attrs: dict[str, Any],
    ) -> None:
        """Add a variable whose values are written later, and so without a hash."""
        entry = {
            "name": name,
            "coordinate": False,
            "attrs": [[key, encoded(value, key)] for key, value in attrs.items()],
            "dims": list(dims),
            "shape": list(shape),
            "dtype": dtype,
            "stored": stored,
        }
        self.contents["variables"].append(entry)

    def table(self) -> dict[str, str]:
        """Attributes of the file: the table of contents, and its hash."""
        text = json.dumps(self.contents)
        return {CONTENTS: text, DIGEST: hashlib.sha256(text.encode()).hexdigest()}

    def _attribute(self, name: Any, value: Any) -> Any:
        refuse_masked(f"attribute {name!r}", value)
        if isinstance(value, np.ndarray) and value.dtype.kind in "biufcUOT":
            dims = [f"{name}_{axis}" for axis in range(value.ndim)]
            return {"stored": self._store(f"{ATTRIBUTE}{name}", dims, value, {})}
        return encoded(value, f"attribute {name!r}")

    def _store(
        self, name: str, dims: Iterable[Any], values: np.ndarray, attrs: dict
    ) -> dict[str, Any]:
        """Put an array into `arrays`; return its entry."""
        dims = [_text(dim) for dim in dims]
        entry: dict[str, Any] = {
            "dims": dims,
            "shape": list(values.shape),
            "dtype": "text" if values.dtype.kind == "T" else values.dtype.str,
            "digest": digest(values),
        }
        parts = plain_parts(values, name)
        if parts is None:
            entry["inline"] = [str(one) for one in values.ravel()]
            return entry
        suffixes = ("_real", "_imag") if len(parts) == 2 else ("",)
        own = tuple(map(self._dimension, dims, values.shape))
        label = len(parts) == 1 and dims == [name] and own == (name,)
        # Of results, "a" is complex and so "a_real" in the file, unless there is such a variable.
        stored = [name if label else self._free(f"{name}{suffix}") for suffix in suffixes]
        for one, part in zip(stored, parts, strict=True):
            self.arrays[one] = Stored(dims=own, values=part, attrs=_for_others(attrs))
        entry["stored"] = stored
        return entry

    def _free(self, name: str) -> str:
        """Name for the file, like the given one; case alone does not tell two files apart."""
        name = name if _is_plain(name) else "variable"
        free, number = name, 1
        while free.casefold() in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free.casefold())
        return free

    def _dimension(self, name: str, size: int) -> str:
        name = name if _is_plain(name) else "dimension"
        free, number = name, 1
        while self.sizes.get(free, size) != size:
            number += 1
            free = f"{name}_{number}"
        self.sizes[free] = size
        return free


def _is_plain(name: str) -> bool:
    """Whether files of both kinds can have the name; a zarr folder has a file "zarr.json"."""
    plain = _PLAIN_NAME.fullmatch(name) is not None and len(name) < 200
    return plain and name.casefold() != "zarr.json"


def _text(name: Any) -> str:
    if not isinstance(name, str):
        raise ValueError(
            f"names of variables, dimensions and attributes are text in files, got {name!r}"
        )
    return name


def _for_others(attrs: dict[Any, Any]) -> dict[str, Any]:
    """Those attributes that every format knows, for programs that read files without `unpack`."""
    found = {}
    for name, value in attrs.items():
        if not isinstance(name, str) or not _PLAIN_NAME.fullmatch(name) or name[0] == "_":
            continue
        if name.casefold() in _RESERVED or name.isupper():
            continue
        if isinstance(value, bool):
            found[name] = int(value)
        elif type(value) is str and not is_odd(value):
            found[name] = value
        elif type(value) is int and -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
            found[name] = value
        elif type(value) is float and np.isfinite(value):
            found[name] = value
    return found
