"""Functional connectivity, and how like two matrices of it are."""

import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.networks.connectome import Connectome
from wetcow.synchrony.connectivity import compare_connectivity, functional_connectivity


def recorded(a, dt=0.1):
    a = np.asarray(a)
    return xr.Dataset(
        {"a": (("time", "mode"), a)},
        {"time": dt * np.arange(len(a)), "mode": np.arange(a.shape[1])},
    )


class TestFunctionalConnectivity:
    @pytest.fixture
    def locked(self):
        """Modes 0 and 1 a quarter turn apart, 2 opposite to 0, and 3 at another frequency."""
        t = np.arange(4000) * 0.1
        phase = np.stack([t, t - np.pi / 2, t + np.pi, 1.3 * t], axis=1)
        return recorded(np.exp(1j * phase))

    def test_phase_locking(self, locked):
        value = functional_connectivity(locked, after=0.0)
        assert value.dims == ("mode", "mode_from") and value.name == "phase_locking"
        np.testing.assert_allclose(value[:3, :3], 1, atol=1e-12)
        assert np.all(value[:3, 3] < 0.02)
        np.testing.assert_allclose(value, wc.phase_locking(locked, after=0.0))

    def test_measures_that_ignore_common_sources(self, locked):
        lag = functional_connectivity(locked, "phase_lag_index", after=0.0).values
        assert lag[0, 1] == 1 and lag[0, 3] < 0.02 and np.all(np.diagonal(lag) == 0)
        coherency = functional_connectivity(locked, "imaginary_coherency", after=0.0).values
        # Mode 0 is a quarter turn ahead of 1, and only opposite to 2.
        assert coherency[0, 1] == pytest.approx(1) and coherency[1, 0] == pytest.approx(-1)
        assert abs(coherency[0, 2]) < 1e-9 and abs(coherency[0, 3]) < 0.02

    def test_phase_lag_index_of_random_phases_by_hand(self, rng):
        a = rng.normal(size=(700, 3)) + 1j * rng.normal(size=(700, 3))
        value = functional_connectivity(recorded(a), "phase_lag_index", after=0.0).values
        difference = np.sin(np.angle(a[:, 0]) - np.angle(a[:, 2]))
        assert value[0, 2] == pytest.approx(abs(np.sign(difference).mean()))

    def test_envelope_is_numpys_correlation(self, rng):
        a = rng.normal(size=(500, 4)) + 1j * rng.normal(size=(500, 4))
        value = functional_connectivity(recorded(a), "envelope", after=0.0).values
        np.testing.assert_allclose(value, np.corrcoef(np.abs(a).T))
        constant = recorded(np.exp(1j * rng.normal(size=(100, 2))))
        assert np.all(np.isnan(functional_connectivity(constant, "envelope")))

    def test_half_of_the_run_by_default(self, rng):
        run = recorded(rng.normal(size=(400, 3)) + 1j * rng.normal(size=(400, 3)))
        half = run.isel(time=slice(200, None))
        for measure in ("phase_locking", "phase_lag_index", "envelope"):
            np.testing.assert_allclose(
                functional_connectivity(run, measure),
                functional_connectivity(half, measure, after=0.0),
            )

    def test_errors(self, locked):
        with pytest.raises(ValueError, match="measure must be one of"):
            functional_connectivity(locked, "coherence")
        with pytest.raises(ValueError, match="fewer than two samples after 1000"):
            functional_connectivity(locked, after=1000)


class TestComparison:
    def test_correlations(self, rng):
        structure = rng.uniform(size=(20, 20))
        function = structure + structure.T
        found = compare_connectivity(structure, np.exp(function))
        assert found.num_pairs == 190
        assert found.spearman == pytest.approx(1) and 0.9 < found.pearson < 1
        upper = np.triu_indices(20, 1)
        expected = np.corrcoef(function[upper], np.exp(function)[upper])[0, 1]
        assert found.pearson == pytest.approx(expected)
        # The diagonal does not count.
        assert compare_connectivity(structure + 99 * np.eye(20), np.exp(function)) == found

    def test_pairs(self, rng):
        a, b = rng.uniform(size=(2, 10, 10))
        some = np.zeros((10, 10), bool)
        some[[3, 4, 5], [1, 2, 0]] = True  # below the diagonal: counts for the pair
        assert compare_connectivity(a, b, some).num_pairs == 3
        with pytest.raises(ValueError, match="three or more pairs"):
            compare_connectivity(a, b, np.zeros((10, 10), bool))
        with pytest.raises(ValueError, match="boolean array"):
            compare_connectivity(a, b, np.zeros((3, 3), bool))
        with pytest.raises(ValueError, match="square of one size"):
            compare_connectivity(a, b[:5])

    def test_constant_matrices_have_no_correlation(self):
        found = compare_connectivity(np.ones((5, 5)), np.arange(25.0).reshape(5, 5))
        assert np.isnan(found.pearson) and np.isnan(found.spearman)

    @pytest.mark.slow
    def test_what_is_linked_locks(self):
        """Two clusters without links between them: function follows structure."""
        weights = np.kron(np.eye(2), np.ones((5, 5)))
        brain = Connectome(weights).normalised("row")
        omega = 1 + 0.1 * np.arange(10) / 9
        run = wc.simulate(brain.to_network(0.3, 0.3, omega=omega), t1=300.0, num_samples=3001)
        locked = functional_connectivity(run, after=100.0)
        assert compare_connectivity(brain.weights, locked).pearson > 0.9
