"""Memories with different wave fronts: what is asked for, found, and certified."""

import numpy as np
import pytest

import wetcow as wc
from wetcow.memory import UnstableMemoryError, WaveFrontWarning, fronts, wave_family
from wetcow.memory.families import motions
from wetcow.memory.ridge import Asked, couplings, gram_of
from wetcow.modes.waveform import one_period
from wetcow.synchrony.orbits import nearby_orbit

RATE = 0.24
OMEGA = np.linspace(0.4, 1.6, 6)
AROUND = 24
LAGS = np.arange(AROUND) / AROUND
TARGET = wc.equal_rate(RATE, np.linspace(0.8, 1.1, 6))


@pytest.fixture(scope="module")
def net():
    return wc.memorize(TARGET, OMEGA, background=0.5, max_weight=0.6, max_phase=np.pi / 2)


# Known answers


def test_modes_of_equal_rate():
    modes = wc.equal_rate(0.3, [0.31, 1.0, 5.0])
    np.testing.assert_allclose(modes.spiking_frequency(), 0.3, rtol=1e-9)
    assert wc.equal_rate(float(wc.Mode(gamma=1.5).spiking_frequency()), 1.0).gamma == (
        pytest.approx(1.5, abs=1e-6)
    )
    others = wc.equal_rate(0.2, [0.8, 1.2], w_a=2.0, alpha=3.5)
    np.testing.assert_allclose(others.spiking_frequency(), 0.2, rtol=1e-6)


@pytest.mark.slow
def test_one_period_is_what_a_mode_does():
    """From its peak on, as integrated."""
    found = one_period(TARGET, np.arange(64) / 64)
    np.testing.assert_allclose(found.duration, 2 * np.pi / RATE, rtol=1e-6)
    run = wc.simulate(
        TARGET,
        found.duration[0] * 63 / 64,
        num_samples=64,
        a0=found.a[:, 0],
        rtol=1e-10,
        atol=1e-12,
    )
    np.testing.assert_allclose(run.a.values.T, found.a, atol=1e-5)
    assert (abs(found.a).argmax(axis=1) == 0).all()


@pytest.mark.slow
def test_exponents_of_equal_fronts_are_those_of_the_synchronized_motion():
    target = wc.Mode(gamma=1.9)
    equal = wc.memorize(target, OMEGA, background=0.4, max_weight=0.5, seed=0)
    known = wc.stability(equal)
    found = wc.stability(equal, near=wc.Mode(gamma=np.full(6, 1.9)))
    assert found.period == pytest.approx(known.period, rel=1e-8)
    np.testing.assert_allclose(
        np.sort(found.exponents.real), np.sort(known.exponents.real), atol=1e-5
    )


@pytest.mark.slow
def test_rows_are_those_of_a_ridge_regression():
    """By samples and NumPy's least squares, of the rows with a price for each coupling."""
    gram = gram_of(moving := motions(TARGET))
    needed = np.asarray(TARGET.gamma - 0.5 + 1j * (TARGET.omega - OMEGA))
    links = np.where(np.eye(6, dtype=bool), 0.0, np.inf)
    none = np.zeros((6, 6), complex)
    asked = Asked(0.5 + 1j * OMEGA, links, np.full((6, 6), np.pi), none)
    r = couplings(gram, needed, asked, 0.01)
    scale = np.sqrt(np.mean(np.sum(np.abs(moving) ** 2, axis=0)))
    for i in range(6):
        others = np.delete(np.arange(6), i)
        matrix = np.vstack([moving[:, others] / scale, 0.1 * np.eye(5)])
        right = np.append(needed[i] * moving[:, i] / scale, np.zeros(5))
        np.testing.assert_allclose(r[i, others], np.linalg.lstsq(matrix, right)[0], atol=1e-8)


