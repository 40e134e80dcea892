"""A single mode: criticality [15-18], spiking frequency in three ways, both codes, its field."""

import conftest
import jax
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.integrate import solve_ivp

import wetcow as wc
from wetcow.modes import spiking
from wetcow.modes.criticality import critical_ratio
from wetcow.modes.end_of_spiking import end_of_spiking
from wetcow.modes.limit_cycle import limit_cycle
from wetcow.modes.response import can_spike_beyond, silent_amplitude
from wetcow.modes.response_fit import fit_response

OTHER = wc.Constants(w_a=1.0, w_phi=1.5, psi=0.3, alpha=2.0)

# cr, integrated frequency, [14], corrected adiabatic: the table of docs/theory.md, to its digits
FREQUENCIES = np.array(
    [
        (0.125, 0.97773, 0.99216, 0.84741),
        (0.25, 0.92728, 0.96825, 0.86603),
        (0.5, 0.78478, 0.86603, 0.78878),
        (0.75, 0.56394, 0.66144, 0.57775),
        (0.945, 0.25353, 0.32707, 0.25807),
        (0.99, 0.10295, 0.14107, 0.10386),
        (0.995, 0.07184, 0.09987, 0.07230),
        (0.9975, 0.05029, 0.07067, 0.05053),
    ]
)
# γ, mean amplitude M: docs/theory.md, except at 1.52, where it has 0.458 and DOP853 gives 0.45641
AMPLITUDES = np.array(
    [
        (0.02, 0.0066),
        (0.52, 0.165),
        (1.02, 0.322),
        (1.52, 0.456),
        (2.02, 0.549),
        (2.52, 0.946),
        (3.02, 1.273),
        (4.02, 1.899),
        (6.02, 3.122),
    ]
)


def measured_by_scipy(gamma, omega, constants):
    """Spiking frequency and mean amplitude from three periods integrated by DOP853."""
    mode = wc.Mode(gamma, omega, **constants._asdict())

    def rates(t, y):
        growth, turning = conftest.polar_rates(y[0], y[1], mode)
        return growth, turning, y[0]

    def spike(t, y):
        return np.sin(y[1] / 2)

    start = (gamma / mode.alpha, 0.1, 0.0)
    solution = solve_ivp(
        rates, (0, 300 / omega), start, "DOP853", events=spike, rtol=1e-12, atol=1e-13
    )
    times, states = solution.t_events[0][-4:], solution.y_events[0][-4:]
    duration = times[-1] - times[0]
    return 6 * np.pi / duration, (states[-1, 2] - states[0, 2]) / duration


def random_constants(number):
    """Constants with a critical point and, so that scipy is quick, one that is not too far."""
    rng, found = np.random.default_rng(7), []
    while len(found) < number:
        constants = wc.Constants(*rng.uniform((-4, 0.5, -np.pi, 1), (4, 5, np.pi, 5)).tolist())
        if abs(constants.w_a) < constants.alpha and critical_gamma(constants) > 0.15:
            found.append(constants)
    return found


def critical_gamma(constants):
    """Smallest γ/ω with a point of rest, by search over phases."""
    w_a, w_phi, psi, alpha = constants
    phase = np.linspace(np.pi / 2, 3 * np.pi / 2, 200_001)[1:-1]
    return np.min((w_a * np.cos(phase - psi) - alpha) / (w_phi * np.cos(phase)))


def turns_late(mode, start):
    """Whether the phase still advances after 600 units of time, integrated by DOP853."""
    path = solve_ivp(
        lambda t, y: conftest.polar_rates(y[0], y[1], mode),
        (0, 700),
        start,
        "DOP853",
        t_eval=(600.0, 700.0),
        rtol=1e-8,
        atol=1e-10,
    )
    return bool(np.diff(path.y[1])[0] > np.pi)


BESIDE_THE_CYCLE = [
    wc.Constants(w_a=-1.961, w_phi=2.503, psi=0.0286, alpha=3.214),
    wc.CANONICAL._replace(w_a=-2.0),
]


# Known answers


