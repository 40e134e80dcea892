"""Aperiodic slopes, communities, lags and travelling waves: known answers, pictures, errors."""

import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.plotting.hemispheres import sides_of


def series(values, interval=0.01, **coords):
    time = ("time", interval * np.arange(len(values)), {"units": "s"})
    modes = {"mode": np.arange(values.shape[1])}
    return xr.DataArray(values, {"time": time, **modes, **coords}, ("time", "mode"))


# Known answers


class TestSpectra:
    frequency = np.arange(1.0, 51.0, 0.5)

    def spectra(self, *powers):
        frequency = ("frequency", self.frequency, {"units": "Hz"})
        values = np.stack(powers, axis=1)
        return xr.DataArray(values, {"frequency": frequency}, ("frequency", "mode"), "spectrum")

    def test_slope_and_peak(self):
        pytest.importorskip("specparam")
        f = self.frequency
        steep = 20 * f**-2.0
        peaked = 5 * f**-1.0 * 10 ** (0.9 * np.exp(-((f - 10) ** 2) / (2 * 1.5**2)))
        found = wc.fit_spectrum(self.spectra(steep, peaked), max_peaks=2)
        np.testing.assert_allclose(found.exponent, [2.0, 1.0], atol=0.03)
        np.testing.assert_allclose(found.offset, np.log10([20, 5]), atol=0.05)
        np.testing.assert_allclose(found.peak_frequency[1, 0], 10, atol=0.1)
        np.testing.assert_allclose(found.peak_height[1, 0], 0.9, atol=0.05)
        assert np.isnan(found.peak_frequency[1, 1]) and np.all(found.r_squared > 0.99)
        np.testing.assert_allclose(found.background.sel(mode=0), steep, rtol=0.05)
        assert len(wc.plot(found).axes) == 2

    def test_knee_and_what_cannot_be_fitted(self):
        pytest.importorskip("specparam")
        f = self.frequency
        bent = 100 / (60 + f**2.0)
        found = wc.fit_spectrum(self.spectra(bent, 0 * f), knee=True, max_peaks=0)
        np.testing.assert_allclose(found.exponent[0], 2, atol=0.05)
        np.testing.assert_allclose(found.knee[0], 60, rtol=0.1)
        assert np.isnan(found.exponent[1]) and np.isnan(found.model.sel(mode=1)).all()

    def test_noise_of_a_mode_falls_with_the_square(self):
        """The spectrum of dx = −x dt + dW falls with f⁻² far above 1/2π."""
        pytest.importorskip("specparam")
        f = np.arange(3.0, 40.0, 0.25)
        power = xr.DataArray((1 / (1 + (2 * np.pi * f) ** 2))[:, None], {"frequency": f},
                             ("frequency", "mode"))  # fmt: skip
        found = wc.fit_spectrum(power, low=5.0, max_peaks=0)
        np.testing.assert_allclose(found.exponent, 2, atol=0.01)


class TestGraphs:
    def test_beside_networkx(self, rng):
        networkx = pytest.importorskip("networkx")
        weights = rng.uniform(0, 1, (12, 12)) + 2 * np.kron(np.eye(3), np.ones((4, 4)))
        weights = (weights + weights.T) / 2
        np.fill_diagonal(weights, 0)
        found = wc.graph_measures(weights, seed=1)
        assert found.community.values.tolist() == [0] * 4 + [1] * 4 + [2] * 4
        graph = networkx.from_numpy_array(weights)
        parts = [set(range(4 * i, 4 * i + 4)) for i in range(3)]
        expected = networkx.community.modularity(graph, parts)
        assert float(found.modularity) == pytest.approx(expected)
        for one, other, values in graph.edges(data=True):
            graph[one][other]["length"] = weights.max() / values["weight"]
        paths = dict(networkx.all_pairs_dijkstra_path_length(graph, weight="length"))
        inverse = [1 / paths[i][j] for i in range(12) for j in range(12) if i != j]
        assert float(found.efficiency) == pytest.approx(np.mean(inverse))
        figure = wc.plot(found)
        assert "modularity" in figure.axes[1].get_title()

    def test_participation(self):
        """A region with equal links to both of two communities: 1 − 2/4."""
        weights = np.zeros((5, 5))
        for i, j in ((0, 1), (2, 3), (4, 0), (4, 2)):
            weights[i, j] = weights[j, i] = 1.0
        found = wc.graph_measures(weights, [0, 0, 1, 1, 0])
        np.testing.assert_allclose(found.participation, [0, 0, 0.5, 0, 0.5])

    def test_negative_and_unknown_links_are_none(self):
        array = xr.DataArray([[1, 0.5, np.nan], [0.5, 1, -0.3], [np.nan, -0.3, 1]],
                             dims=("mode", "mode_from"))  # fmt: skip
        found = wc.graph_measures(array, [0, 0, 1])
        assert found.connectivity.sum() == 1 and np.isnan(found.participation[2])
        assert float(found.efficiency) == pytest.approx(1 / 3)


