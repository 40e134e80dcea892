"""Results as labelled arrays: building, saving, loading."""

from __future__ import annotations

import os
import pathlib
import warnings
from typing import Any

import numpy as np
import xarray as xr

from wetcow.files import standing
from wetcow.simulation.files.containers import (
    Lazily,
    ZarrFile,
    read_netcdf,
    write_netcdf,
    write_zarr,
)
from wetcow.simulation.files.packing import ATTRIBUTE, Packed
from wetcow.simulation.files.plain_arrays import joined
from wetcow.simulation.steps.stepping import Adaptive, Fixed
from wetcow.version import __version__

AMPLITUDE = {"long_name": "complex amplitude", "units": "1"}  # of the variable "a"
TIME = {"long_name": "time", "units": "1"}  # in units of the system's own rates


def attributes(values: dict[str, Any]) -> dict[str, Any]:
    """Make parameters storable: arrays as NumPy, sizes one as numbers, truth values as integers."""
    stored = {}
    for name, value in values.items():
        if isinstance(value, bool):
            value = int(value)
        elif not isinstance(value, str):
            value = np.asarray(value)
            value = value.item() if value.ndim == 0 else value
        stored[name] = value
    return stored


def describe(
    kind: str,
    parameters: dict[str, Any],
    times: np.ndarray,
    stepping: Adaptive | Fixed,
    **settings: Any,
) -> dict[str, Any]:
    """Attributes of results: the kind of system, its parameters, and how it was run."""
    return attributes(
        {
            "system": kind,
            "wetcow_version": __version__,
            **parameters,
            "t0": times[0],
            "t1": times[-1],
            "num_samples": times.size,
            **{f"stepping_{name}": value for name, value in stepping._asdict().items()},
            **{name: value for name, value in settings.items() if value is not None},
        }
    )


def _of_earlier_version(stored: xr.Dataset) -> xr.Dataset:
    """Results of a file without a table of contents."""
    variables: dict[str, Any] = {}
    attrs = dict(stored.attrs)
    for name, variable in stored.variables.items():
        name = str(name)
        if name.endswith("_imag") and f"{name[:-5]}_real" in stored.variables:
            continue
        if name.endswith("_real") and f"{name[:-5]}_imag" in stored.variables:
            name = name[:-5]
            parts = [variable.values, stored.variables[f"{name}_imag"].values]
            kind = np.result_type(parts[0].dtype, np.complex64).str
            variable = xr.Variable(
                dims=variable.dims, data=joined(parts, kind), attrs=variable.attrs
            )
        if name.startswith(ATTRIBUTE):
            attrs[name.removeprefix(ATTRIBUTE)] = variable.values[()]
        else:
            variables[name] = variable
    return xr.Dataset(variables, attrs=attrs)


def save_run(run: xr.Dataset | xr.DataArray, path: str | os.PathLike) -> None:
    """Write results to a netCDF (``.nc``) or zarr (``.zarr``) file.

    The file appears under its name only when it is complete, and replaces an older one; a folder
    is replaced only if this package wrote it.

    Parameters
    ----------
    run : xarray.Dataset or xarray.DataArray
        From `simulate`, `sweep` or a measure, also labelled, selected or computed with.
    path : path
        Its suffix says the format.

    Raises
    ------
    ValueError
        For another suffix, or for names, types or attributes that files cannot hold.
    FileExistsError
        If a ``.zarr`` folder is not one of this package.
    BlockingIOError
        If another process writes to it.
    OSError
        If it cannot be written, for example on a full disk; an older file stays.

    Examples
    --------
    >>> import os, tempfile
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=1.0), t1=10.0, num_samples=101)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wc.save_run(run, os.path.join(folder, "run.nc"))
    ...     wc.load_run(os.path.join(folder, "run.nc")).identical(run)
    True
    """
    path = pathlib.Path(path).expanduser()
    if path.suffix not in (".nc", ".zarr"):
        raise ValueError(f"results are saved as .nc or .zarr, got {path.name!r}")
    packed = Packed(run)
    if path.suffix == ".nc":
        write_netcdf(packed, path)
    else:
        write_zarr(packed, path)


def load_run(path: str | os.PathLike, *, lazy: bool = False) -> Any:
    """Read results that `save_run`, ``simulate(path=…)`` or ``sweep(path=…)`` wrote.

    Parameters
    ----------
    path : path
        A ``.nc`` file or ``.zarr`` folder.
    lazy : bool
        Leave variables of a ``.zarr`` folder in the file until they are used, so that results
        larger than the memory can be worked with in parts. Damage is then found when they are used.

    Returns
    -------
    xarray.Dataset or xarray.DataArray
        What was saved. Of an unfinished run only the samples that are certain, with a warning.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or not a result of this package.
    """
    path = pathlib.Path(path).expanduser()
    while True:
        place = standing(path)
        if not place.exists():
            raise FileNotFoundError(f"no results at {path}")
        mark = place.stat().st_ino
        try:
            run, attrs = _read(place, path.suffix == ".zarr", lazy)
            break
        except Exception as error:
            if standing(path).exists() and standing(path).stat().st_ino != mark:
                continue  # another process has just replaced it
            raise ValueError(
                f"{path} is damaged or no .nc or .zarr result: {error}; copy it again from where "
                "it came from, or run and save it again"
            ) from error
    if attrs is None:
        raise ValueError(f"{path} is readable, but not a result of wetcow")
    done, total = attrs.get("samples_done"), attrs.get("num_samples")
    if done is not None and done < total:
        warnings.warn(
            f"{path} holds an unfinished run: {done} of {total} samples; run it again with the "
            "same arguments to finish it",
            stacklevel=2,
        )
        run = run.isel(time=slice(done), missing_dims="ignore")
    return run


def _as_indexed(opened: xr.Dataset, contents: dict[str, Any]) -> xr.Dataset:
    """Without the indexes that xarray gives to each dimension when it opens a file."""
    own = {*contents.get("indexed", opened.xindexes), *contents["levels"]}
    return opened.drop_indexes([dim for dim in opened.dims if dim in opened.xindexes.keys() - own])


def _read(path: pathlib.Path, is_folder: bool, lazy: bool) -> tuple[Any, dict[str, Any] | None]:
    """Results, and what else the file says of them; None if it is not of this package."""
    if is_folder:
        file = ZarrFile(path)
        if file.contents is not None:
            if lazy and "array" not in file.contents:
                return _as_indexed(xr.open_dataset(path, engine=Lazily), file.contents), file.attrs
            return file.results(), file.attrs
        stored = xr.open_zarr(path, consolidated=False, chunks=None)
    else:
        if (run := read_netcdf(path)) is not None:
            return run, {}
        stored = xr.open_dataset(path, engine="h5netcdf")
    with stored:
        run = _of_earlier_version(stored.load())
    if "system" not in run.attrs:
        return run, None
    attrs = dict(run.attrs)
    for name in ("identity", "samples_done"):
        run.attrs.pop(name, None)
    return run, attrs
