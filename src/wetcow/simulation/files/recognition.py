"""Whether a folder has the run that is asked for, of this version or an earlier one."""

from __future__ import annotations

import hashlib
import pathlib
import re
import warnings
from typing import Any

import numpy as np
import xarray as xr

from wetcow.simulation.files.checkpoint import CHECKPOINT, RESTART
from wetcow.simulation.files.containers import ZarrFile
from wetcow.simulation.files.results import load_run
from wetcow.version import __version__

SAME_TIME = 1e-9  # of the time between samples


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


def samples_to_extend(
    folder: pathlib.Path,
    known: dict[str, str],
    labels: xr.Dataset,
    reducers: Any,
    *,
    named: pathlib.Path,
) -> int | None:
    """How many samples a folder has of a finished run that would be the first part of this one.

    Arguments are as of `recognise`. None for anything else, which `recognise` judges.

    Raises
    ------
    FileExistsError
        For a finished run that differs in its end alone, and cannot be continued.
    """
    try:
        file = ZarrFile(folder)
        done, found = int(file.attrs["samples_done"]), file.attrs["identity"]
        attrs = dict(file.results(lazy=True).attrs)
    except Exception:
        return None
    times, earlier_end = labels["time"].values, attrs.get("t1")
    if done != attrs.get("num_samples") or not isinstance(found, dict):
        return None
    if earlier_end is None or not times[-1] > earlier_end or attrs.get("t0") != times[0]:
        return None
    taken = ("t1", "num_samples", "stepping_dt", "stepping_steps_per_sample", "stepping_history")
    like = labels.assign_attrs({name: attrs[name] for name in taken if name in attrs})
    if _differences(attrs, found, {**known, "time": found["time"]}, like, reducers):
        return None
    interval = (earlier_end - times[0]) / (done - 1)
    wanted = 1 + round((times[-1] - times[0]) / interval)
    advice = (
        f"{named} has a run with other arguments: t1 ({earlier_end:g} there, {times[-1]:g} now). "
        "It is finished, and cannot go on from its end: "
    )
    if done > times.size or abs(times[done - 1] - earlier_end) > SAME_TIME * interval:
        end = times[0] + (wanted - 1) * interval
        raise FileExistsError(
            f"{advice}its samples are {interval:.6g} apart; with t1={end:.12g} and "
            f"num_samples={wanted} they would go on so"
        )
    step, now = attrs.get("stepping_dt"), labels.attrs.get("stepping_dt")
    if step is not None and now is not None and abs(step - now) > SAME_TIME * now:
        raise FileExistsError(f"{advice}its steps are {step:.6g} long, not {now:.6g}")
    if attrs.get("wetcow_version") != __version__:
        raise FileExistsError(
            f"{advice}wetcow {attrs.get('wetcow_version')} wrote it, this is {__version__}"
        )
    if not (folder / CHECKPOINT).exists():
        raise FileExistsError(f"{advice}its state at the end was not kept")
    return done


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
