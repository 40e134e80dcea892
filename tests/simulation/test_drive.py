"""Input in time: what it does to modes, and that runs with it are as sound as others."""

import itertools
import operator

import conftest
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import wetcow as wc
from wetcow.modes.system import System
from wetcow.process import _JAX
from wetcow.simulation import chunks
from wetcow.simulation.files.store import ZarrStore

SIZE = 3
OMEGA = np.array([0.8, 1.0, 1.3])
FINE = {"rtol": 1e-10, "atol": 1e-12}


class Decay(System):
    """da/dt = λa."""

    slope: complex = -0.3 + 1.0j

    @property
    def size(self):
        return 1

    def field(self, a, past=None):
        return self.slope * a

    def rate(self):
        return abs(self.slope)

    def parameters(self):
        return {"slope": self.slope}

    def replace(self, **parameters):
        return Decay(**parameters)


@pytest.fixture
def net(rng):
    return wc.Network(0.3, OMEGA, wc.Dense(conftest.random_coupling(rng, SIZE)))


@pytest.fixture
def drive(rng):
    """All three inputs over uneven times, with a jump at a sample and one between samples."""
    times = np.sort(np.r_[0.0, rng.uniform(0, 20, 8), 7.0, 7.0, 11.03, 11.03, 20.0])
    shape = (times.size, SIZE)
    additive = 0.2 * (rng.normal(size=shape) + 1j * rng.normal(size=shape))
    return wc.Drive(
        times, gamma=rng.normal(size=shape), omega=rng.normal(size=times.size), additive=additive
    )


def reference(net, drive, times):
    """By SciPy, from one time of the drive or sample to the next."""
    c, r = net.modes, np.asarray(net.coupling.r)

    def at(t, values):
        rows = np.reshape(values, (drive.times.size, -1))
        return np.array([np.interp(t, drive.times, row) for row in rows.T])

    def field(t, y):
        a = y[:SIZE] + 1j * y[SIZE:]
        own = c.gamma + 1j * c.omega + at(t, drive.gamma) + 1j * at(t, drive.omega)
        own = own + c.w_a * (a * np.exp(-1j * c.psi)).real - c.alpha * abs(a)
        own = own + 1j * c.w_phi * a.real
        added = at(t, drive.additive.real) + 1j * at(t, drive.additive.imag)
        found = own * a + r @ a + added
        return np.r_[found.real, found.imag]

    y, found = np.r_[np.full(SIZE, 0.1), np.zeros(SIZE)], []
    ends = np.unique(np.r_[drive.times, times])
    for start, end in itertools.pairwise(ends):
        if start in times:
            found.append(y)
        span = (start + 1e-13, end - 1e-13)
        y = solve_ivp(field, span, y, method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    found = np.array([*found, y])
    return found[:, :SIZE] + 1j * found[:, SIZE:]


# Known answers


@pytest.mark.slow
def test_a_constant_drive_is_a_change_of_parameters(net):
    """Adaptive steps of a drive are compared with SciPy's below."""
    how = {"dt": 0.02}
    drive = wc.Drive([0, 20], gamma=[0.4, 0.4], omega=np.tile([0.1, 0, -0.2], (2, 1)))
    driven = wc.simulate(net, 20.0, num_samples=41, drive=drive, **how)
    changed = net.replace(gamma=0.7, omega=OMEGA + np.array([0.1, 0, -0.2]))
    expected = wc.simulate(changed, 20.0, num_samples=41, **how)
    np.testing.assert_allclose(driven.a, expected.a, atol=2e-7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "error"), [(FINE, 1e-10), ({"dt": 0.1}, 1e-6), ({"precision": "single"}, 1e-5)]
)
def test_linear_decay_with_additive_input(how, error):
    """A pulse that begins and ends between samples: a(t) = u (e^{λt} − 1)/λ while it lasts."""
    drive = wc.pulse(2.03, 5.04, additive=0.5j)
    run = wc.simulate(Decay(), 20.0, num_samples=21, a0=0.0, drive=drive, **how)
    slope, t = Decay().slope, run.time.values
    lasted = np.clip(t - 2.03, 0, 5.04)
    expected = 0.5j * np.expm1(slope * lasted) / slope * np.exp(slope * np.maximum(t - 7.07, 0))
    np.testing.assert_allclose(run.a[:, 0], expected, atol=error)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "error"),
    [(FINE, 1e-9), ({}, 1e-7), ({"dt": 0.02}, 1e-8), ({"precision": "single"}, 1e-4)],
)
def test_scipy_finds_the_same(net, drive, how, error):
    run = wc.simulate(net, 20.0, num_samples=41, drive=drive, **how)
    expected = reference(net, drive, run.time.values)
    np.testing.assert_allclose(run.a, expected, atol=error)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "error", "apart"), [({}, 1e-6, 1e-6), ({"dt": 0.02}, 1e-8, 1e-10)])