class TestCriticality:
    def test_conditions_are_those_of_a_saddle_node(self, rng):
        """Accepted: γ_c is the smallest γ with a point of rest. Refused: rest at every γ > 0."""
        accepted = 0
        for _ in range(60):
            constants = wc.Constants(*rng.uniform((-6, 0.3, -np.pi, 0.5), (6, 5, np.pi, 5)))
            least = critical_gamma(constants)
            try:
                mode = wc.Mode(1.0, 1.0, **constants._asdict())
            except ValueError as error:
                assert "critical point" in str(error) and least < 1e-6
            else:
                accepted += 1
                assert float(mode.critical_gamma) == pytest.approx(least, rel=1e-6, abs=1e-8)
        assert 20 < accepted < 55

    @pytest.mark.parametrize("constants", random_constants(3))
    def test_integration_can_rest_from_there_on(self, constants):
        critical = float(wc.Mode(1.0, 1.0, **constants._asdict()).critical_gamma)
        for share, silent in ((0.97, False), (1.03, True)):
            mode = wc.Mode(share * critical, 1.0, **constants._asdict())

            def rates(t, y, mode=mode):
                return conftest.polar_rates(y[0], y[1], mode)

            # For some constants a limit cycle goes on beside the point of rest: start near that.
            phase = np.pi - float(mode.critical_phase)
            start = (-1 / (float(mode.w_phi) * np.cos(phase)), phase)
            late = (600.0, 900.0)
            path = solve_ivp(rates, (0, 900), start, "LSODA", t_eval=late, rtol=1e-8, atol=1e-10)
            turned = np.diff(path.y[1])[0]
            assert turned < 0.1 if silent else turned > 2 * np.pi

    def test_canonical_constants(self):
        mode = wc.Mode(gamma=1.0, omega=1.7)
        assert float(mode.critical_phase) == pytest.approx(np.arctan(0.5), abs=1e-15)
        assert float(mode.critical_ratio) == pytest.approx(0.5, abs=1e-15)
        assert float(mode.critical_gamma) == pytest.approx(3.4, abs=1e-14)
        assert float(mode.critical_omega) == pytest.approx(0.5, abs=1e-15)
        assert float(mode.criticality) == pytest.approx(0.5 / 1.7, abs=1e-15)

    @pytest.mark.parametrize("constants", [wc.CANONICAL, OTHER])
    def test_node_and_saddle_meet_at_criticality(self, constants):
        """At γ_c and φ = π − φ_c both [11] and [12] vanish, for A from [12]."""
        mode = wc.Mode(1.0, 1.3, **constants._asdict())
        mode = mode.replace(gamma=mode.critical_gamma)
        phase = np.pi - float(mode.critical_phase)
        amplitude = -1.3 / (mode.w_phi * np.cos(phase))
        rates = conftest.polar_rates(amplitude, phase, mode)
        np.testing.assert_allclose(rates, 0, atol=1e-14)
        assert silent_amplitude(float(mode.gamma) / 1.3, constants) * 1.3 == pytest.approx(
            amplitude, rel=1e-3
        )

    def test_states(self):
        gammas = [-1.0, 0.1, 1.0, 2.0, 2.1]
        expected = ["damped", "linear", "subcritical", "critical", "supercritical"]
        assert wc.Mode(gamma=gammas).state.tolist() == expected
        assert [wc.Mode(gamma=gamma).state for gamma in gammas] == expected


