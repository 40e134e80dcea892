"""Results as labelled arrays: building, saving, loading.

Files hold no complex numbers, for which netCDF has no standard: a complex variable ``a`` is stored
as ``a_real`` and ``a_imag``, and an array among the attributes as a variable ``attribute_NAME``.
`load_run` undoes both, so the round trip is exact.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import warnings
from typing import Any

import numpy as np
import xarray as xr

from wetcow.simulation.integrate import Adaptive, Fixed
from wetcow.version import __version__

AMPLITUDE: dict[str, str] = {}
_ATTRIBUTE = "attribute_"


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


def pack(run: xr.Dataset) -> xr.Dataset:
    """Return the form of `run` that files hold."""
    variables: dict[str, Any] = {}
    for name, variable in run.variables.items():
        if np.iscomplexobj(variable):
            variables[f"{name}_real"] = variable.real
            variables[f"{name}_imag"] = variable.imag
        else:
            variables[str(name)] = variable
    plain = {}
    for name, value in run.attrs.items():
        if isinstance(value, complex):
            value = np.asarray(value)
        if isinstance(value, np.ndarray):
            value: Any = value
            dims = tuple(f"{name}_{axis}" for axis in range(value.ndim))
            if np.iscomplexobj(value):
                variables[f"{_ATTRIBUTE}{name}_real"] = (dims, value.real)
                variables[f"{_ATTRIBUTE}{name}_imag"] = (dims, value.imag)
            else:
                variables[f"{_ATTRIBUTE}{name}"] = (dims, value)
        else:
            plain[name] = value
    return xr.Dataset(variables, attrs=plain)


def _joined(real: xr.Variable, imaginary: xr.Variable) -> xr.Variable:
    """Complex variable, without arithmetic that would spoil infinite parts."""
    values = np.empty(real.shape, np.result_type(real.dtype, np.complex64))
    values.real, values.imag = real.values, imaginary.values
    return xr.Variable(real.dims, values, real.attrs)


def unpack(stored: xr.Dataset) -> xr.Dataset:
    """Inverse of `pack`."""
    variables: dict[str, Any] = {}
    attrs = dict(stored.attrs)
    for name, variable in stored.variables.items():
        name = str(name)
        if name.endswith("_imag") and f"{name[:-5]}_real" in stored.variables:
            continue
        if name.endswith("_real") and f"{name[:-5]}_imag" in stored.variables:
            name = name[:-5]
            variable = _joined(variable, stored.variables[f"{name}_imag"])
        if name.startswith(_ATTRIBUTE):
            attrs[name.removeprefix(_ATTRIBUTE)] = variable.values[()]
        else:
            variables[name] = variable
    return xr.Dataset(variables, attrs=attrs)


def save_run(run: xr.Dataset, path: str | os.PathLike) -> None:
    """Write results to a netCDF (``.nc``) or zarr (``.zarr``) file.

    The file appears under its name only when it is complete.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`.
    path : path
        Its suffix says the format.

    Raises
    ------
    ValueError
        For another suffix.

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
    path = pathlib.Path(path)
    if path.suffix not in (".nc", ".zarr"):
        raise ValueError(f"results are saved as .nc or .zarr, got {path.name!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        if path.suffix == ".nc":
            pack(run).to_netcdf(partial, engine="h5netcdf")
        else:
            pack(run).to_zarr(partial, mode="w", consolidated=False)
            if path.exists():
                shutil.rmtree(path)
        os.replace(partial, path)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        partial.unlink(missing_ok=True)


def load_run(path: str | os.PathLike) -> xr.Dataset:
    """Read results that `save_run` or ``simulate(path=…)`` wrote.

    Parameters
    ----------
    path : path
        A ``.nc`` file or ``.zarr`` folder.

    Returns
    -------
    xarray.Dataset
        Of an unfinished run only the samples that are certain, with a warning.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or not a result of this package.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no results at {path}")
    try:
        if path.suffix == ".zarr":
            stored = xr.open_zarr(path, consolidated=False, chunks=None)
        else:
            stored = xr.open_dataset(path, engine="h5netcdf")
        with stored:
            run = unpack(stored.load())
    except Exception as error:
        raise ValueError(f"{path} is damaged or no .nc or .zarr result: {error}") from error
    if "system" not in run.attrs:
        raise ValueError(f"{path} is readable, but not a result of wetcow")
    run.attrs.pop("identity", None)
    done = run.attrs.pop("samples_done", None)
    if done is not None and done < run.sizes["time"]:
        warnings.warn(
            f"{path} holds an unfinished run: {done} of {run.sizes['time']} samples; call "
            "simulate() with the same arguments to finish it",
            stacklevel=2,
        )
        run = run.isel(time=slice(done))
    return run