@pytest.mark.slow
def test_bounded_rows_are_optimal(rng):
    """No allowed change of couplings lowers the price: the gradient points out of what is."""
    gram = gram_of(motions(TARGET))
    needed = np.asarray(TARGET.gamma - 0.5 + 1j * (TARGET.omega - OMEGA))
    weight = np.where(np.eye(6, dtype=bool), 0.0, 0.35)
    asked = Asked(0.5 + 1j * OMEGA, weight, np.full((6, 6), np.pi / 3), np.zeros((6, 6), complex))
    r = couplings(gram, needed, asked, 0.01)
    assert np.abs(r).max() <= 0.35 + 1e-12 and np.abs(np.angle(r[r != 0])).max() <= np.pi / 3 + 1e-9
    gradient = r @ (gram + 0.01 * np.eye(6)).T - needed[:, None] * gram.T
    for _ in range(50):
        size = rng.uniform(0, weight)
        other = size * np.exp(1j * rng.uniform(-np.pi / 3, np.pi / 3, (6, 6)))
        slopes = np.sum((gradient.conj() * (other - r)).real, axis=1)
        assert slopes.min() > -1e-6


@pytest.mark.slow
def test_every_start_replays_the_fronts(net):
    """Rate and peaks are those that were asked for, also where they come from random phases."""
    period = 2 * np.pi / RATE
    runs = wc.sweep(net, t1=16 * period, num_samples=16 * 800 + 1, seed=range(4), rtol=1e-6)
    last = runs.isel(time=slice(-1600, None))
    peaks = abs(one_period(TARGET, [0.0]).a[:, 0])
    np.testing.assert_allclose(abs(last.a).max("time"), np.tile(peaks, (4, 1)), rtol=0.005)
    np.testing.assert_allclose(wc.spiking_frequency(runs, after=8 * period), RATE, rtol=0.005)
    assert peaks.max() / peaks.min() > 1.3


@pytest.mark.slow
def test_deviations_decay_as_the_largest_exponent_says():
    """With a low price of couplings, slowly enough to be followed from turn to turn."""
    net = wc.memorize(TARGET, OMEGA, background=0.5, ridge=1e-3)
    found = wc.stability(net, near=TARGET)
    assert -0.5 < found.largest < 0
    start = nearby_orbit(net, TARGET).start * (1 + 1e-3j * np.arange(6))
    fine = {"num_samples": 9, "rtol": 1e-11, "atol": 1e-13}
    kicked = wc.simulate(net, 8 * found.period, a0=start, **fine)
    # The shift in time stays; what is left of the difference from turn to turn decays.
    turns = np.abs(np.diff(kicked.a.values, axis=0)).max(axis=1)
    late = turns[(turns > 1e-9) & (turns < 1e-4)]
    assert len(late) >= 2
    decay = np.log(late[-1] / late[0]) / (len(late) - 1) / found.period
    assert decay == pytest.approx(found.largest, rel=0.1)


# Properties


@pytest.mark.slow
def test_bounds_and_links_are_kept(net):
    r = np.asarray(net.coupling.r)
    assert np.abs(r).max() <= 0.6 + 1e-12
    assert np.abs(np.angle(r[np.abs(r) > 1e-12])).max() <= np.pi / 2 + 1e-9
    links = ~np.eye(6, dtype=bool)
    links[0, 3] = links[4, 1] = False
    fewer = wc.memorize(TARGET, OMEGA, background=0.5, max_weight=0.8, links=links)
    assert not np.asarray(fewer.coupling.matrix())[~links].any()
    drawn = wc.memorize(TARGET, OMEGA, background=0.5, max_weight=0.6, max_phase=np.pi / 2, seed=1)
    assert np.abs(np.asarray(drawn.coupling.r) - r).max() > 1e-3
    assert wc.stability(drawn, near=TARGET).attracts


def test_a_family_of_one_wave_form_has_rank_one():
    same = wave_family(wc.Mode(gamma=np.full(4, 1.5)), ridge=1e-6)
    assert same.rank == pytest.approx(1, abs=1e-5) and same.residual.max() < 1e-5
    unlike = wave_family(TARGET, ridge=1e-6)
    assert 2 < unlike.rank < 6


# Waves that travel


@pytest.fixture(scope="module")
def travelling():
    omega = np.random.default_rng(0).uniform(0.7, 1.3, AROUND)
    return wc.memorize(wc.Mode(gamma=1.5), omega, 0.5, ridge=0.01, lags=LAGS)


def test_lags_shift_motions_and_leave_their_form():
    found = one_period(wc.Mode(gamma=np.full(3, 1.5)), np.arange(8) / 8, [0.0, 0.25, -0.5])
    np.testing.assert_allclose(found.a[1], np.roll(found.a[0], 2), atol=1e-9)
    np.testing.assert_allclose(found.a[2], np.roll(found.a[0], -4), atol=1e-9)


