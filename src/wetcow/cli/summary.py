"""What a simulation came to, in numbers: frequencies, order and time to synchrony."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from wetcow import synchrony
from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.network import Network

if TYPE_CHECKING:
    import xarray as xr

SAME_FREQUENCY = 1e-6  # relative; the accuracy of the exact ones
THRESHOLD = 0.99  # of the order parameter, for synchrony
KNOWN = ("frequency_exact", "frequency_analytic", "criticality")


def _known_frequencies(system: System) -> tuple[str | None, dict[str, Any]]:
    """What the exact and analytic frequencies are of, and those; None where there are none.

    They are those of single modes. A network has them if it has a synchronized motion: without
    delays, and if then all modes turn at one frequency.
    """
    network = isinstance(system, Network)
    if network and not system.delays[1]:
        modes, of = system.synchronized(), "synchronized motion"
    elif isinstance(system, Mode):
        modes, of = system, "each mode"
    else:
        return None, {}
    if not np.all(np.asarray(modes.omega) > 0):
        return None, {}
    exact = np.asarray(modes.spiking_frequency("exact"))
    if network and np.ptp(exact) > SAME_FREQUENCY * np.max(exact):
        return None, {}
    values = (exact, modes.spiking_frequency("analytic"), modes.criticality)
    return of, dict(zip(KNOWN, values, strict=True))


def _frequencies(run: xr.Dataset) -> xr.DataArray:
    """Measured frequencies; NaN, which tables show, where there were too few spikes to say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return synchrony.spiking_frequency(run)


def summarize_run(results: xr.Dataset, system: System) -> dict[str, Any]:
    """Frequencies of each recorded mode, order parameter and time to synchrony.

    Parameters
    ----------
    results : xarray.Dataset
        From `simulate`.
    system : System
        What was simulated.

    Returns
    -------
    dict
        ``modes`` has one entry per recorded mode: measured frequency (second half of the run), and
        exact and analytic [14] ones (without noise) where they are defined, radians/time; for
        networks these are of the synchronized motion. ``time_to_synchrony`` is infinite if not
        reached, and None for a single mode.
    """
    columns = {"frequency_measured": _frequencies(results).values}
    of, known = _known_frequencies(system)
    for name, value in known.items():
        columns[name] = np.broadcast_to(value, system.size)[results["mode"].values]
    modes = [
        {"mode": int(mode), **{name: float(value[i]) for name, value in columns.items()}}
        for i, mode in enumerate(results["mode"].values)
    ]
    return {
        **_about(results, system),
        "exact_frequencies_of": of,
        "modes": modes,
        **_synchrony(results),
    }


def _about(results: xr.Dataset, system: System) -> dict[str, Any]:
    """What was simulated, and for how long."""
    return {
        "system": type(system).__name__,
        "n_modes": system.size,
        "t0": results.attrs["t0"],
        "t1": results.attrs["t1"],
        "num_samples": results.attrs["num_samples"],
    }


def _synchrony(results: xr.Dataset) -> dict[str, Any]:
    """Order parameter and time to synchrony; None for a single mode."""
    if results.sizes["mode"] < 2:
        return {
            "order_parameter": None,
            "time_to_synchrony": None,
            "time_to_synchrony_unit": None,
        }
    order = synchrony.order_parameter(results).values
    omega = np.mean(results.attrs.get("omega", 0.0))
    in_periods = omega > 0  # neurons have no linear period
    reached = synchrony.time_to_synchrony(results, THRESHOLD, period=None if in_periods else 1.0)
    return {
        "order_parameter": {
            "initial": order[0],
            "second_half": order[order.size // 2 :].mean(),
            "final": order[-1],
        },
        "time_to_synchrony": float(reached),
        "time_to_synchrony_unit": "periods" if in_periods else "time",
    }


def summarize_sweep(results: xr.Dataset, system: System) -> dict[str, Any]:
    """Order parameter and mean frequency of each run of a sweep.

    Parameters
    ----------
    results : xarray.Dataset
        From `sweep`.
    system : System
        What was simulated.

    Returns
    -------
    dict
        ``runs`` has one entry per combination: its values, the mean over modes of the measured
        frequency, radians/time, and for networks the order parameter's mean over the second half.
    """
    dims = [name for name in results["a"].dims if name not in ("time", "mode")]
    runs = []
    for position in np.ndindex(*(results.sizes[name] for name in dims)):
        one = results.isel(dict(zip(dims, position, strict=True)))
        values = {name: np.asarray(one[name]).tolist() for name in dims}
        order = synchrony.order_parameter(one).values if system.size > 1 else None
        runs.append(
            {
                **values,
                "frequency": float(_frequencies(one).mean()),
                "order_parameter": None if order is None else order[order.size // 2 :].mean(),
            }
        )
    return {**_about(results, system), "swept": dims, "runs": runs}
