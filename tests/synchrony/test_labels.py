"""Measures say what they are, and keep the names of regions."""

import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.synchrony import amplitude_order_parameter, phase, phase_locking, silent_modes
from wetcow.synchrony.connectivity import MEASURES


@pytest.fixture
def run():
    """Two modes that turn together, as `simulate` labels them."""
    time = np.linspace(0, 40, 401)
    a = np.exp(1j * np.outer(time, [1.0, 1.0]) + [0, 0.3j]) * (1 + 0.1 * np.sin(time)[:, None])
    attrs = {"long_name": "complex amplitude", "units": "1"}
    return xr.Dataset(
        {"a": (("time", "mode"), a, attrs)},
        {"time": time, "mode": [0, 1]},
        {"omega": 1.0, "system": "Network"},
    )


CASES = [
    (wc.order_parameter, "order parameter", "1"),
    (amplitude_order_parameter, "amplitude order parameter", "1"),
    (wc.time_to_synchrony, "time to synchrony", "linear periods"),
    (lambda run: wc.time_to_synchrony(run, period=1.0), "time to synchrony", "time"),
    (wc.spiking_frequency, "angular spiking frequency", "rad/time"),
    (
        lambda run: wc.spike_times(run.expand_dims(gamma=[1.0])),
        "time of spike",
        "time",
    ),
    (phase, "accumulated phase", "rad"),
    (silent_modes, "mode does not move", "1"),
    (phase_locking, "phase locking", "1"),
    *(
        (
            lambda run, name=name: wc.functional_connectivity(run, name),
            name.replace("_", " "),
            "1",
        )
        for name in MEASURES
    ),
]


@pytest.mark.parametrize(("measure", "long_name", "units"), CASES)
@pytest.mark.parametrize("noted", [True, False])
def test_long_names_and_units(run, measure, long_name, units, noted):
    found = measure(run if noted else run.drop_attrs().assign_attrs(run.attrs))
    assert found.attrs == {"long_name": long_name, "units": units}


@pytest.mark.parametrize("measure", MEASURES)
def test_pairs_keep_what_the_run_has_along_modes(run, measure):
    pair = wc.Connectome(
        [[0, 1.0], [1.0, 0]], regions=("left", "right"), positions=[[0, 0, 0], [30.0, 0, 0]]
    )
    found = wc.functional_connectivity(pair.label(run), measure)
    assert found["region"].dims == ("mode",)
    assert found["region_from"].dims == ("mode_from",)
    assert found["region"].values.tolist() == found["region_from"].values.tolist()
    assert found["region"].values.tolist() == ["left", "right"]
    assert found["x_from"].values.tolist() == [0, 30]
    assert found["x_from"].attrs == {"units": "mm"}


def test_matrices_are_drawn_with_region_names(run):
    pair = wc.Connectome([[0, 1.0], [1.0, 0]], regions=("left", "right"))
    figure = wc.plot(wc.functional_connectivity(pair.label(run)))
    axes = figure.axes[0]
    for axis in (axes.xaxis, axes.yaxis):
        assert [label.get_text() for label in axis.get_ticklabels()] == ["left", "right"]
