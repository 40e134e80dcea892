"""BOLD of recorded runs and while running, beside SciPy and limits."""

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

import wetcow as wc
from wetcow.observation import balloon


def run_of(z, interval):
    """A run whose power is `z`, (samples, modes) or (samples,)."""
    z = np.reshape(z, (len(z), -1))
    time = interval * np.arange(len(z))
    return xr.Dataset({"a": (("time", "mode"), np.sqrt(z) + 0j)}, {"time": time})


def by_scipy(z, times, constants):
    """BOLD by DOP853 from the equations as they are published; z is a function of time."""
    c = constants

    def change(t, x):
        s, f, v, q = x
        extraction = 1 - (1 - c.e0) ** (1 / f)
        out = v ** (1 / c.alpha)
        return [
            z(t) - c.kappa * s - c.gamma * (f - 1),
            s,
            (f - out) / c.tau,
            (f * extraction / c.e0 - out * q / v) / c.tau,
        ]

    found = solve_ivp(change, (0, times[-1]), [0, 1, 1, 1], "DOP853", times, rtol=1e-11, atol=1e-12)
    _, _, v, q = found.y
    return c.v0 * (c.k1 * (1 - q) + c.k2 * (1 - q / v) + c.k3 * (1 - v))


@pytest.fixture(scope="module")
def brain():
    rng = np.random.default_rng(3)
    weights = rng.uniform(size=(5, 5))
    return wc.Connectome(weights + weights.T, normalisation="spectral", frequency=10.0)


# Known answers


@pytest.mark.parametrize("name", ["stephan2007", "friston2003"])
def test_steady_state(name):
    c, z = balloon(name), 0.2
    seen = wc.bold(run_of(np.full(2001, z), 0.05), tr=1.0, time_unit=1.0, balloon=c)
    flow = 1 + z / c.gamma
    volume = flow**c.alpha
    content = volume * (1 - (1 - c.e0) ** (1 / flow)) / c.e0
    expected = c.v0 * (c.k1 * (1 - content) + c.k2 * (1 - content / volume) + c.k3 * (1 - volume))
    assert float(seen[-1, 0]) == pytest.approx(expected, rel=1e-8)
    assert float(seen[0, 0]) == 0


@pytest.mark.parametrize(("name", "peak"), [("stephan2007", 4.53), ("friston2003", 3.10)])
def test_impulse_response(name, peak):
    """Of a short pulse, beside SciPy and beside the sum of exponentials."""
    c, interval = balloon(name), 0.01
    times = interval * np.arange(3001)
    z = 1e-3 * np.exp(-(((times - 1.0) / 0.05) ** 2))
    seen = wc.bold(run_of(z, interval), tr=0.05, time_unit=1.0, balloon=c)
    t = seen.time.values
    exact = by_scipy(lambda t: np.interp(t, times, z), t, c)
    np.testing.assert_allclose(seen[:, 0], exact, atol=2e-5 * exact.max())
    area = 1e-3 * 0.05 * np.sqrt(np.pi)
    linear = area * c.impulse_response(t - 1.0)
    np.testing.assert_allclose(seen[:, 0], linear, atol=2e-3 * linear.max())
    assert t[np.argmax(seen.values)] - 1 == pytest.approx(peak, abs=0.06)
    assert float(seen[:, 0].min()) < -0.01 * linear.max()  # the undershoot


@pytest.mark.slow
def test_strong_activity_beside_scipy():
    interval, c = 0.02, balloon()
    times = interval * np.arange(1501)
    z = 0.6 * (1 + np.sin(times)) * (times < 15)
    seen = wc.bold(run_of(z, interval), tr=0.5, time_unit=1.0)
    exact = by_scipy(lambda t: np.interp(t, times, z), seen.time.values, c)
    np.testing.assert_allclose(seen[:, 0], exact, atol=1e-4 * np.abs(exact).max())


