"""Fits as netCDF files."""

from __future__ import annotations

import io
import json
import os
from typing import Any

import numpy as np
import xarray as xr

from wetcow.files import plain, write_whole
from wetcow.networks.delayed import Delayed
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.networks.resting_state import of_matrix

KIND, VERSION = "wetcow fit", 1
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
    }
    attrs = {"kind": KIND, "version": VERSION, "about": json.dumps(plain(about))}
    buffer = io.BytesIO()
    xr.Dataset(arrays, attrs=attrs).to_netcdf(buffer, engine="h5netcdf")
    write_whole(path, buffer.getbuffer())


def load(path: str | os.PathLike) -> dict[str, Any]:
    """Read what `save` wrote, as the fields of a `Fitted`.

    Raises
    ------
    ValueError
        For a file of another kind.
    """
    try:
        with xr.open_dataset(path, engine="h5netcdf") as file:
            saved = file.load()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no fit that was saved: {error}") from None
    if saved.attrs.get("kind") != KIND:
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