def test_calls_of_few_steps_lose_no_jump(net, drive, how, error, apart, monkeypatch):
    """In pieces of compiled calls: also at their ends."""
    whole = wc.simulate(net, 20.0, num_samples=3, drive=drive, **how)
    np.testing.assert_allclose(whole.a, reference(net, drive, whole.time.values), atol=error)
    for name in ("STEPS_PER_CALL", "STEPS_PER_CHUNK"):
        monkeypatch.setattr(chunks, name, 20.0)
    parts = wc.simulate(net, 20.0, num_samples=3, drive=drive, **how)
    np.testing.assert_allclose(parts.a, whole.a, atol=apart)
    runs = wc.sweep(net, 20.0, num_samples=3, drive=drive, coupling_strength=[0.5, 1.0], **how)
    np.testing.assert_allclose(runs.a[1], whole.a, atol=apart)


@pytest.mark.slow
def test_a_short_pulse_is_not_stepped_over():
    """Nothing moves for 500 time units, so that steps become long; then there is a kick."""
    mode = wc.Mode(gamma=-0.01, omega=1e-3)
    run = wc.simulate(mode, 1000.0, num_samples=3, a0=0.0, drive=wc.pulse(499.9, 1e-3, additive=1))
    assert not run.a[0].any() and abs(run.a[1, 0]) == pytest.approx(1e-3, rel=0.01)
    trapezoid = wc.pulse(499.8, 2e-3, additive=1, rise=1e-3)
    run = wc.simulate(mode, 1000.0, num_samples=3, a0=0.0, drive=trapezoid)
    assert abs(run.a[1, 0]) == pytest.approx(1e-3, rel=0.01)


@pytest.mark.slow
def test_a_function_of_time_is_what_its_samples_are():
    mode, times = wc.Mode(gamma=-0.1), np.linspace(0, 20, 4001)
    function = wc.Drive(gamma=lambda t: 1.5 * jnp.exp(-((t - 8) ** 2) / 8))
    samples = wc.Drive(times, gamma=1.5 * np.exp(-((times - 8) ** 2) / 8))
    one, other = (
        wc.simulate(mode, 20.0, num_samples=41, dt=0.02, drive=d) for d in (function, samples)
    )
    np.testing.assert_allclose(one.a, other.a, atol=1e-6)
    assert one.attrs["drive_gamma"].startswith("function <lambda>, ")


@pytest.mark.slow
def test_a_step_is_no_longer_than_asked():
    """Nothing says where this function is not zero."""
    mode = wc.Mode(gamma=-0.01, omega=1e-3)

    def kick(t):
        return jnp.where(jnp.abs(t - 500) < 0.5, 1e-3, 0.0)

    for drive in (wc.Drive(additive=kick, max_step=0.25), wc.Drive([499.5, 500.5], additive=kick)):
        run = wc.simulate(mode, 1000.0, num_samples=3, a0=0.0, drive=drive)
        assert abs(run.a[-1, 0]) > 1e-6


