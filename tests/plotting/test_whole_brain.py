"""Figures of whole brains."""

import numpy as np
import pytest
import xarray as xr

from wetcow.networks.connectome import Connectome
from wetcow.plotting import figure_phase_diagram, plot_brain


def recorded(a, dt=0.1):
    a = np.asarray(a)
    return xr.Dataset(
        {"a": (("time", "mode"), a)},
        {"time": dt * np.arange(len(a)), "mode": np.arange(a.shape[1])},
    )


class TestFigures:
    def test_brain(self, rng):
        positions = rng.uniform(-60, 60, (12, 3))
        brain = Connectome(np.roll(np.eye(12), 1, axis=0), positions=positions)
        values = rng.uniform(size=12)
        figure = plot_brain(brain, values, "frequency (Hz)", num_names=2)
        *views, bar = figure.axes
        assert bar.get_ylabel() == "frequency (Hz)"
        labels = [(axis.get_xlabel(), axis.get_ylabel()) for axis in views]
        assert labels == [("x (mm)", "y (mm)"), ("x (mm)", "z (mm)"), ("y (mm)", "z (mm)")]
        for axis, columns in zip(views, ([0, 1], [0, 2], [1, 2]), strict=True):
            lines, dots = axis.collections
            assert len(lines.get_segments()) == 12
            order = np.argsort(values)
            np.testing.assert_allclose(dots.get_offsets(), positions[order][:, columns])
            np.testing.assert_allclose(dots.get_array(), values[order])
            assert len(axis.texts) == 2
        with pytest.raises(ValueError, match="one value for each of 12"):
            plot_brain(brain, values[:3], "")
        with pytest.raises(ValueError, match="needs the positions"):
            plot_brain(brain.replace(positions=None), values, "")

    def test_phase_diagram_puts_each_run_in_its_place(self):
        brain = Connectome([[0, 1.0], [1.0, 0]], frequency=20.0)
        frequency = np.array(
            [[[1.0, 1.0], [0.5, 0.5], [0.0, 0.0]], [[0.2, 0.4], [0, 0.04], [0, 0]]]
        )
        runs = xr.Dataset(
            {
                "frequency": (("coupling_strength", "gamma", "mode"), frequency),
                "order": (("coupling_strength", "gamma"), np.arange(6.0).reshape(2, 3) / 6),
            },
            {"coupling_strength": [0.0, 1.0], "gamma": [0.0, 1.0, 2.0]},
        )
        figure = figure_phase_diagram(runs, brain, ([0, 1], [1, 0]))
        hertz, order, silent = (axis.collections[0].get_array() for axis in figure.axes[:3])
        np.testing.assert_allclose(hertz, [[20, 6], [10, 0.4], [0, 0]])
        np.testing.assert_allclose(order, runs["order"].T)
        np.testing.assert_allclose(silent, [[0, 0], [0, 1], [1, 1]])
        assert figure.axes[0].get_ylim() == (0, 1)  # γ = 2 is the critical point
