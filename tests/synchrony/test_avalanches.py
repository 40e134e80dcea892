"""Avalanches and power laws against branching processes, independent events and another package."""

import warnings

import numpy as np
import powerlaw
import pytest
import scipy.stats
import xarray as xr

import wetcow as wc
from wetcow.synchrony.avalanches import (
    Avalanches,
    Events,
    crackling,
    find_avalanches,
    find_events,
    shuffled,
)
from wetcow.synchrony.power_law import _above, _draw, _fit, fit_power_law


def _avalanches(size, duration, first, second):
    columns = (np.array(column) for column in (size, duration, first, second))
    size, duration, first, second = columns
    return Avalanches(size=size, duration=duration, first=first, second=second, bin=1.0)


def branching(rng, number, mean=1.0, largest=100_000):
    """Sizes, durations and the first generations of branching with Poisson offspring."""
    generations = [np.ones(number, int)]
    size = generations[0].copy()
    while generations[-1].any():
        now = np.where(size < largest, generations[-1], 0)
        generations.append(rng.poisson(mean * now))
        size = size + generations[-1]
    history = np.array(generations)
    return size, (history > 0).sum(axis=0), history


@pytest.fixture(scope="module")
def critical():
    return branching(np.random.default_rng(0), 6000)


class TestEvents:
    def test_spikes_are_those_of_spike_times(self):
        run = wc.simulate(wc.Mode(gamma=[1.0, 1.5, 2.5]), t1=60.0, num_samples=601)
        events = find_events(run)
        times = wc.spike_times(run)
        for mode in range(3):
            np.testing.assert_array_equal(events.time[events.mode == mode], times[mode])
        assert np.all(np.diff(events.time) >= 0)
        assert (events.start, events.end) == (0.0, 60.0)
        late = find_events(run, after=30.0)
        assert late.start == 30.0 and late.time.min() >= 30.0
        np.testing.assert_allclose(late.time, events.time[events.time >= 30.0])

    def test_amplitude_excursions_are_found_at_their_peaks(self):
        time = np.linspace(0, 100, 1001)
        bumps = np.exp(-((time - 20.0) ** 2)) + np.exp(-((time - 70.0) ** 2) / 4)
        a = np.stack([0.1 + bumps, 0.1 + np.exp(-((time - 99.9) ** 2))], axis=1)
        run = xr.Dataset({"a": (("time", "mode"), a + 0j)}, {"time": time})
        events = find_events(run, "amplitude", deviations=2.0)
        np.testing.assert_allclose(events.time, [20.0, 70.0, 99.9])
        assert events.mode.tolist() == [0, 0, 1]

    @pytest.mark.slow
    def test_errors(self):
        run = wc.simulate(wc.Mode(gamma=1.0), t1=10.0, num_samples=101)
        with pytest.raises(ValueError, match="'spikes' or of 'amplitude'"):
            find_events(run, of="bursts")
        with pytest.raises(ValueError, match="fewer than two samples"):
            find_events(run, after=99.0)
        with pytest.raises(ValueError, match="record=True"):
            find_events(run.drop_vars("a"))
        for deviations in (np.nan, -1, "x"):
            with pytest.raises(ValueError, match="deviations"):
                find_events(run, of="amplitude", deviations=deviations)
        with pytest.raises(ValueError, match=r"one run of a sweep with \.isel"):
            find_events(run.expand_dims(seed=2))
        with pytest.raises(ValueError, match="finite amplitudes"):
            find_events(run.where(run.time < 5))
        with pytest.raises(ValueError, match="the Dataset of simulate"):
            find_events(run.a.values)

    @pytest.mark.slow
    def test_silent_modes_have_no_events(self):
        """What varies of an amplitude at rest, or of one that is gone, is rounding."""
        run = wc.simulate(wc.Mode(gamma=[-1.0, 2.5]), t1=100.0, num_samples=1001)
        for of in ("spikes", "amplitude"):
            assert not find_events(run, of=of, after=60.0).time.size

    def test_shuffling_keeps_every_mode_and_breaks_what_joins_them(self, rng):
        time = np.sort(rng.uniform(0, 1000, 500))
        together = Events(np.repeat(time, 5), np.tile(np.arange(5), 500), 0.0, 1000.0)
        apart = shuffled(together, seed=3)
        assert np.all(np.diff(apart.time) >= 0)
        assert apart.time.min() >= 0 and apart.time.max() < 1000
        np.testing.assert_array_equal(np.bincount(apart.mode), np.full(5, 500))
        for mode in range(5):
            # Intervals are the same but for the one that went around the end.
            intervals = np.diff(apart.time[apart.mode == mode])
            found = np.isclose(np.sort(intervals)[:, None], np.diff(time)[None, :]).any(axis=1)
            assert found.sum() >= 498
        assert find_avalanches(together).size.min() >= 5
        assert find_avalanches(apart).size.min() < 5
        np.testing.assert_array_equal(shuffled(together, seed=3).time, apart.time)


