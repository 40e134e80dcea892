"""Fits as netCDF files."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import numpy as np
import xarray as xr

from wetcow.files import plain
from wetcow.networks.delayed import Delayed
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.networks.resting_state import of_matrix
from wetcow.simulation.files.containers import read_netcdf, write_netcdf
from wetcow.simulation.files.packing import Packed

KIND, VERSION = "wetcow fit", 2
PREFIX = "fitted_"  # of parameters, beside the arrays of the network


def save(fitted: Any, path: str | os.PathLike) -> None:
    """Write a `Fitted` to a netCDF file."""
    network = fitted.network
    pair, modes = ("mode", "mode_from"), ("mode",)
    r: Any = np.asarray(network.coupling.matrix())
    matrix, q = fitted.resting.matrix, fitted.resting.noise_covariance
    arrays = {
        "r_real": (pair, r.real),
        "r_imag": (pair, r.imag),
        "matrix_real": (pair, matrix.real),
        "matrix_imag": (pair, matrix.imag),
        "noise_covariance": (pair, q.real),
        "noise": (modes, fitted.noise),
        "losses": (("step", "connectome", "start"), fitted.losses),
    }
    if isinstance(network.coupling, Delayed):
        arrays["delay"] = (pair, np.asarray(network.coupling.delay))
    for name, value in network.modes.parameters().items():
        arrays[name] = (modes, np.broadcast_to(np.asarray(value, float), (network.size,)))
    for name, value in fitted.parameters.data_vars.items():
        arrays[PREFIX + str(name)] = value
    about = {
        "coupling_strength": float(network.coupling_strength),
        "outcomes": [one._asdict() for one in fitted.outcomes],
        "num_parameters": fitted.num_parameters,
        "ceiling": fitted.ceiling,
        "refined": None if fitted.refined is None else fitted.refined._asdict(),
    }
    attrs = {"kind": KIND, "version": VERSION, "about": json.dumps(plain(about))}
    write_netcdf(Packed(xr.Dataset(arrays, attrs=attrs)), pathlib.Path(path).expanduser())


def load(path: str | os.PathLike) -> dict[str, Any]:
    """Read what `save` wrote, as the fields of a `Fitted`.

    Raises
    ------
    ValueError
        For a file of another kind, or a damaged one.
    """
    path = pathlib.Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"no fit at {path}")
    try:
        saved = read_netcdf(path)
    except Exception as error:
        raise ValueError(
            f"{path} is damaged, or no fit that was saved: {error}; copy it again, or fit again"
        ) from error
    if saved is None or saved.attrs.get("kind") != KIND:
        raise ValueError(f"{path} is no fit that was saved by Fitted.save()")
    about = json.loads(saved.attrs["about"])
    r = saved["r_real"].values + 1j * saved["r_imag"].values
    coupling = Delayed(r, saved["delay"].values) if "delay" in saved else Dense(r)
    names = ("gamma", "omega", "w_a", "w_phi", "psi", "alpha")
    network = Network(
        coupling=coupling,
        coupling_strength=about.pop("coupling_strength"),
        **{name: saved[name].values for name in names},
    )
    fitted = [str(name) for name in saved.data_vars if str(name).startswith(PREFIX)]
    parameters = saved[fitted].rename({name: name.removeprefix(PREFIX) for name in fitted})
    matrix = saved["matrix_real"].values + 1j * saved["matrix_imag"].values
    return {
        "network": network,
        "noise": saved["noise"].values,
        "parameters": parameters.drop_attrs(deep=False).assign_coords(mode=np.arange(network.size)),
        "losses": saved["losses"].values,
        "resting": of_matrix(matrix, saved["noise_covariance"].values.astype(complex)),
        **about,
    }