class TestBistability:
    @pytest.mark.slow
    @pytest.mark.parametrize("constants", BESIDE_THE_CYCLE)
    def test_two_answers_until_the_cycle_ends(self, constants):
        unit = wc.Mode(1.0, 1.0, **constants._asdict())
        critical, end = float(unit.critical_gamma), end_of_spiking(constants)
        assert end > 1.1 * critical
        for gamma, spikes in ((0.9 * critical, True), (1.05 * critical, None), (1.02 * end, False)):
            mode = unit.replace(gamma=gamma)
            small = turns_late(mode, (0.01, 0.0))
            assert small is (spikes is not False)
            if spikes is None:
                phase = np.pi - float(mode.critical_phase)
                assert not turns_late(mode, (silent_amplitude(gamma, constants), phase))
                assert mode.state == "bistable"
                for ask in (mode.spiking_frequency, mode.mean_amplitude):
                    with pytest.warns(UserWarning, match="rest .* or go on spiking"):
                        assert np.isnan(ask())
            elif spikes:
                assert mode.state == "subcritical" and mode.spiking_frequency() > 0.5
            else:
                assert mode.state == "supercritical" and mode.spiking_frequency() == 0
                assert mode.mean_amplitude() == pytest.approx(silent_amplitude(gamma, constants))
        assert turns_late(unit.replace(gamma=0.99 * end), (0.01, 0.0))

    def test_canonical_constants_rest_from_criticality_on(self):
        near = wc.CANONICAL._replace(alpha=3.0001)  # not known beforehand
        mode = wc.Mode(1.0, 1.0, **near._asdict())
        mode = mode.replace(gamma=1.01 * mode.critical_gamma)
        assert end_of_spiking(near) == float(1 / mode.critical_ratio)
        assert not turns_late(mode, (0.01, 0.0))
        assert mode.spiking_frequency() == 0 and mode.state == "supercritical"

    @pytest.mark.parametrize("constants", BESIDE_THE_CYCLE)
    def test_few_modes_and_many_are_told_the_same(self, constants):
        """Few are asked one by one, many by the end of spiking."""
        c = end_of_spiking(constants) * np.array([0.9, 0.99, 0.999, 1.001, 1.01, 1.1])
        few, many = can_spike_beyond(c, constants), can_spike_beyond(np.tile(c, 2), constants)
        np.testing.assert_array_equal(np.tile(few, 2), many)
        assert few[0] and not few[-1]

    @pytest.mark.slow
    def test_traced(self):
        rates = jax.jit(lambda c, w_a: wc.response(c, wc.CANONICAL._replace(w_a=w_a)))
        assert np.all(np.isnan(rates(0.55, -2.0)))
        assert rates(2.1, wc.CANONICAL.w_a)[0] == 0
        fixed = jax.jit(lambda c: wc.response(c, BESIDE_THE_CYCLE[0])[0])
        end = end_of_spiking(BESIDE_THE_CYCLE[0])
        np.testing.assert_array_equal(fixed(np.array([0.98, 1.02]) * end), [np.nan, 0])


