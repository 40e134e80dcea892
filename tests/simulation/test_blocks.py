"""Delayed links in blocks: beside looking up all pairs, and beside an integration of our own."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import wetcow as wc
from wetcow.networks import delayed_links
from wetcow.networks.delayed_links import DelayedLinks
from wetcow.simulation import chunks
from wetcow.simulation.laid_out import in_blocks
from wetcow.simulation.steps.advance import advance
from wetcow.simulation.steps.stepping import Fixed, initial_state, traced_stepping

DT = 0.05
FIXED = Fixed(dt=DT, steps_per_sample=4, history=64, noisy=False)


def brain(size, rng, *, density=1.0, shortest=DT, now=0.0):
    """Links of all kinds: long ones, short ones, and a share of them without delay."""
    return network_of(coupling_of(size, rng, density, shortest, now), rng)


def network_of(coupling, rng):
    return wc.Network(1.2, rng.uniform(0.8, 1.2, coupling.size), coupling)


def coupling_of(size, rng, density=1.0, shortest=DT, now=0.0):
    r = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    r *= 0.5 / size / density * (rng.random((size, size)) < density)
    np.fill_diagonal(r, 0)
    delay = rng.uniform(shortest, 2.0, (size, size)) * (rng.random((size, size)) >= now)
    return wc.Delayed(r, delay)


def steps_of(network, samples=20, each=4, noisy=False):
    """Samples of both ways, the one as they are and in blocks."""
    stepping = FIXED._replace(steps_per_sample=each, noisy=noisy)
    times, a0 = DT * each * np.arange(samples + 1), network.initial(jax.random.key(0))
    state, key = initial_state(jnp.asarray(a0), stepping), jax.random.key(1)

    @eqx.filter_jit
    def run(system, stepping, count):
        return advance(system, state, times, stepping, 0.02, key, count=count)[0]

    return [
        run(one, traced_stepping(stepping), np.asarray(samples))
        for one in (network, in_blocks(network, stepping))
    ]


class TestLinks:
    @pytest.mark.parametrize(
        ("size", "density"), [(5, 1.0), pytest.param(70, 0.1, marks=pytest.mark.slow)]
    )
    def test_hold_every_link(self, rng, size, density):
        with jax.enable_x64(True):
            coupling = coupling_of(size, rng, density, now=0.2)
            links = DelayedLinks.of(coupling, DT)
            np.testing.assert_allclose(links.matrix(), coupling.r)
            np.testing.assert_allclose(links.scaled(2.0).matrix(), 2 * coupling.r)
            np.testing.assert_allclose(links.bound(), coupling.bound())

    def test_blocks_are_as_long_as_most_delays(self, rng):
        coupling = coupling_of(70, rng, shortest=8.5 * DT)
        assert DelayedLinks.of(coupling, DT).block == 8
        assert DelayedLinks.of(coupling, DT).near == ()
        coupling.delay[0, 1] = DT  # one short link does not make all of them slow
        links = DelayedLinks.of(coupling, DT)
        assert links.block >= 8
        assert sum(np.count_nonzero(one.value) for one in links.near) < 70

    def test_few_places_are_filled_up(self, rng):
        links = DelayedLinks.of(coupling_of(300, rng, density=0.02, shortest=1.0), DT)
        places = sum(one.value.size for one in links.far)
        assert places < 1.6 * sum(np.count_nonzero(one.value) for one in links.far)


class TestSteps:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        "kind",
        [
            {"size": 6, "shortest": 5 * DT},
            {"size": 6, "now": 0.2},
            {"size": 70, "density": 0.2},
        ],
    )
    def test_agree_with_all_pairs(self, rng, kind):
        """Exactly while the start arrives, then within the error of what is interpolated."""
        with jax.enable_x64(True):
            before, after = steps_of(brain(rng=rng, **kind))
        assert np.abs(before).max() > 0.2
        np.testing.assert_allclose(after[:10], before[:10], rtol=0, atol=1e-13)
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-7)

    @pytest.mark.slow
    def test_agree_with_all_pairs_in_noise(self, rng):
        with jax.enable_x64(True):
            before, after = steps_of(brain(6, rng), noisy=True)
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-12)

    @pytest.mark.slow
    @pytest.mark.parametrize("noisy", [False, True])
    def test_phase_oscillators_agree_with_all_pairs(self, rng, noisy):
        coupling = coupling_of(6, rng, now=0.2)
        oscillators = wc.Kuramoto(rng.uniform(0.8, 1.2, 6), coupling)
        with jax.enable_x64(True):
            assert isinstance(in_blocks(oscillators, FIXED).coupling, DelayedLinks)
            before, after = map(np.asarray, steps_of(oscillators, noisy=noisy))
        turned = np.angle(before[-1] / before[0] * np.exp(-1j * oscillators.omega * 19 * 4 * DT))
        assert np.abs(turned).max() > 0.2  # they do hear each other
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-12 if noisy else 1e-7)

    @pytest.mark.slow
    def test_delayed_oscillators_lock_where_theory_says(self):
        """Two alike lock at Ω = ω − w sin Ωτ [Schuster and Wagner 1989]."""
        omega, w, tau = 1.0, 0.4, 1.5
        locked = scipy.optimize.brentq(lambda x: x - omega + w * np.sin(x * tau), 0.0, 1.0)
        links = wc.Delayed([[0, w], [w, 0]], np.full((2, 2), tau))
        run = wc.simulate(wc.Kuramoto(omega, links), 60.0, num_samples=241, a0=[1, np.exp(0.3j)])
        late = np.unwrap(np.angle(run.a.values[120:, 0]))
        found = np.polyfit(run.time.values[120:], late, 1)[0]
        np.testing.assert_allclose(found, locked, rtol=1e-6)

    @pytest.mark.slow
    def test_interpolated_links_agree_with_all_pairs(self, rng):
        coupling = coupling_of(6, rng, shortest=0.01, now=0.2)
        coupling = wc.Delayed(coupling.r, coupling.delay, min_delay=0.5)
        with jax.enable_x64(True):
            before, after = steps_of(network_of(coupling, rng))
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-7)

    @pytest.mark.slow
    def test_agree_with_small_steps_of_our_own(self, rng):
        """The midpoint rule at 1/100, extrapolated; the past by linear interpolation."""
        coupling = coupling_of(4, rng, shortest=0.3)
        network = network_of(coupling, rng)
        r, delay = coupling.r, coupling.delay
        a0 = np.array([0.3, -0.2j, 0.1 + 0.1j, 0.2])
        field = eqx.filter_jit(network.modes.field)

        def own(steps):
            dt = 2.0 / steps
            path = np.empty((2 * steps + 1, 4), complex)  # at halves of steps
            path[0] = a0

            def change(t, a):
                place = np.maximum(t - delay, 0) / dt * 2
                left = np.minimum(place.astype(int), 2 * steps - 1)
                ends = [np.take_along_axis(path, at, axis=0) for at in (left, left + 1)]
                arriving = ends[0] + (place - left) * (ends[1] - ends[0])
                return np.asarray(field(a)) + (r * arriving).sum(axis=1)

            for k in range(steps):
                a = path[2 * k]
                path[2 * k + 1] = a + dt / 2 * change(k * dt, a)
                path[2 * k + 2] = a + dt * change((k + 0.5) * dt, path[2 * k + 1])
            return path[::2][:: steps // 20]

        with jax.enable_x64(True):
            coarse, fine = own(400), own(800)
        expected = fine + (fine - coarse) / 3
        run = wc.simulate(network, 2.0, num_samples=21, a0=a0)
        np.testing.assert_allclose(run.a, expected, rtol=0, atol=4e-6)  # measured: 2.3e-6

    @pytest.mark.slow
    def test_gradients(self, rng):
        with jax.enable_x64(True):
            network = brain(3, rng, shortest=6 * DT)
            stepping = Fixed(dt=DT, steps_per_sample=9, history=48, noisy=False)
            laid_out = in_blocks(network, stepping)
            times = 9 * DT * np.arange(8)

            @jax.jit
            def loss(strength, gamma):
                system = laid_out.replace(coupling_strength=strength, gamma=gamma)
                state = initial_state(jnp.full(3, 0.1 + 0.1j), stepping)
                samples, _ = advance(system, state, times, stepping)
                return jnp.sum(jnp.abs(samples) ** 2)

            at = (1.0, jnp.asarray([1.0, 1.1, 1.2]))
            gradient = jax.grad(loss, argnums=(0, 1))(*at)
            h, along = 1e-5, jnp.asarray([1.0, -2.0, 0.5])
            sides = (loss(1.0 + x, at[1] + x * along) for x in (h, -h))
            forward, back = map(float, sides)
        slope = float(gradient[0]) + float(np.asarray(gradient[1]) @ np.asarray(along))
        np.testing.assert_allclose(slope, (forward - back) / (2 * h), rtol=1e-7)


class TestProducts:
    """Dense links of few steps are products: here of few modes, so that little is compiled."""

    @pytest.fixture
    def product(self, monkeypatch):
        monkeypatch.setattr(delayed_links, "_products_block", lambda *_: (4, 0.0))

    def test_are_for_dense_links_of_few_steps(self, rng):
        dense = coupling_of(90, rng)
        few = wc.Delayed(dense.r.real, np.minimum(dense.delay, 16 * DT))
        assert DelayedLinks.of(few, DT).longest == 16
        assert DelayedLinks.of(few, DT / 50).longest == 0  # delays of many steps
        sparse = coupling_of(90, rng, density=0.05)
        assert DelayedLinks.of(wc.Delayed(sparse.r, few.delay), DT).longest == 0

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["real", "complex", "all far", "all near", "some now"])
    def test_agree_with_all_pairs(self, rng, product, kind):
        coupling = coupling_of(
            6, rng, shortest=5 * DT if kind == "all far" else DT, now=0.3 * (kind == "some now")
        )
        r = coupling.r.real if kind == "real" else coupling.r
        delay = np.minimum(coupling.delay, 3.5 * DT) if kind == "all near" else coupling.delay
        network = network_of(wc.Delayed(r, delay), rng)
        links = in_blocks(network, FIXED).coupling
        assert links.longest > 0
        assert (len(links.near) > 0, len(links.far) > 0) == (kind != "all far", kind != "all near")
        with jax.enable_x64(True):
            before, after = steps_of(network, samples=30)
        np.testing.assert_allclose(after[:10], before[:10], rtol=0, atol=1e-13)
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-7)

    @pytest.mark.slow
    def test_agree_with_all_pairs_in_noise(self, rng, product):
        """Up to how the noise between two steps is interpolated."""
        network = brain(6, rng)
        with jax.enable_x64(True):
            before, after = steps_of(network, samples=30, noisy=True)
        assert np.abs(after[16:] - before[16:]).max() > 1e-8  # it was another way
        np.testing.assert_allclose(after, before, rtol=0, atol=2e-4)

    @pytest.mark.slow
    @pytest.mark.parametrize("noise", [0.0, 0.1])
    def test_chunks_are_the_same_run(self, rng, product, noise, monkeypatch):
        network = brain(6, rng)
        settings = {"num_samples": 41, "noise": noise, "seed": 3, "dt": DT}
        whole = wc.simulate(network, 10.0, **settings)
        monkeypatch.setattr(chunks, "LONGEST_CHUNK", 8)
        parts = wc.simulate(network, 10.0, **settings)
        np.testing.assert_allclose(parts.a, whole.a, rtol=0, atol=1e-13)


class TestRuns:
    @pytest.mark.slow
    def test_noise_is_the_same_after_an_interruption(self, rng, tmp_path, monkeypatch):
        network = brain(4, rng, shortest=2 * DT)
        settings = {"num_samples": 41, "noise": 0.1, "seed": 3}
        monkeypatch.setattr(chunks, "LONGEST_CHUNK", 8)
        whole = wc.simulate(network, 10.0, **settings)
        calls = []

        def stop(*_):
            calls.append(None)
            if len(calls) == 3:
                raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("wetcow.simulation.run.Run.check", stop)
            with pytest.raises(KeyboardInterrupt):
                wc.simulate(network, 10.0, path=tmp_path / "run.zarr", **settings)
        resumed = wc.simulate(network, 10.0, path=tmp_path / "run.zarr", **settings)
        np.testing.assert_array_equal(resumed.a, whole.a)

    @pytest.mark.slow
    def test_a_sweep_is_run_by_run(self, rng):
        network = brain(4, rng, shortest=2 * DT)
        runs = wc.sweep(network, 5.0, num_samples=11, dt=DT, coupling_strength=[0.5, 2.0])
        for strength in (0.5, 2.0):
            one = network.replace(coupling_strength=strength)
            run = wc.simulate(one, 5.0, num_samples=11, dt=DT)
            found = runs.a.sel(coupling_strength=strength)
            np.testing.assert_allclose(found, run.a, rtol=0, atol=1e-10)

    @pytest.mark.slow
    def test_single_precision_is_as_exact_late_as_early(self, rng):
        """Times of steps are not rounded: they count from the start of each."""
        network = brain(4, rng, shortest=4 * DT)
        late, early = (
            wc.simulate(network, t0 + 10.0, t0=t0, num_samples=11, precision="single", dt=0.01)
            for t0 in (5000.0, 0.0)
        )
        np.testing.assert_allclose(late.a, early.a, rtol=0, atol=1e-3)