class TestWaves:
    def test_lags_of_delayed_noise(self, rng):
        noise = np.convolve(rng.normal(size=4000), np.hanning(15), "same")
        shifts = [0, 3, -2]
        values = np.stack([np.roll(noise, shift) for shift in shifts], axis=1)[50:-50]
        found = wc.lags(series(values), longest=0.1)
        expected = 0.01 * (np.array(shifts)[:, None] - shifts)
        np.testing.assert_allclose(found, expected, atol=3e-4)
        assert found.attrs["units"] == "s"
        assert wc.plot(found).axes[0].get_ylabel() == "to mode"
        assert np.isnan(wc.lags(series(values), longest=0.02)[1, 2])

    def wave(self, rng, direction, speed, noise=0.0):
        places = rng.uniform(0, 80, (40, 3))
        travel = places @ np.asarray(direction) * 1e-3 / speed  # s
        phase = 2 * np.pi * 10 * (0.004 * np.arange(200)[:, None] - travel)
        phase = phase + noise * rng.normal(size=phase.shape)
        return series(np.exp(1j * phase), 0.004), places

    def test_direction_and_speed_of_a_plane_wave(self, rng):
        direction = np.array([2.0, -1, 2]) / 3
        wave, places = self.wave(rng, direction, 4.0, noise=0.2)
        found = wc.travelling_waves(wave, places)
        mean = found.direction.mean("time").values
        np.testing.assert_allclose(mean / np.linalg.norm(mean), direction, atol=0.02)
        assert float(found.speed.median()) == pytest.approx(4.0, rel=0.05)
        assert float(found.wavelength.median()) == pytest.approx(400, rel=0.05)
        # Half of the regions are within a fifth of a turn, so that much is synchrony.
        assert float(found.quality.min()) > float(found.chance) > 0.9
        assert len(wc.plot(found).axes) == 4
        some = [0, 10, 20, 30]  # of few regions all others are neighbours
        assert wc.travelling_waves(wave[:, some], places[some]).sizes["time"] == 200
        # The other sign of all phases is the same wave; the other order of times is not.
        same = wc.travelling_waves(wave.conj(), places)
        np.testing.assert_allclose(same.direction, found.direction, atol=1e-6)
        turned = wave.copy(data=wave.values[::-1])
        back = wc.travelling_waves(turned, places).direction.mean("time").values
        np.testing.assert_allclose(back, -mean, atol=0.01)

    def test_independent_phases_are_no_wave(self, rng):
        values = np.exp(2j * np.pi * rng.random((100, 40)))
        found = wc.travelling_waves(series(values), rng.uniform(0, 80, (40, 3)))
        assert 0.01 < float((found.quality > found.chance).mean()) < 0.15

    def test_positions_of_labels(self, rng):
        wave, places = self.wave(rng, [1.0, 0, 0], 4.0)
        axes = {axis: ("mode", values) for axis, values in zip("xyz", places.T, strict=True)}
        found = wc.travelling_waves(wave.assign_coords(axes))
        np.testing.assert_allclose(found.speed, 4.0, rtol=1e-3)


@pytest.mark.parametrize(
    "names, sides",
    [
        (("lh.insula", "rh.insula", "Brain-Stem"), (0, 2, 1)),
        (("ctx-lh-insula", "ctx-rh-insula"), (0, 2)),
        (("L_V1_ROI", "R_V1_ROI"), (0, 2)),
        (("Precentral_L", "Precentral_R"), (0, 2)),
        (("7Networks_LH_Vis_1", "7Networks_RH_Vis_1"), (0, 2)),
        (("rV1", "lV1"), (2, 0)),
        (("Left Thalamus", "Right Thalamus"), (0, 2)),
    ],
)
def test_hemispheres_of_atlases(names, sides):
    found = sides_of([*(3 * names[:2]), *names[2:]])  # one of seven may be of no side
    assert found is not None and tuple(found) == (*(3 * sides[:2]), *sides[2:])


def test_pictures_have_the_left_hemisphere_first():
    names = ("A_L", "A_R", "B_L", "B_R")
    weights = np.arange(16.0).reshape(4, 4) + 1
    axis = wc.plot(wc.Connectome(weights, regions=names)).axes[0]
    assert [one.get_text() for one in axis.get_yticklabels()] == ["A_L", "B_L", "A_R", "B_R"]
    assert {one.get_text() for one in axis.texts} == {"left", "right"}
    shown = axis.images[0].get_array()
    assert shown[0, 1] == weights[0, 2] and shown[3, 0] == weights[3, 0]
    plain = wc.plot(wc.Connectome(weights, regions=("a", "b", "c", "d"))).axes[0]
    assert not plain.texts and plain.images[0].get_array()[0, 1] == weights[0, 1]


# Errors


def test_errors(rng):
    values = series(rng.normal(size=(50, 5)))
    with pytest.raises(ValueError, match="a real series has no phases"):
        wc.travelling_waves(values)
    with pytest.raises(ValueError, match="need positions"):
        wc.travelling_waves(values + 0j)
    with pytest.raises(ValueError, match=r"positions must have shape \(5, 3\)"):
        wc.travelling_waves(values + 0j, np.zeros((4, 3)))
    with pytest.raises(ValueError, match="4 regions or more"):
        wc.travelling_waves((values + 0j)[:, :3])
    with pytest.raises(ValueError, match="half the series"):
        wc.lags(values, longest=1.0)
    with pytest.raises(ValueError, match="no positive links"):
        wc.graph_measures(-np.ones((3, 3)), [0, 0, 1])
    with pytest.raises(ValueError, match=r"communities must have shape \(3,\)"):
        wc.graph_measures(np.ones((3, 3)), [0, 1])
    pytest.importorskip("specparam")
    with pytest.raises(ValueError, match="fits spectra on frequency and mode"):
        wc.fit_spectrum(values)
    spectrum = wc.power_spectrum(values)
    with pytest.raises(ValueError, match="a fit needs"):
        wc.fit_spectrum(spectrum, low=20.0, high=21.0)
