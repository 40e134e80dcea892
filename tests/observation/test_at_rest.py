"""BOLD at rest in closed form, beside integrals over frequencies and lags, and simulation."""

import numpy as np
import pytest

import wetcow as wc
from wetcow.observation import balloon

UNIT = 0.016


@pytest.fixture(scope="module")
def rest():
    rng = np.random.default_rng(1)
    r = 0.15 * (rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))
    np.fill_diagonal(r, 0)
    net = wc.Network([-0.4, -0.5, -0.6, -0.7], [1.0, 1.1, 0.9, 1.05], wc.Dense(r))
    return wc.resting(net, noise=[0.01, 0.02, 0.01, 0.015])


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize("signal", ["power", "real"])
def test_covariance_beside_lags(rest, signal):
    """The integral of covariances at lags with the autocorrelation of the response, by Simpson."""
    from scipy.integrate import simpson

    # A wave is fast beside blood, so that of Re a little is left: here blood is a hundred times
    # as fast, so that both are of one size.
    c = balloon(kappa=64.0, gamma=3200.0, tau=0.02)
    time = np.linspace(0, 0.6, 1201)
    h = c.impulse_response(time)
    found = wc.resting_bold(rest, time_unit=UNIT, signal=signal, gain=0.3, balloon=c)
    lag = np.linspace(0, 60, 601)
    s = rest.lagged_covariance(lag)
    own = np.abs(s) ** 2 if signal == "power" else 0.5 * s.real
    far = lag * UNIT
    shared = [simpson(h * c.impulse_response(time + one), x=time) for one in far]
    half = simpson(own * np.reshape(shared, (-1, 1, 1)), x=far, axis=0)
    np.testing.assert_allclose(
        found.covariance, 0.3**2 * (half + half.T), atol=1e-4 * float(np.abs(half).max()) * 0.09
    )
    np.testing.assert_allclose(np.diagonal(found.correlation), 1)


@pytest.mark.parametrize("signal", ["power", "real"])
def test_spectrum_integrates_to_the_variance(rest, signal):
    c = balloon(kappa=64.0, gamma=3200.0, tau=0.02)
    frequency = np.linspace(0, 300, 30001)
    found = wc.resting_bold(rest, time_unit=UNIT, frequency=frequency, signal=signal, balloon=c)
    total = np.trapezoid(found.spectrum, frequency, axis=0)
    np.testing.assert_allclose(total, np.diagonal(found.covariance), rtol=1e-3)
    assert found.spectrum.dims == ("frequency", "mode") and found.frequency.attrs["units"] == "Hz"


def test_slow_blood_sees_spectra_of_power_at_zero():
    """Independent modes of one damping: variance |Q|²/(2γ)² · 1/(2|γ|) · ∫h² twice."""
    net = wc.Mode(gamma=[-0.5, -0.5], omega=1.0)
    found = wc.resting_bold(wc.resting(net, noise=0.1), time_unit=1e-5)
    time = np.linspace(0, 60, 60001)
    energy = np.trapezoid(balloon().impulse_response(time) ** 2, time)
    power = 0.1**2 / (2 * 0.5)
    expected = power**2 * 2 / (2 * 0.5) * 1e-5 * energy
    np.testing.assert_allclose(found.covariance, expected * np.eye(2), rtol=1e-3, atol=1e-20)


# Simulation


@pytest.mark.slow  # three thousand volumes
def test_beside_simulation():
    """Correlations of volumes of the nonlinear model under weak noise."""
    pair = wc.Network(-0.5, [1.0, 1.02], wc.Dense([[0, 0.45], [0.45, 0]]))
    c = balloon(kappa=6.4, gamma=32.0, tau=0.2)  # ten times as fast, so that less time is needed
    found = wc.resting_bold(wc.resting(pair, noise=1e-4), time_unit=UNIT, balloon=c)
    taking = {"bold": wc.Bold(tr=0.5, time_unit=UNIT, balloon=c)}
    settings = {"noise": 1e-4, "dt": 0.2, "record": False, "reduce": taking}
    runs = wc.sweep(pair, t1=12_000.0, num_samples=15_001, seed=range(8), **settings)
    series = wc.bold(runs).sel(time=slice(5, None)).stack(both=("seed", "time"))
    measured = np.corrcoef(series.transpose("mode", "both").values)[0, 1]
    assert float(found.correlation[0, 1]) == pytest.approx(measured, abs=0.03)
    variance = series.var("both").values
    # That of a variance of squares is known within (8/3000)^½ from so many correlation times.
    np.testing.assert_allclose(variance, np.diagonal(found.covariance), rtol=0.15)


# Errors


def test_errors(rest):
    with pytest.raises(TypeError, match="resting"):
        wc.resting_bold(np.eye(2), time_unit=1.0)
    with pytest.raises(ValueError, match="signal"):
        wc.resting_bold(rest, time_unit=1.0, signal="rate")
    with pytest.raises(ValueError, match="time_unit"):
        wc.resting_bold(rest, time_unit=0.0)
    delayed = wc.Network(-1.0, [1.0, 1.0], wc.Delayed([[0, 0.2], [0.2, 0]], [[0, 1.0], [1.0, 0]]))
    with pytest.raises(ValueError, match="phase"):
        wc.resting_bold(wc.resting(delayed), time_unit=1.0)
    chain = wc.Network(-1.0, 1.0, wc.Dense([[0, 0.0], [0.3, 0]]))
    with pytest.raises(ValueError, match="without noise nothing moves"):
        wc.resting_bold(wc.resting(chain, noise=0.0), time_unit=1.0)
    with pytest.raises(ValueError, match="nearly parallel"):
        wc.resting_bold(wc.resting(chain), time_unit=1.0)