def test_transfer_function_beside_small_signals():
    """The response to a weak sine, integrated, and its closed form."""
    c, frequency, interval = balloon(), 0.08, 0.02
    times = interval * np.arange(5001)
    z = 1e-4 * (1 + np.cos(2 * np.pi * frequency * times))
    seen = wc.bold(run_of(z, interval), tr=0.1, time_unit=1.0)
    late = seen[seen.time >= 50, 0]
    turn = np.exp(-2j * np.pi * frequency * late.time.values)[:500]  # four periods
    found = 2 * np.mean(late.values[:500] * turn) / 1e-4
    assert found == pytest.approx(complex(c.response(frequency)), rel=2e-3)
    nu = 2j * np.pi * frequency
    flow = 1 / (nu**2 + c.kappa * nu + c.gamma)
    volume = flow / (nu * c.tau + 1 / c.alpha)
    more = 1 + (1 - c.e0) * np.log(1 - c.e0) / c.e0
    content = (more * flow - (1 / c.alpha - 1) * volume) / (nu * c.tau + 1)
    known = c.v0 * (-c.k1 * content - c.k2 * (content - volume) - c.k3 * volume)
    assert complex(c.response(frequency)) == pytest.approx(known, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("signal", ["real", "rate"])
def test_other_signals(signal):
    """Of a wave that turns steadily: its rate drives as a constant, its real part as a cosine."""
    times = 0.05 * np.arange(1201)
    a = 0.05 * np.exp(0.5j * times)
    run = xr.Dataset({"a": (("time", "mode"), a[:, None])}, {"time": times})
    seen = wc.bold(run, tr=0.5, time_unit=1.0, signal=signal, gain=0.1)
    z = 0.1 * (a.real if signal == "real" else np.full(times.size, 0.5))
    exact = by_scipy(lambda t: np.interp(t, times, z), seen.time.values, balloon())
    np.testing.assert_allclose(seen[:, 0], exact, atol=1e-5 * np.abs(exact).max())


# Properties


def test_steps_do_not_depend_on_samples():
    """A signal of straight lines: samples ten times as far apart say the same."""
    z = np.concatenate([np.linspace(0, 0.3, 31), np.full(60, 0.3)])
    coarse = wc.bold(run_of(z**2, 0.5), tr=1.5, time_unit=1.0)
    assert coarse.sizes["time"] == 31
    fine = np.interp(np.arange(901) * 0.05, np.arange(91) * 0.5, z**2)
    dense = wc.bold(run_of(fine, 0.05), tr=1.5, time_unit=1.0)
    np.testing.assert_allclose(coarse, dense, atol=1e-7)


@pytest.mark.slow  # compiles four ways to run
@pytest.mark.parametrize("precision", ["double", "single"])
def test_while_running_it_is_as_afterwards(brain, precision):
    net = brain.to_network(gamma=-1.2)
    settings = {"t1": 900.0, "num_samples": 3601, "noise": 0.05, "seed": 2, "precision": precision}
    seen = {"seen": wc.Bold(tr=0.72, time_unit=brain.time_unit)}
    during = wc.simulate(net, record=False, reduce=seen, **settings)
    afterwards = wc.bold(brain.label(wc.simulate(net, **settings)), tr=0.72)
    assert during.seen.dims == ("seen_time", "mode") and "time" not in during.sizes
    found = wc.bold(during)
    assert found.dims == afterwards.dims and found.time.attrs["units"] == "s"
    largest = float(np.abs(afterwards).max())
    tolerance = {"double": 1e-12, "single": 1e-4}[precision] * largest
    np.testing.assert_allclose(found, afterwards, atol=tolerance)
    np.testing.assert_allclose(found.time, 0.72 * np.arange(20))
    assert list(afterwards.region.values) == [*brain.regions]


@pytest.mark.slow  # compiles a sweep twice
def test_sweeps_take_volumes_too(brain):
    net = brain.to_network(gamma=-1.2)
    settings = {"t1": 300.0, "num_samples": 1201, "noise": 0.05}
    taking = {"bold": wc.Bold(tr=1.0, time_unit=brain.time_unit)}
    runs = wc.sweep(net, gamma=[-1.2, -1.5], seed=[0, 1], record=False, reduce=taking, **settings)
    assert runs.bold.dims == ("gamma", "seed", "bold_time", "mode")
    series = wc.bold(runs)
    assert series.dims == ("gamma", "seed", "time", "mode")
    recorded = wc.bold(wc.sweep(net, gamma=[-1.2, -1.5], seed=[0, 1], **settings), tr=1.0,
                       time_unit=brain.time_unit)  # fmt: skip
    np.testing.assert_allclose(series, recorded, atol=1e-10 * float(np.abs(series).max()))


# Files


@pytest.mark.slow
def test_volumes_are_saved_and_a_run_is_continued(brain, tmp_path, monkeypatch):
    from wetcow.simulation.run import Run

    net, path = brain.to_network(gamma=-1.2), tmp_path / "run.zarr"
    settings = {"t1": 600.0, "num_samples": 2401, "noise": 0.05, "seed": 2, "record": False}
    settings["reduce"] = {"bold": wc.Bold(tr=0.72, time_unit=brain.time_unit)}
    whole = wc.simulate(net, **settings)
    original, calls = Run.advance, []

    def stopped(self, *args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "advance", stopped)
        with pytest.raises(KeyboardInterrupt):
            wc.simulate(net, path=path, **settings)
    continued = wc.simulate(net, path=path, **settings)
    xr.testing.assert_equal(continued.load(), whole)
    assert "bold_time" in continued.indexes
    wc.save_run(wc.bold(continued), tmp_path / "bold.nc")
    xr.testing.assert_identical(wc.load_run(tmp_path / "bold.nc"), wc.bold(whole))
    with pytest.raises(FileExistsError, match="other arguments"):
        wc.simulate(net, path=path, **(settings | {"t1": 1200.0, "num_samples": 4801}))


# Pictures


@pytest.mark.slow
def test_volumes_and_statistics_are_drawn(brain):
    net = brain.to_network(gamma=-1.2)
    seen = {"bold": wc.Bold(tr=1.0, time_unit=brain.time_unit)}
    run = wc.simulate(net, t1=300.0, num_samples=601, dt=0.05, record=False, reduce=seen)
    axis = wc.plot(brain.label(run), modes=[0, 2]).axes[0]
    assert axis.get_ylabel() == "BOLD signal change" and axis.get_xlabel() == "time (s)"
    assert len(axis.lines) == 2
    rest = wc.resting_bold(wc.resting(net), time_unit=brain.time_unit)
    assert wc.plot(rest).axes[0].images
    frequency = np.linspace(0.01, 0.2, 20)
    rest = wc.resting_bold(wc.resting(net), time_unit=brain.time_unit, frequency=frequency)
    assert wc.plot(rest.spectrum).axes[0].get_ylabel() == "power spectrum of BOLD (1/Hz)"


# Errors


def test_errors(brain):
    run = wc.simulate(wc.Mode(gamma=1.0), t1=10.0, num_samples=101, dt=0.05)
    with pytest.raises(ValueError, match="time_unit"):
        wc.bold(run, tr=2.0)
    with pytest.raises(ValueError, match="needs the time between volumes"):
        wc.bold(run, time_unit=1.0)
    with pytest.raises(ValueError, match="samples are 0"):
        wc.bold(run, tr=0.05, time_unit=1.0)
    with pytest.raises(ValueError, match="evenly"):
        wc.bold(run.isel(time=[0, 1, 3]), tr=1.0, time_unit=1.0)
    with pytest.raises(ValueError, match="signal"):
        wc.Bold(tr=1.0, time_unit=1.0, signal="phase")
    with pytest.raises(ValueError, match="alpha"):
        balloon(alpha=2.0)
    with pytest.raises(ValueError, match="stephan2007"):
        balloon("buxton")
    with pytest.raises(ValueError, match="take more samples"):
        seen = {"bold": wc.Bold(tr=0.01, time_unit=1.0)}
        wc.simulate(wc.Mode(gamma=1.0), t1=10.0, num_samples=101, dt=0.05, reduce=seen)
    with pytest.raises(ValueError, match="already"):
        seen = {"bold": wc.Bold(tr=1.0, time_unit=1.0)}
        wc.bold(
            wc.simulate(wc.Mode(gamma=1.0), t1=10.0, num_samples=101, dt=0.05, reduce=seen), tr=1.0
        )


def test_activity_beyond_the_model_is_nan_and_said():
    times = 0.05 * np.arange(401)
    a = -5 * np.ones((401, 1)) + 0j
    run = xr.Dataset({"a": (("time", "mode"), a)}, {"time": times})
    with pytest.warns(UserWarning, match="lower the gain"):
        seen = wc.bold(run, tr=1.0, time_unit=1.0, signal="real")
    assert bool(np.isnan(seen[-1, 0]))


def test_waves_that_are_not_resolved_are_said():
    run = xr.Dataset(
        {"a": (("time", "mode"), np.exp(2.5j * np.arange(101))[:, None])},
        {"time": np.arange(101.0)},
    )
    with pytest.warns(UserWarning, match="not resolved"):
        wc.bold(run, tr=1.0, time_unit=1.0, signal="real", gain=0.01)