def test_a_wave_has_as_many_forms_as_harmonics():
    """Equal lags make the Gram matrix circulant: its eigenvalues are powers of harmonics."""
    target = wc.Mode(gamma=np.full(AROUND, 1.5))
    moving = motions(target)[:, 0]
    power = np.abs(np.fft.fft(moving)) ** 2 / len(moving) ** 2
    harmonic = np.round(np.fft.fftfreq(len(moving)) * len(moving)).astype(int)
    folded = np.bincount(harmonic % AROUND, power)  # what this many modes tell apart
    known = folded / power.sum() * AROUND
    found = wave_family(target, ridge=0.01, lags=LAGS)
    assert found.rank == pytest.approx(np.sum(known / (known + 0.01)), rel=1e-6)
    shuffled = wave_family(target, 0.01, lags=np.random.default_rng(1).uniform(size=AROUND))
    assert shuffled.residual.max() > 2 * found.residual.max()


@pytest.mark.slow
def test_a_wave_that_travels_is_replayed(travelling):
    """It attracts, and goes on from a start beside it; the largest exponent certifies it."""
    target = wc.Mode(gamma=np.full(AROUND, 1.5))
    found = wc.stability(travelling, near=target, lags=LAGS)
    assert found.attracts
    rate = float(wc.Mode(gamma=1.5).spiking_frequency())
    assert found.period == pytest.approx(2 * np.pi / rate, rel=0.01)
    shaken = LAGS + 0.03 * np.random.default_rng(2).normal(size=AROUND)
    a0 = one_period(target, [0.0], shaken).a[:, 0]
    run = wc.simulate(travelling, 20 * found.period, num_samples=20 * 256 + 1, a0=a0, rtol=1e-6)
    last = abs(run.a[-256:]).values
    lags = np.argmax(last, axis=0) / 256
    turned = np.exp(2j * np.pi * (lags - LAGS))
    assert abs(turned.mean()) > 0.99
    peak = float(abs(one_period(wc.Mode(gamma=1.5), [0.0]).a[0, 0]))
    np.testing.assert_allclose(last.max(axis=0), peak, rtol=0.05)


# Errors


@pytest.mark.slow
def test_what_cannot_be_had_is_said(monkeypatch):
    """Other prices of couplings are tried first, all that there are or fewer."""
    monkeypatch.setattr(fronts, "RIDGES", (1.0,))
    with pytest.warns(WaveFrontWarning, match="differ from those asked for by up to"):
        wc.memorize(TARGET, OMEGA, background=0.5, max_weight=0.2)
    monkeypatch.setattr(fronts, "RIDGES", (1.0, 0.1))
    with pytest.raises(UnstableMemoryError):
        wc.memorize(TARGET, OMEGA, 0.5, max_weight=0.6, margin=50.0, unstable="raise")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target": wc.Mode(gamma=[1.0, 1.5])}, r"for each of the network's, \(6,\)"),
        ({"target": wc.Mode(gamma=np.linspace(1, 1.5, 6))}, "equal_rate"),
        ({"target": wc.Mode(gamma=np.full(6, 2.5))}, "must spike"),
        ({"w_a": 2.0}, "w_a"),
        ({"subsets": [[0, 1, 2]]}, "without subsets"),
        ({"optimise": True, "max_weight": 1.0}, "without subsets or optimise"),
        ({"ridge": 0.0}, "ridge"),
        ({"target": wc.Mode(gamma=1.5), "ridge": 0.1}, "different wave fronts"),
        ({"lags": [0.0, 0.5]}, "one share of the period for each of 6"),
    ],
)
def test_wrong_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        wc.memorize(**({"target": TARGET, "omega": OMEGA, "background": 0.5} | arguments))


@pytest.mark.parametrize(
    ("frequency", "omega", "words"),
    [(0.0, 1.0, "frequency"), (0.5, [0.4, 1.0], "above the rate"), (0.5, np.nan, "finite")],
)
def test_wrong_rates(frequency, omega, words):
    with pytest.raises(ValueError, match=words):
        wc.equal_rate(frequency, omega)


@pytest.mark.slow
def test_stability_near_something_else(net):
    with pytest.raises(ValueError, match="a Mode of 6"):
        wc.stability(net, near=wc.Mode(gamma=1.9))
    with pytest.raises(ValueError, match="without members"):
        wc.stability(net, near=TARGET, members=[0, 1])