class TestFrequencies:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("method", "column"), [("exact", 1), ("analytic", 2), ("adiabatic", 3)]
    )
    def test_table(self, method, column):
        frequency = wc.Mode(gamma=2 * FREQUENCIES[:, 0]).spiking_frequency(method)
        np.testing.assert_allclose(frequency, FREQUENCIES[:, column], atol=0.5000001e-5, rtol=0)

    @pytest.mark.slow
    def test_damped_and_silent(self):
        mode = wc.Mode(gamma=[-1.0, 0.0, 2.0, 5.0])
        for method in ("exact", "analytic", "adiabatic"):
            np.testing.assert_array_equal(mode.spiking_frequency(method), [1, 1, 0, 0])
        with pytest.raises(ValueError, match="exact"):
            mode.spiking_frequency("guess")

    def test_amplitude_table(self):
        amplitude = wc.Mode(gamma=AMPLITUDES[:, 0]).mean_amplitude()
        # Printed to four decimals at first, then to three, of which the last is not always rounded.
        np.testing.assert_allclose(amplitude[0], AMPLITUDES[0, 1], atol=0.501e-4)
        np.testing.assert_allclose(amplitude[1:], AMPLITUDES[1:, 1], atol=0.6e-3)
        assert wc.Mode(gamma=-0.5).mean_amplitude() == 0

    def test_shipped_fit_is_that_of_solved_limit_cycles(self, rng):
        criticality = np.concatenate([rng.uniform(0, 0.9999, 14), [1e-4, 0.9999]])
        cycle = limit_cycle(np.sqrt(1 - criticality), wc.CANONICAL)
        frequency, amplitude = wc.response(2 * criticality)
        np.testing.assert_allclose(frequency, cycle.frequency, rtol=1e-9)
        np.testing.assert_allclose(amplitude, cycle.mean_amplitude, rtol=1e-9)

    @pytest.mark.slow
    @pytest.mark.parametrize("constants", [wc.CANONICAL, OTHER])
    @pytest.mark.parametrize("criticality", [0.1, 0.6, 0.97])
    def test_scipy_measures_the_same(self, constants, criticality):
        gamma = 1.4 * criticality / float(critical_ratio(constants))
        frequency, amplitude = measured_by_scipy(gamma, 1.4, constants)
        mode = wc.Mode(gamma, 1.4, **constants._asdict())
        assert float(mode.spiking_frequency()) == pytest.approx(frequency, rel=1e-7)
        assert float(mode.mean_amplitude()) == pytest.approx(amplitude, rel=1e-7)

    @pytest.mark.slow
    @pytest.mark.parametrize("constants", random_constants(6))
    def test_scipy_measures_the_same_at_random_constants(self, constants, rng):
        critical = float(wc.Mode(1.0, 1.0, **constants._asdict()).critical_gamma)
        gamma = max(rng.uniform(0.1, 0.97) * critical, min(0.1, 0.9 * critical))
        frequency, amplitude = measured_by_scipy(gamma, 1.0, constants)
        mode = wc.Mode(gamma, 1.0, **constants._asdict())
        assert float(mode.spiking_frequency()) == pytest.approx(frequency, rel=1e-6)
        assert float(mode.mean_amplitude()) == pytest.approx(amplitude, rel=1e-6)

    def test_constants_that_the_fit_of_forty_terms_had_wrong(self):
        """Integrated: 0.99585; it said 0.99773."""
        assert wc.Mode(gamma=0.1542, w_a=-2.0).spiking_frequency() == pytest.approx(
            0.99585, abs=1e-5
        )

    def test_direct_solution_is_the_fit(self):
        """Several sets of constants are solved one by one, one set is fitted."""
        gamma = np.array([0.05, 0.2, 0.4, 0.5])
        fitted = wc.Mode(gamma, w_a=-2.0)
        solved = wc.Mode(np.append(gamma, 1.0), w_a=[-2.0, -2.0, -2.0, -2.0, 1.0])
        for ask in (wc.Mode.spiking_frequency, wc.Mode.mean_amplitude):
            np.testing.assert_allclose(ask(fitted), ask(solved)[:4], rtol=1e-8)

    def test_without_turning_by_amplitude(self):
        """For w_φ = 0 the phase turns at ω, and M is the mean of γ/u with u in closed form."""
        mode = wc.Mode(0.7, 1.3, w_phi=0.0)
        phase = np.linspace(0, 2 * np.pi, 4096, endpoint=False)
        c = 0.7 / 1.3
        lag = c * np.cos(phase - mode.psi) + np.sin(phase - mode.psi)
        u = mode.alpha - mode.w_a * c * lag / (1 + c**2)
        assert mode.spiking_frequency() == 1.3 and mode.criticality == 0
        assert mode.critical_gamma == np.inf
        assert float(mode.mean_amplitude()) == pytest.approx(np.mean(0.7 / u), rel=1e-12)

    def test_no_fit_without_a_limit_cycle(self):
        with pytest.raises(ValueError, match="measured with simulate"):
            fit_response(wc.Constants(w_a=6.0, w_phi=0.5, psi=0.1, alpha=2.0))

    def test_traced_nonsense_is_not_a_number(self):
        """What a constructor would refuse gives NaN where it cannot look: never 0 or a rate."""

        def rates(w_a, gamma):
            mode = wc.Mode(gamma, w_a=w_a)
            return (
                mode.critical_ratio,
                *(mode.spiking_frequency(method) for method in ("analytic", "adiabatic")),
            )

        assert np.all(np.isnan(jax.jit(rates)(-5.3, 1.0)))
        assert np.all(np.isnan(jax.jit(rates)(1.0, np.nan)[1:]))
        assert np.all(np.isnan(jax.jit(wc.response)(np.nan)))
        assert np.all(np.isnan(wc.response(np.nan)))

    @pytest.mark.slow
    def test_modes_with_different_constants(self):
        mode = wc.Mode(
            gamma=[1.0, 0.8, 5.0, -1.0],
            w_a=[wc.CANONICAL.w_a, OTHER.w_a, OTHER.w_a, 1.0],
            w_phi=[wc.CANONICAL.w_phi, *[OTHER.w_phi] * 3],
            psi=[wc.CANONICAL.psi, *[OTHER.psi] * 3],
            alpha=[wc.CANONICAL.alpha, *[OTHER.alpha] * 3],
        )
        rows = mode.replace(omega=np.ones(4)).parameters()
        singles = [wc.Mode(**{name: row[i] for name, row in rows.items()}) for i in range(4)]
        for method in ("exact", "analytic", "adiabatic"):
            one_by_one = [float(single.spiking_frequency(method)) for single in singles]
            np.testing.assert_allclose(mode.spiking_frequency(method), one_by_one, rtol=1e-9)
        amplitudes = [float(single.mean_amplitude()) for single in singles]
        np.testing.assert_allclose(mode.mean_amplitude(), amplitudes, rtol=1e-9)

    @pytest.mark.slow
    @given(
        st.floats(0.01, 1.99), st.floats(0.05, 20.0), st.sampled_from(list(spiking.SPIKING_METHODS))
    )
    def test_scaling(self, c, omega, method):
        """ω_s = ω f(γ/ω) and mean amplitude ω M(γ/ω)."""
        mode, unit = wc.Mode(gamma=c * omega, omega=omega), wc.Mode(gamma=c)
        scaled = omega * unit.spiking_frequency(method)
        assert float(mode.spiking_frequency(method)) == pytest.approx(scaled, rel=1e-10)
        scaled = omega * unit.mean_amplitude()
        assert float(mode.mean_amplitude()) == pytest.approx(scaled, rel=1e-10)