@pytest.mark.slow
def test_oscillators_without_amplitude_are_turned():
    drive = wc.Drive([0, 10], omega=[0.0, 1.0])
    phases = wc.Kuramoto(np.zeros(2), wc.LowRank.uniform(2, 0.5))
    run = wc.simulate(phases, 10.0, num_samples=11, drive=drive)
    turned = np.unwrap(np.angle(run.a[:, 0]))
    np.testing.assert_allclose(turned - turned[0], run.time**2 / 20, atol=1e-6)


@pytest.mark.slow
def test_delays_and_input_converge(net, drive):
    delayed = net.replace(coupling=wc.Delayed(net.coupling.r, 0.7 * (1 - np.eye(SIZE))))
    coarse, fine, finest = (
        wc.simulate(delayed, 20.0, num_samples=21, drive=drive, dt=dt).a for dt in (0.1, 0.05, 0.01)
    )
    error = abs(fine - finest).max()
    assert error < 1e-4 and error < 0.5 * abs(coarse - finest).max()


@pytest.mark.slow
def test_gradients_are_finite_differences(net, drive):
    def loss(gamma, additive):
        given = wc.Drive(drive.times, gamma=gamma, omega=drive.omega, additive=additive)
        times = jnp.linspace(0, 20, 3)
        a = wc.integrate(
            net, jnp.full(SIZE, 0.1 + 0j), times, drive=given, max_steps=1024, rtol=1e-10
        )
        return jnp.sum(jnp.abs(a[-1]) ** 2)

    with jax.enable_x64(True):
        both = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
        _, slopes = both(drive.gamma, drive.additive)

        def value(*arguments):
            return float(both(*arguments)[0])

        for index in ((-3, 1), (6, 0)):
            moved = np.zeros_like(drive.gamma)
            moved[index] = 1e-4
            one = value(drive.gamma + moved, drive.additive)
            other = value(drive.gamma - moved, drive.additive)
            assert float(slopes[0][index]) == pytest.approx(
                (one - other) / 2e-4, rel=1e-4, abs=1e-9
            )
            one = value(drive.gamma, drive.additive + 1j * moved)
            other = value(drive.gamma, drive.additive - 1j * moved)
            assert -float(slopes[1][index].imag) == pytest.approx(
                (one - other) / 2e-4, rel=1e-4, abs=1e-9
            )


@pytest.mark.slow
def test_a_stimulus_starts_a_memory():
    """Ten modes at rest, of which one is kicked, replay the memory long after."""
    target = wc.Mode(gamma=1.9)
    net = wc.memorize(target, np.linspace(0.5, 1.5, 10), background=-0.1, max_weight=0.5)
    kick = wc.pulse(20.0, 5.0, additive=0.2 * (np.arange(10) == 0))
    settings = {"num_samples": 2001, "dt": 0.05, "a0": 0.0, "drive": kick}
    run = wc.simulate(net, 200.0, **settings)
    assert not run.a.sel(time=slice(0, 20)).any()
    rates = wc.spiking_frequency(run, after=100.0)
    np.testing.assert_allclose(rates, target.spiking_frequency(), rtol=0.01)
    alone = wc.simulate(net.modes, 200.0, **settings)
    assert abs(alone.a.sel(time=25.0)[0]) > 0.05 and abs(alone.a[-1]).max() < 1e-6


# Properties


@pytest.mark.slow
def test_no_input_changes_nothing(net):
    """Also the noise is the same, step by step, where steps are not cut."""
    nothing = wc.Drive([0, 10], gamma=[0.0, 0.0], additive=np.zeros((2, SIZE)))
    settings = {"t1": 10.0, "num_samples": 21, "noise": 0.05, "seed": 3, "dt": 0.05}
    one, other = wc.simulate(net, **settings), wc.simulate(net, drive=nothing, **settings)
    np.testing.assert_allclose(one.a, other.a, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"dt": 0.05}, {"noise": 0.02, "seed": 1}])