class TestAvalanches:
    def test_by_hand(self):
        #             bin 0    1         2    4    5         8 (cut by the end)
        time = np.array([1.5, 2.1, 2.2, 4.5, 5.0, 5.9, 5.99, 8.2])
        found = find_avalanches(Events(time, np.zeros(8, int), 1.0, 9.0), bin=1.0)
        # Bins of one unit from 1 on: 1, 2, 0, 1, 3, 0, 0, 1, (end). The first is cut, too.
        assert found.size.tolist() == [4, 1]
        assert found.duration.tolist() == [2, 1]
        assert found.first.tolist() == [1, 1] and found.second.tolist() == [3, 0]
        assert found.branching_ratio == 1.5

    def test_trees_of_a_branching_process_are_recovered(self, rng):
        size, duration, history = branching(rng, 300, mean=0.8)
        # Generation g of tree k happens in bin g, trees are two empty bins apart.
        start = np.concatenate([[1], 1 + np.cumsum(duration + 2)[:-1]])
        bins = start[None, :] + np.arange(len(history))[:, None]
        time = np.repeat(bins.ravel(), history.ravel()) + 0.5
        end = float(bins.max() + 3)
        events = Events(np.sort(time), np.zeros(time.size, int), 0.0, end)
        found = find_avalanches(events, bin=1.0)
        np.testing.assert_array_equal(found.size, size)
        np.testing.assert_array_equal(found.duration, duration)
        # One root each: the ratio is the mean number of its offspring.
        assert found.branching_ratio == pytest.approx(0.8, abs=4 * np.sqrt(0.8 / 300))

    def test_independent_events_follow_from_poisson_statistics(self, rng):
        number = 60_000
        time = np.sort(rng.uniform(0, 1e4, number))
        found = find_avalanches(Events(time, np.zeros(number, int), 0.0, 1e4))
        empty = np.exp(-1)  # share of bins, of the mean interval, without an event
        assert found.size.mean() == pytest.approx(1 / (empty * (1 - empty)), rel=0.02)
        assert found.duration.mean() == pytest.approx(1 / empty, rel=0.02)
        # E[n₂/n₁] = E[n₂] E[1/n₁ | n₁ > 0]
        k = np.arange(1, 20)
        expected = np.sum(scipy.stats.poisson.pmf(k, 1) / k) / (1 - empty)
        assert found.branching_ratio == pytest.approx(expected, abs=0.02)

    def test_joined(self):
        one = _avalanches([4], [2], [1], [3])
        two = _avalanches([1], [1], [1], [0])
        both = one.joined(two)
        assert both.size.tolist() == [4, 1] and both.bin == 1.0 and both.branching_ratio == 1.5
        assert one.joined(two._replace(bin=2.0)).bin == 0.0

    def test_errors(self):
        for given in (None, np.zeros(3), wc.simulate(wc.Mode(gamma=1.0), 1.0, num_samples=3)):
            for function in (find_avalanches, shuffled):
                with pytest.raises(TypeError, match=r"find_events\(run\), got a"):
                    function(given)
        with pytest.raises(ValueError, match="two or more events, got 0"):
            find_avalanches(Events(np.empty(0), np.empty(0, int), 0.0, 1.0))
        two = Events(np.array([0.1, 0.2]), np.zeros(2, int), 0.0, 1.0)
        for bin in (0.0, -1.0, np.nan):
            with pytest.raises(ValueError, match="bin must be"):
                find_avalanches(two, bin=bin)
        with pytest.raises(ValueError, match="more than the limit"):
            find_avalanches(two, bin=1e-300)
        zeros = np.zeros(2, int)
        for time, mode, start, end, message in (
            ([0.2, 0.1], zeros, 0.0, 1.0, "in the order of time"),
            ([0.2, np.nan], zeros, 0.0, 1.0, "time must be finite"),
            ([0.1, 0.2], zeros[:1], 0.0, 1.0, "a mode each"),
            ([0.1, 0.2], zeros - 1, 0.0, 1.0, "must be indices"),
            ([0.1, 2.0], zeros, 0.0, 1.0, "between start and end"),
            ([0.1, 0.1], zeros, 0.0, 1.0, "all events are at one time"),
        ):
            with pytest.raises(ValueError, match=message):
                find_avalanches(Events(np.array(time), mode, start, end))