class TestGradients:
    @pytest.mark.slow
    @pytest.mark.parametrize("method", list(spiking.SPIKING_METHODS))
    def test_against_finite_differences(self, method):
        gamma, step = np.array([-0.5, 0.3, 1.0, 1.9, 1.99, 2.5]), 1e-6
        with jax.enable_x64(True):
            frequency = spiking.SPIKING_METHODS[method]
            for wrt in (0, 1):
                slopes = jax.vmap(jax.grad(frequency, argnums=wrt), in_axes=(0, None))
                slope = jax.jit(slopes)(gamma, 1.0)
                h = np.eye(2)[wrt] * step
                up = frequency(gamma + h[0], 1.0 + h[1])
                down = frequency(gamma - h[0], 1.0 - h[1])
                np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-6, atol=1e-8)

    @pytest.mark.slow
    @pytest.mark.parametrize("method", list(spiking.SPIKING_METHODS))
    def test_with_respect_to_constants(self, method):
        with jax.enable_x64(True):

            def frequency(alpha):
                return spiking.SPIKING_METHODS[method](1.0, 1.0, wc.CANONICAL._replace(alpha=alpha))

            both = jax.jit(jax.value_and_grad(frequency))
            difference = (both(3.0 + 1e-5)[0] - both(3.0 - 1e-5)[0]) / 2e-5
            assert both(3.0)[1] == pytest.approx(float(difference), rel=1e-6)

    @pytest.mark.slow
    def test_finite_at_and_beyond_criticality(self):
        gamma = np.array([0.0, 1e-12, 2 - 1e-12, 2.0, 2 + 1e-12, 3.0, 100.0])
        with jax.enable_x64(True):
            for method in spiking.SPIKING_METHODS.values():
                slope = jax.jit(jax.vmap(jax.grad(lambda g, f=method: f(g, 1.0))))(gamma)
                assert np.all(np.isfinite(slope))
            slope = jax.jit(jax.vmap(jax.grad(lambda c: wc.response(c)[1])))(gamma)
            assert np.all(np.isfinite(slope))

    @pytest.mark.slow
    def test_amplitude_beyond_criticality(self):
        with jax.enable_x64(True):
            slope = jax.jit(jax.grad(lambda c: wc.response(c)[1]))(3.0)
            up, down = wc.response(3.0 + 1e-6)[1], wc.response(3.0 - 1e-6)[1]
            assert slope == pytest.approx(float((up - down) / 2e-6), rel=1e-6)