def test_an_interrupted_run_goes_on_alike(net, drive, how, tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "STEPS_PER_CHUNK", 100.0)
    settings = {"t1": 20.0, "num_samples": 201, **how}
    whole = wc.simulate(net, drive=drive, **settings)
    with conftest.interrupted(monkeypatch, ZarrStore, "checkpoint", 3, after=True):
        wc.simulate(net, drive=drive, path=tmp_path / "run.zarr", **settings)
    for other in (drive.scaled(2.0), None):
        with pytest.raises(FileExistsError, match="drive_gamma"):
            wc.simulate(net, drive=other, path=tmp_path / "run.zarr", **settings)
    again = wc.simulate(net, drive=drive, path=tmp_path / "run.zarr", **settings)
    assert again.load().identical(whole)
    wc.save_run(whole, tmp_path / "run.nc")
    loaded = wc.load_run(tmp_path / "run.nc")
    assert loaded.identical(whole)
    np.testing.assert_array_equal(loaded.attrs["drive_additive"], drive.additive)


@pytest.mark.slow
def test_functions_are_told_apart_by_what_they_do(tmp_path):
    def settings(rise):
        drive = wc.Drive(gamma=lambda t: rise * t)
        return {"t1": 5.0, "num_samples": 11, "drive": drive, "path": tmp_path / "run.zarr"}

    run = wc.simulate(wc.Mode(gamma=0.1), **settings(0.1))
    assert wc.simulate(wc.Mode(gamma=0.1), **settings(0.1)).identical(run)
    with pytest.raises(FileExistsError, match="drive_gamma"):
        wc.simulate(wc.Mode(gamma=0.1), **settings(0.2))


@pytest.mark.slow
def test_sweeps_have_the_drive_of_single_runs(net, drive):
    settings = {"t1": 20.0, "num_samples": 21, "dt": 0.05}
    runs = wc.sweep(net, **settings, drive=drive, coupling_strength=[0.5, 1.0])
    one = wc.simulate(net, **settings, drive=drive)
    np.testing.assert_allclose(runs.a[1], one.a, atol=1e-6)
    assert runs.attrs["system"] == "Network" and "drive_times" in runs.attrs
    built = wc.sweep(
        lambda strength: net.replace(coupling_strength=strength),
        **settings,
        drive=drive,
        strength=[0.5, 1.0],
    )
    np.testing.assert_allclose(built.a, runs.a, atol=1e-6)
    kick = wc.pulse(3.0, 2.0, gamma=0.7)
    runs = wc.sweep(net, **settings, drive={"given": drive, "pulse": kick}, seed=[0, 1])
    assert dict(runs.sizes) == {"drive": 2, "seed": 2, "time": 21, "mode": SIZE}
    one = wc.simulate(net, **settings, drive=kick, seed=1)
    np.testing.assert_allclose(runs.a.sel(drive="pulse", seed=1), one.a, atol=1e-6)
    assert wc.sweep(net, **settings, drive=[kick, kick.scaled(0.5)]).drive.values.tolist() == [0, 1]


@pytest.mark.slow
def test_other_values_and_lengths_compile_nothing_new(net):
    def go(times, height):
        drive = wc.Drive(times, gamma=np.full(len(times), height))
        wc.simulate(net, times[-1], num_samples=11, drive=drive)

    go([0.0, 10.0], 0.1)
    _JAX.compiled = 0  # which it may become by itself, once some hundred were compiled
    for number in range(3, 9):
        go(np.linspace(0, 10 + number, number), 0.1 * number)
    assert _JAX.compiled == 0


