"""What sensors see of waves: `eeg`, for EEG, MEG and electrodes inside alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.observation.lead_fields import lead_field as matrix_of
from wetcow.observation.series import in_seconds
from wetcow.synchrony.silence import require


def eeg(
    run: xr.Dataset,
    lead_field: Any,
    *,
    average_reference: bool = False,
    time_unit: float | None = None,
) -> xr.DataArray:
    """Signals of sensors: the lead field times the waves Re a.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded; labelled by its connectome, columns are matched by the
        names of regions.
    lead_field : xarray.DataArray (sensor, mode) or array (sensors, n)
        From `lead_field`: of EEG, MEG or SEEG.
    average_reference : bool
        Whether to subtract the mean over sensors, as EEG is often recorded.
    time_unit : float, optional
        Seconds in a unit of time; default: as the run is labelled, else times stay as they are.

    Returns
    -------
    xarray.DataArray
        On the dimensions of a sweep, time and sensor, in units of the lead field times amplitude.

    Raises
    ------
    ValueError
        If nothing was recorded, or the lead field is of other regions.

    Examples
    --------
    >>> import wetcow as wc
    >>> pair = wc.Network(0.5, [1.0, 1.1], wc.Dense([[0, 0.1], [0.1, 0]]))
    >>> run = wc.simulate(pair, t1=10.0, num_samples=101)
    >>> eeg(run, [[1.0, 0.5]], time_unit=0.016).dims
    ('time', 'sensor')
    """
    a = require(run)
    if not isinstance(lead_field, xr.DataArray) or "sensor" not in lead_field.coords:
        lead_field = matrix_of(lead_field)
    if time_unit is not None:
        time_unit = validation.number("time_unit", time_unit, above=0)
    waves = a.real.transpose(..., "time", "mode")
    matrix = _matched(lead_field.transpose("sensor", "mode"), waves)
    values = waves.values @ matrix.T
    if average_reference:
        values = values - values.mean(axis=-1, keepdims=True)
    dims = (*waves.dims[:-1], "sensor")
    coords = {
        name: one
        for source in (waves.coords, lead_field.coords)
        for name, one in source.items()
        if "mode" not in one.dims
    }
    kind = lead_field.attrs.get("kind", "eeg")
    found = xr.DataArray(data=values, coords=coords, dims=dims, name=kind)
    reference = {"reference": "average"} if average_reference else {}
    attrs = {"long_name": f"{kind.upper()} signal", "units": "1", "kind": kind, **reference}
    return in_seconds(found, time_unit).assign_attrs(attrs)


def _matched(lead_field: xr.DataArray, waves: xr.DataArray) -> np.ndarray:
    """Columns in the order of the modes of a run."""
    if "region" in lead_field.coords and "region" in waves.coords:
        names = [str(name) for name in lead_field["region"].values]
        wanted = [str(name) for name in waves["region"].values]
        missing = [name for name in wanted if name not in names]
        if missing:
            raise ValueError(f"the lead field has no region {missing[0]!r} ({len(missing)} in all)")
        return lead_field.values[:, [names.index(name) for name in wanted]]
    if lead_field.sizes["mode"] != waves.sizes["mode"]:
        raise ValueError(
            f"the lead field is of {lead_field.sizes['mode']} regions, the run of "
            f"{waves.sizes['mode']} modes"
        )
    return lead_field.values