def test_under_someone_elses_jit():
    """Concrete constants are fitted, and concrete modes evaluated, while γ is traced."""
    fitted = jax.jit(lambda gamma: wc.Mode(gamma, alpha=3.3).spiking_frequency())
    expected = wc.Mode(1.0, alpha=3.3).spiking_frequency()
    np.testing.assert_allclose(fitted(1.0), expected, rtol=1e-5)
    mode = wc.Mode(1.0)
    inside = jax.jit(lambda x: x * mode.critical_gamma * mode.spiking_frequency())
    np.testing.assert_allclose(inside(1.0), 2 * mode.spiking_frequency(), rtol=1e-6)


# Properties


class TestField:
    @pytest.mark.slow
    @given(
        st.floats(1e-3, 10.0),
        st.floats(-np.pi, np.pi),
        st.floats(-3, 3),
        st.floats(0.1, 5),
        st.floats(-2, 2),
        st.just(0.0) | st.floats(1e-99, 3),
        st.floats(-7, 7),
    )
    def test_cartesian_is_polar(self, amplitude, phase, gamma, omega, w_a, w_phi, psi):
        mode = wc.Mode(gamma, omega, w_a=w_a, w_phi=w_phi, psi=psi, alpha=2.5)
        growth, turning = conftest.polar_rates(amplitude, phase, mode)
        expected = (growth + 1j * amplitude * turning) * np.exp(1j * phase)
        with jax.enable_x64(True):
            field = mode.field(np.array([amplitude * np.exp(1j * phase)]))[0]
        largest = amplitude * (abs(gamma) + omega) + 10 * amplitude**2
        assert abs(complex(field) - expected) <= 1e-12 * largest

    @pytest.mark.slow
    def test_regular_at_rest(self):
        assert wc.Mode(gamma=1.0).field(np.zeros(1, complex))[0] == 0


# Errors


class TestValidation:
    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"gamma": np.nan}, "gamma must be finite"),
            ({"gamma": 1.0, "omega": np.inf}, "omega must be finite"),
            ({"gamma": 1.0, "alpha": 0.0}, "alpha must be positive"),
            ({"gamma": 1.0, "w_phi": -1.0}, "w_phi must not be negative"),
            ({"gamma": 1.0, "w_a": 4.0, "psi": np.pi / 2}, "no critical point"),
            (
                {"gamma": 1.0, "w_a": -5.3, "w_phi": 0.5, "psi": 0.117, "alpha": 4.7},
                "no critical point.*smaller than alpha",
            ),
            ({"gamma": np.ma.masked_greater([1.0, 2.0], 1.5)}, "masked"),
            ({"gamma": "fast"}, "numbers"),
            ({"gamma": "1.5"}, "numbers"),
            ({"gamma": ["1", "2"]}, "numbers"),
            ({"gamma": 1.0, "psi": [0.1, np.nan]}, "psi must be finite"),
            ({"gamma": [1.0, 2.0], "omega": [1.0, 2.0, 3.0]}, "broadcast"),
            ({"gamma": np.ones((2, 2))}, "sweep"),
        ],
    )
    def test_nonsense_is_refused(self, parameters, message):
        with pytest.raises(ValueError, match=message):
            wc.Mode(**parameters)

    def test_criticality_needs_positive_frequency(self):
        mode = wc.Mode(gamma=1.0, omega=-1.0)
        for ask in (lambda: mode.criticality, mode.spiking_frequency, mode.mean_amplitude):
            with pytest.raises(ValueError, match="omega > 0"):
                ask()

    def test_replace_knows_its_parameters(self):
        assert wc.Mode(gamma=1.0).replace(omega=2.0).omega == 2.0
        with pytest.raises(ValueError, match="Omega"):
            wc.Mode(gamma=1.0).replace(Omega=2.0)