# Errors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "needs gamma, omega or additive"),
        ({"gamma": [1.0, 2.0]}, "give the times"),
        ({"times": [0, 1], "gamma": 1.0}, "one row for each"),
        ({"times": [0, 1], "gamma": [1, 2, 3]}, "one row for each"),
        ({"times": [0, 2, 1], "gamma": [1, 2, 3]}, "1 comes after 2"),
        ({"times": [0, 1, 1, 1], "gamma": [1, 2, 3, 4]}, "twice"),
        ({"times": [0, np.nan], "gamma": [1, 2]}, "times must be finite"),
        ({"times": [0, 1], "gamma": [1, np.nan]}, "gamma must be finite"),
        ({"times": [0, 1], "gamma": [1, 2j]}, "gamma must be real"),
        ({"times": [0, 1], "gamma": np.ma.masked_equal([1, 2], 2)}, "gamma has 1 masked"),
        ({"times": [0, 1], "additive": ["a", "b"]}, "additive must be an array of numbers"),
        ({"times": [0, 1], "gamma": [[1, 2]] * 2, "omega": [[1, 2, 3]] * 2}, "numbers of modes"),
        ({"times": [0, 1], "gamma": [1, 2], "outside": "nothing"}, "outside"),
        ({"gamma": jnp.sin, "max_step": 0.0}, "max_step"),
    ],
)
def test_wrong_drives(arguments, words):
    with pytest.raises(ValueError, match=words):
        wc.Drive(**arguments)


@pytest.mark.parametrize(
    ("drive", "words"),
    [
        (wc.Drive([0, 5], gamma=[1, 2]), r"from t=0 to t=5.*to t=10.*outside="),
        (wc.Drive([0, 10], gamma=np.ones((2, 4))), "for 4 modes, but this Network has 3"),
        (wc.Drive(gamma=np.sin), "jax.numpy"),
        (wc.Drive(gamma=operator.itemgetter(0)), "jax.numpy"),
        (wc.Drive(gamma=lambda t: t * jnp.ones(5)), r"got shape \(5,\)"),
        (wc.Drive(gamma=lambda t: 1j * t), "real numbers"),
        (wc.Drive(gamma=lambda t: 1 / (t - t)), "not finite at t=0"),
        (0.5, "must be a wetcow.Drive"),
    ],
)
def test_drives_that_do_not_fit(net, drive, words):
    with pytest.raises((ValueError, TypeError), match=words):
        wc.simulate(net, 10.0, num_samples=11, drive=drive)
    with pytest.raises((ValueError, TypeError), match=words):
        wc.sweep(net, 10.0, num_samples=11, drive=drive, gamma=[0.5, 1.0])


def test_systems_that_take_no_such_drive():
    coupling = wc.LowRank.uniform(2, 0.1)
    kick = wc.pulse(0.0, 1.0, gamma=1.0)
    with pytest.raises(ValueError, match="current"):
        wc.simulate(wc.LeakyIntegrateAndFire(1.5, coupling), 10.0, drive=kick)
    with pytest.raises(ValueError, match="only omega"):
        wc.simulate(wc.Kuramoto(1.0, coupling), 10.0, drive=kick)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"duration": 0.0}, "duration"),
        ({"rise": 0.6}, "rise"),
        ({"count": 2}, "period"),
        ({"count": 2, "period": 1.0}, "period"),
        ({"count": 10**12, "period": 2.0}, "GB, more than the limit"),
        ({"gamma": None}, "needs gamma"),
        ({"gamma": [[1.0]]}, "one for each mode"),
        ({"gamma": np.ma.masked_equal([1, 2], 2)}, "gamma has 1 masked"),
    ],
)
def test_wrong_pulses(arguments, words):
    with pytest.raises(ValueError, match=words):
        wc.pulse(**({"start": 0.0, "duration": 1.0, "gamma": 1.0} | arguments))


@pytest.mark.parametrize("factor", [np.nan, "x", None, [1.0, 2.0]])
def test_drives_are_scaled_by_numbers(factor):
    with pytest.raises(ValueError, match="the factor must be"):
        wc.pulse(0.0, 1.0, gamma=1.0).scaled(factor)


def test_pulses_come_again():
    drive = wc.pulse(1.0, 2.0, gamma=[1.0, 2.0], period=5.0, count=3, rise=0.5)
    assert drive.times.tolist()[4:8] == [6.0, 6.5, 7.5, 8.0] and drive.gamma.shape == (12, 2)
