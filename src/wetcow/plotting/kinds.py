"""Which figure each kind of result is drawn as."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.fit.result import Fitted
from wetcow.networks.connectome import Connectome
from wetcow.networks.resting_statistics import Resting
from wetcow.observation.bold import bold
from wetcow.plotting.brain_measures import draw_communities, draw_spectrum_fit, draw_travelling
from wetcow.plotting.drives import draw_drive
from wetcow.plotting.exponents import draw_exponents
from wetcow.plotting.fields import (
    axes_of,
    draw_field,
    draw_maps,
    draw_ray_paths,
    is_field_of_tissue,
)
from wetcow.plotting.matrices import draw_connectome, draw_matrices
from wetcow.plotting.names import choose
from wetcow.plotting.power_laws import draw_power_law
from wetcow.plotting.runs import draw_run
from wetcow.plotting.series import draw_raster, draw_series, draw_table, draw_values
from wetcow.plotting.spectra import draw_dynamics, draw_spectrogram, draw_spectrum
from wetcow.plotting.style import amplitude
from wetcow.plotting.sweeps import draw_arrays, draw_sweep, measures_of, swept
from wetcow.simulation.drive import Drive
from wetcow.synchrony.exponents import Stability
from wetcow.synchrony.power_law import PowerLaw

OTHERS: dict[type, Callable[[Any], Figure]] = {
    Connectome: draw_connectome,
    Drive: draw_drive,
    PowerLaw: draw_power_law,
    Stability: draw_exponents,
}
# Datasets of measures, by a variable that no other has.
MEASURED: dict[str, Callable[[xr.Dataset], Figure]] = {
    "background": draw_spectrum_fit,
    "participation": draw_communities,
    "chance": draw_travelling,
}
SPECTRA = ("power_spectrum", "spectrogram", "spectrum")
DRAWN = (
    "a run of simulate(), a sweep of sweep(), a field of simulate_field(), maps of survival() or "
    "dispersion(), rays of trace_rays(), a measure of them such as order_parameter(run) or "
    "functional_connectivity(run), spike_times(run), a Connectome, a Drive, or "
    "what resting(), stability(), fit_power_law() and fit() return"
)


def plot(result: Any, modes: Any = None, *, times: Any = None) -> Figure:
    """Draw a result as people of its field draw it.

    Parameters
    ----------
    result : xarray.Dataset, xarray.DataArray, list of arrays or Connectome
        What is drawn depends on its kind:

        - a **run** of up to ten modes: lines of amplitude and phase, and the order parameter; of
          more: their waves Re a as stacked traces, of more than forty as a carpet, with a raster of
          spikes below;
        - a **sweep**: what it was reduced to, and where amplitudes were recorded the mean spiking
          frequency and order parameter of the second half: a line over one swept axis, a heat map
          over two, panels over more; seeds are averaged;
        - a **measure of pairs**, as `functional_connectivity` or `phase_locking`: a matrix;
        - what **bold** and **eeg** return, or a run with volumes of `Bold`: lines in time, or a
          carpet; a `power_spectrum`: lines, of many modes their median; a `spectrogram`: a picture;
          `connectivity_dynamics`: a matrix of times; `fit_spectrum`: spectra and their slopes;
          `graph_measures`: communities; `travelling_waves`: quality, direction and speed;
        - a **field** of `simulate_field`: slices at several times, mm and s; of one axis: a picture
          of position and time;
        - **maps** of `survival` and `dispersion`: the middle slice; rays of `trace_rays`: lines;
        - other measures, as `order_parameter`: a line in time, dots for modes, or as a sweep;
          `spike_times`: a raster;
        - a **Connectome**: its weights and tract lengths; a **Drive**: its arrays in time; what
          **stability** returns: exponents in the complex plane; a power law: its distribution;
        - what **resting** returns: the correlations of waves; what **fit** returns: as its own
          ``plot()``, which also takes measured data.

        Regions and seconds that `Connectome.label` has added are used. Matrices of regions whose
        names say their hemisphere have the left one first, each in the order of its atlas.
    modes : str, int or sequence of them, optional
        Which modes to draw, by the name of their region (``"rV1"``) or their number. Default: all.
    times : float or sequence of float, optional
        Of a field: when to draw it, s. Default: five times, evenly.

    Returns
    -------
    matplotlib.figure.Figure
        Save it with ``plot(run).savefig("run.png")``.

    Raises
    ------
    TypeError
        For anything else; it lists what can be drawn.
    ValueError
        For modes that the result does not have, or if nothing was recorded.

    See Also
    --------
    animate : the same in motion
    plot_brain : values at the positions of regions

    Examples
    --------
    >>> import wetcow as wc
    >>> runs = wc.sweep(wc.Mode(gamma=0.0), t1=60.0, gamma=[0.5, 1.0, 1.5])
    >>> axis = plot(runs).axes[0]
    >>> axis.get_xlabel(), axis.get_ylabel()
    ('gamma', 'angular spiking frequency (rad/time)')
    """
    if is_field_of_tissue(result):
        _refuse_modes(modes)
        return draw_field(result, times)
    if times is not None:
        raise ValueError("times are of fields: select those of a run by run.sel(time=…)")
    if isinstance(result, xr.Dataset):
        return _dataset(result, modes)
    if isinstance(result, xr.DataArray):
        return _array(result, modes)
    if isinstance(result, Fitted):
        _refuse_modes(modes)
        return result.plot()
    if isinstance(result, Resting):
        return _array(result.to_xarray()["correlation"], modes)
    for kind, draw in OTHERS.items():
        if isinstance(result, kind):
            _refuse_modes(modes)
            return draw(result)
    if isinstance(result, list) and result and all(_is_spikes(one) for one in result):
        _refuse_modes(modes)
        return draw_raster(result)
    hint = ""
    if hasattr(result, "to_network"):
        hint = "; simulate its network first: simulate(….to_network())"
    elif hasattr(result, "rate") and hasattr(result, "observe"):
        hint = "; simulate it first: plot(simulate(…))"
    raise TypeError(f"cannot draw a {type(result).__name__}{hint}; plot() draws {DRAWN}")


def _refuse_modes(modes: Any) -> None:
    if modes is not None:
        raise ValueError("modes can be chosen of runs, sweeps and measures of them, not of this")


def _is_spikes(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "f"


def _dataset(result: xr.Dataset, modes: Any) -> Figure:
    if "log_amplitude" in result and "ray" in result.dims:
        _refuse_modes(modes)
        return draw_ray_paths(result)
    for name, draw in MEASURED.items():
        if name in result:
            _refuse_modes(modes)
            return draw(result)
    if any(axes_of(one) for one in result.data_vars.values()):
        _refuse_modes(modes)
        return draw_maps(result)
    if "a" in result:
        result = _whole(result)
        return draw_sweep(result, modes) if swept(result["a"]) else draw_run(result, modes)
    if any(f"{name}_time" in one.dims for name, one in result.data_vars.items()):
        return _array(bold(result), modes)
    if "covariance" in result and "correlation" in result:  # of noise at rest
        return _array(result["correlation"], modes)
    if measures_of(result):
        return draw_sweep(result, modes)
    values = [one for one in choose(result, modes).data_vars.values() if one.dims == ("mode",)]
    if values:
        return draw_values(values)
    if "time" in result.coords and "mode" in result.coords:
        raise ValueError(
            "these results have nothing to draw: no amplitudes (run simulate() with record=True), "
            "and no values of modes"
        )
    raise TypeError(f"cannot draw a Dataset of {[*result.variables]}; plot() draws {DRAWN}")


def _whole(run: xr.Dataset) -> xr.Dataset:
    """A run of which one mode was selected, with the dimension again; one of a time is refused."""
    if "mode" not in run["a"].dims and "mode" in run.coords:
        run = run.expand_dims("mode")
    if "time" not in run["a"].dims:
        raise ValueError(
            "these are the amplitudes at one time: draw a run over several, such as "
            "run.isel(time=slice(5)), or values of its modes, such as abs(run.a.isel(time=0))"
        )
    return run


def _array(array: xr.DataArray, modes: Any) -> Figure:
    if not array.dims:
        raise TypeError(
            f"cannot draw a single number: {array.name or 'it'} is {array.values[()]}; "
            f"plot() draws {DRAWN}"
        )
    if array.dtype.kind not in "iufcb" or not array.size:
        raise TypeError(
            f"cannot draw an array of {array.dtype} with the sizes {dict(array.sizes)}; "
            f"plot() draws {DRAWN}"
        )
    if axes_of(array) and "time" not in array.dims:
        _refuse_modes(modes)
        return draw_maps(array.rename(array.name or "value").to_dataset())
    if {"window", "window_from"} == set(array.dims):
        _refuse_modes(modes)
        return draw_dynamics(array)
    if "sensor" in array.dims:
        array = array.rename(sensor="mode")
    array = choose(array, modes)
    if {"frequency", "mode"} <= set(array.dims) and array.name in SPECTRA:
        return draw_spectrogram(array) if "time" in array.dims else draw_spectrum(array)
    if {"mode", "mode_from"} <= set(array.dims):
        return draw_matrices(array)
    if "time" in array.dims:
        return draw_series(array)
    array = amplitude(array)
    if "spike" in array.dims:
        return draw_table(array)
    return draw_arrays([array]) if swept(array) else draw_values([array])
