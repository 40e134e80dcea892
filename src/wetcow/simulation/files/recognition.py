"""Whether a folder has the run that is asked for, of this version or an earlier one."""

from __future__ import annotations

import hashlib
import pathlib
import re
import warnings
from typing import Any

import numpy as np
import xarray as xr

from wetcow.simulation.files.checkpoint import RESTART
from wetcow.simulation.files.containers import ZarrFile
from wetcow.simulation.files.results import load_run
from wetcow.version import __version__


def recognise(
    folder: pathlib.Path,
    known: dict[str, str],
    labels: xr.Dataset,
    reducers: Any,
    *,
    named: pathlib.Path,
) -> bool:
    """Check that a folder has a run; return whether that is finished.

    Parameters
    ----------
    folder : path
    known : dict of name to digest
        Of the arguments; see `wetcow.simulation.files.identity.identity`.
    labels : xarray.Dataset
        Of the run.
    reducers : dict of name to Reducer
    named : path
        What the user calls the folder.

    Raises
    ------
    FileExistsError
        If there is something else, or a run that cannot be continued.
    """
    try:
        file = ZarrFile(folder)
        done, found = int(file.attrs["samples_done"]), file.attrs["identity"]
        total = int(file.attrs["num_samples"])
        attrs = dict(file.results(lazy=True).attrs) if file.contents else _earlier_attrs(folder)
    except Exception as error:
        raise FileExistsError(
            f"{named} exists and is not a run of simulate() or sweep(), or a damaged one "
            f"({error}); choose another path, or delete it"
        ) from error
    differing = _differences(attrs, found, known, labels, reducers)
    if differing:
        raise FileExistsError(
            f"{named} has a run with other arguments: {'; '.join(differing)}. Choose "
            "another path or delete it"
        )
    version = attrs.get("wetcow_version")
    if done != total and (version != __version__ or not isinstance(found, dict)):
        raise FileExistsError(
            f"{named} has an unfinished run of wetcow {version} in another form, which "
            f"this version cannot continue to the same result: choose another path, or "
            f"{RESTART}"
        )
    return done == total


def _differences(
    attrs: dict[str, Any], found: Any, known: dict[str, str], labels: xr.Dataset, reducers: Any
) -> list[str]:
    """Arguments that are others than those of the run in the folder."""
    if not isinstance(found, dict):
        differing = _differing(attrs, labels.attrs, False)
        if not differing and found != _earlier_identity(attrs, labels, reducers):
            differing = ["modes or reduce"]
        return differing
    same_version = attrs.get("wetcow_version") == __version__
    differing = _differing(attrs, labels.attrs, same_version)
    # A system is described by its attributes; its inner form may change with versions.
    ignored = set() if same_version else {"system"}
    others = [
        name for name in sorted({*found, *known} - ignored) if found.get(name) != known.get(name)
    ]
    return differing + [name for name in others if name not in ("time", "system") or not differing]


def _differing(there: dict[str, Any], now: dict[str, Any], same_version: bool) -> list[str]:
    """Which attributes differ, and how; of another version only those that both have."""
    names = {*there} & {*now} if not same_version else {*there} | {*now}
    return [
        f"{name} ({_shown(there, name)} there, {_shown(now, name)} now)"
        for name in sorted(names - {"wetcow_version"})
        if not _same(there.get(name), now.get(name))
    ]


def _same(first: Any, second: Any) -> bool:
    one, other = np.asarray(first), np.asarray(second)
    numbers = one.dtype.kind in "biufc" and other.dtype.kind in "biufc"
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=numbers)


def _shown(attrs: dict[str, Any], name: str) -> str:
    if name not in attrs:
        return "none"
    value = attrs[name]
    return f"an array {value.shape}" if np.ndim(value) else repr(value)


def _earlier_attrs(path: pathlib.Path) -> dict[str, Any]:
    """Attributes of a run that an earlier version wrote."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may be unfinished
        return load_run(path).attrs


def _earlier_identity(attrs: dict[str, Any], labels: xr.Dataset, reducers: Any) -> str:
    """Hash by which earlier versions recognised a run."""
    digest = hashlib.sha256()
    for name in sorted(attrs):
        value = np.asarray(attrs[name])
        digest.update(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
    # Reducers had fewer fields then.
    listed = re.sub(r"(, )?resting=\w+", "", repr(reducers))
    digest.update(labels.mode.values.tobytes() + listed.encode())
    return digest.hexdigest()