class TestPowerLaw:
    def test_critical_branching_has_three_halves_and_two(self, critical):
        size, duration, _ = critical
        sizes = fit_power_law(size, xmin=5, num_bootstrap=50)
        assert sizes.exponent == pytest.approx(1.5, abs=3 * sizes.error + 0.01)
        assert sizes.p_value > 0.1 and sizes.alternatives["exponential"][0] > 5
        # P(T > t) ≈ 2/t up to corrections of log(t)/t
        durations = fit_power_law(duration, xmin=15, num_bootstrap=0)
        assert durations.exponent == pytest.approx(2.0, abs=3 * durations.error + 0.05)
        found = Avalanches(size, duration, size, size, 1.0)
        related = crackling(found, sizes, durations)
        # Mean size of trees that live for T generations: ~ T², reached slowly from below.
        assert related.predicted == pytest.approx(2.0, abs=0.2)
        assert 1.5 < related.slope < 2.1

    def test_subcritical_branching_is_better_with_a_cutoff(self, rng):
        size, _, _ = branching(rng, 4000, mean=0.7)
        fit = fit_power_law(size, xmin=2, num_bootstrap=50)
        assert fit.p_value < 0.1
        ratio, probability = fit.alternatives["truncated_power_law"]
        assert ratio < 0 and probability < 1e-6
        assert "ruled out" in fit.verdict and "truncated power law" in fit.verdict

    def test_independent_events_have_no_power_law(self, rng):
        time = np.sort(rng.uniform(0, 1e4, 20_000))
        found = find_avalanches(Events(time, np.zeros(20_000, int), 0.0, 1e4))
        for values in (found.size, found.duration):
            fit = fit_power_law(values, num_bootstrap=50)
            assert fit.p_value < 0.1 and fit.alternatives["exponential"][0] < 0
            assert fit.decades < 1.2
        sizes = fit_power_law(found.size, num_bootstrap=0)
        assert crackling(found, sizes, sizes).slope == pytest.approx(1.0, abs=0.02)

    def test_zipf_is_found(self, rng):
        values = rng.zipf(2.2, 4000)
        fit = fit_power_law(values, num_bootstrap=50)
        assert fit.exponent == pytest.approx(2.2, abs=4 * fit.error)
        assert fit.p_value > 0.1 and "not ruled out" in fit.verdict

    @pytest.mark.slow
    def test_p_values_are_uniform_when_the_law_holds(self):
        p = [
            fit_power_law(
                np.random.default_rng(seed).zipf(2.0, 300), xmin=1, num_bootstrap=20, seed=seed
            ).p_value
            for seed in range(25)
        ]
        assert scipy.stats.kstest(p, "uniform").pvalue > 0.01

    def test_standard_error_is_the_scatter(self):
        exponents = [
            _fit(np.random.default_rng(seed).zipf(1.8, 500), 1, None)[0] for seed in range(100)
        ]
        error = fit_power_law(
            np.random.default_rng(0).zipf(1.8, 500), xmin=1, num_bootstrap=0
        ).error
        assert error == pytest.approx(np.std(exponents, ddof=1), rel=0.3)

    def test_the_package_powerlaw_agrees(self, critical, rng):
        for values, xmin in ((critical[0], 1), (critical[1], 10), (rng.zipf(2.5, 2000), 2)):
            fit = fit_power_law(values, xmin=xmin, num_bootstrap=0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                other = powerlaw.Fit(
                    values, discrete=True, xmin=xmin, estimate_discrete=False,
                    parameter_ranges={"alpha": [1.01, 8]}, verbose=0,
                )  # fmt: skip
                distance, exponent = other.power_law.D, other.power_law.alpha
                compared = other.distribution_compare(
                    "power_law", "exponential", normalized_ratio=True
                )
            assert fit.exponent == pytest.approx(exponent, abs=1e-3)
            assert fit.distance == pytest.approx(distance, abs=1e-3)
            assert fit.alternatives["exponential"][0] == pytest.approx(compared[0], abs=0.05)

    @pytest.mark.parametrize("xmax", [None, 60])
    def test_draws_follow_the_law(self, rng, xmax):
        x = np.arange(3, 40)
        table = _above(2.5, 3, xmax, 3 + np.arange(20, dtype=float))  # so that many lie beyond it
        drawn = _draw(rng.uniform(size=100_000), table, 2.5, 3, xmax)
        assert drawn.min() == 3 and (xmax is None or drawn.max() <= xmax)
        every = np.arange(3, (xmax or 10**6) + 1, dtype=float)
        expected = x**-2.5 / np.sum(every**-2.5)
        share = np.mean(drawn[:, None] == x, axis=0)
        assert np.all(np.abs(share - expected) < 5 * np.sqrt(expected / 100_000))

    def test_a_bound_is_heeded(self, rng):
        values = rng.zipf(1.4, 20_000)
        values = values[values <= 76][:3000]
        bounded = fit_power_law(values, xmax=76, num_bootstrap=50)
        assert bounded.exponent == pytest.approx(1.4, abs=4 * bounded.error)
        assert bounded.p_value > 0.1 and bounded.xmax <= 76 and bounded.bounded
        free = fit_power_law(values, xmin=1, num_bootstrap=50)
        assert free.p_value < 0.1 and free.exponent > 1.5

    def test_lognormal_is_told_apart(self, rng):
        values = np.maximum(np.round(rng.lognormal(2.0, 0.7, 3000)), 1)
        fit = fit_power_law(values, xmin=1, num_bootstrap=20)
        ratio, probability = fit.alternatives["lognormal"]
        assert fit.p_value < 0.1 and ratio < 0 and probability < 1e-6

    @pytest.mark.parametrize(
        "values, options, message",
        [
            (np.ones(100), {}, "not all equal"),
            (np.arange(1, 20), {}, "50 or more values"),
            (np.arange(100), {}, "positive integers"),
            (np.linspace(1, 2, 100), {}, "positive integers"),
            (np.full(100, np.nan), {}, "values must be finite"),
            (np.arange(1, 200), {"xmin": 180}, "there are 20 in the range"),
            (np.ones((10, 10)), {}, "values must have 1 dimensions"),
            (np.arange(1, 200), {"xmin": 0}, "xmin must be an integer of at least 1"),
            (np.arange(1, 200), {"xmin": 1.5}, "xmin must be an integer"),
            (np.arange(1, 200), {"xmax": np.nan}, "xmax must be an integer"),
            (np.arange(1, 200), {"num_bootstrap": -1}, "num_bootstrap must be"),
            (np.ma.masked_less(np.arange(1, 200), 5), {}, "masked"),
            (np.arange(1, 200) * 1e17, {}, "at most"),
            (["a"] * 60, {}, "array of numbers"),
        ],
    )
    def test_errors(self, values, options, message):
        with pytest.raises(ValueError, match=message):
            fit_power_law(values, **options)

    def test_too_few_durations(self):
        fit = fit_power_law(np.arange(1, 100), num_bootstrap=0)
        with pytest.raises(ValueError, match="three or more durations"):
            crackling(_avalanches([1, 2], [1, 2], [1, 2], [1, 2]), fit, fit)


# Near an amplitude of zero a phase turns at once.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:phases turn")
def test_coupling_spreads_spikes_of_excitable_modes():
    """Near-critical noisy modes: independent without coupling, larger avalanches with it."""
    size, mean = 30, []
    ring = np.roll(np.eye(size), 1, axis=0) + np.roll(np.eye(size), -1, axis=0)
    for strength in (0.0, 0.25):
        r = strength * ring * np.exp(-1.2j)
        total = r.sum(axis=1)
        gamma = 2.0 * 1.01 * (1 + total.imag) - total.real
        network = wc.Network(gamma, 1.0, wc.Dense(r))
        run = wc.simulate(
            network, t1=1500.0, num_samples=7501, seed=1, noise=0.06, dt=0.05, precision="single"
        )
        events = find_events(run, after=50.0)
        mean.append(
            [find_avalanches(one).size.mean() for one in (events, shuffled(events, seed=0))]
        )
    (alone, alone_shuffled), (together, together_shuffled) = mean
    assert together > 1.5 * together_shuffled
    assert alone < 1.3 * alone_shuffled and together > 1.5 * alone
