"""Damaged files of runs and of fits: refused, or read to what was written.

`cases` yields what is done to which file; `check` says "ok", "refused", or what went wrong.
"""

from __future__ import annotations

import functools
import pathlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr
from fuzz import damage

import wetcow as wc


class Case(NamedTuple):
    """One change of one file: `kind` of change, and where and by how much as numbers in [0, 1)."""

    file: str
    kind: str
    part: float  # which file of a folder
    where: float
    what: float
    lazy: bool


FILES = ("run.nc", "run.zarr", "fit.nc")
KINDS = (*damage.KINDS, "missing")


def cases(seed: int, number: int) -> Iterator[Case]:
    """Yield `number` cases that follow from the seed."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        file, kind = str(rng.choice(FILES)), str(rng.choice(KINDS))
        part, where, what = rng.random(3)
        lazy = bool(rng.random() < 0.5) and file == "run.zarr"
        yield Case(file=file, kind=kind, part=part, where=where, what=what, lazy=lazy)


@functools.cache
def _run() -> xr.Dataset:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(300, 3)) + 1j * rng.normal(size=(300, 3))
    coords = {"time": np.linspace(0, 1, 300), "region": ("mode", ["one", "two", "three"])}
    attrs = {"system": "Mode", "gamma": 1.9, "coupling_r": rng.normal(size=(3, 3))}
    return xr.Dataset({"a": (("time", "mode"), a)}, coords=coords, attrs=attrs)


@functools.cache
def _fit() -> wc.Fitted:
    ring = np.roll(np.eye(5), 1, axis=0) + np.roll(np.eye(5), -1, axis=0)
    network = wc.Network(-1.0, 1.0, wc.Dense(0.3 * ring))
    return wc.fit(network, wc.resting(network.replace(gamma=-0.8)).correlation, steps=10)


@functools.cache
def _folder() -> tempfile.TemporaryDirectory:
    """Whole files; the folder goes at the end of the process."""
    folder = tempfile.TemporaryDirectory()
    path = pathlib.Path(folder.name)
    wc.save_run(_run(), path / "run.nc")
    wc.save_run(_run(), path / "run.zarr")
    _fit().save(path / "fit.nc")
    return folder


def _is_whole(path: pathlib.Path, lazy: bool) -> bool:
    if path.stem == "run":
        return wc.load_run(path, lazy=lazy).load().identical(_run())
    found, wanted = wc.Fitted.load(path), _fit()
    return (
        np.array_equal(found.network.coupling.matrix(), wanted.network.coupling.matrix())
        and np.array_equal(found.losses, wanted.losses)
        and np.array_equal(found.resting.covariance, wanted.resting.covariance)
        and found.summary() == wanted.summary()
    )


def check(case: Case) -> str:
    """Return "ok", "refused", or what went wrong."""
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path, source = pathlib.Path(name, case.file), pathlib.Path(_folder().name, case.file)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, path)
        parts = sorted(one for one in (path, *path.rglob("*")) if one.is_file())
        part = parts[int(case.part * len(parts))]
        if case.kind == "missing":
            part.unlink()
        else:
            content = part.read_bytes()
            at = int(case.where * len(content))
            part.write_bytes(damage.damaged(content, case.kind, at=at, what=case.what))
        try:
            return "ok" if _is_whole(path, case.lazy) else "other numbers than were written"
        except (ValueError, FileNotFoundError):
            return "refused"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
