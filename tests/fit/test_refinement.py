"""Fits refined through simulations: what is simulated, and that the loss falls."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.fit import Fitted, Refinement
from wetcow.fit.fitting import fit
from wetcow.fit.refinement import Sampled, simulated
from wetcow.modes.mode import Mode

SIZE = 4
CANONICAL = wc.CANONICAL._asdict()


@pytest.fixture
def blank(rng):
    w = np.triu(np.exp(rng.normal(0, 1, (SIZE, SIZE))), 1)
    w = (w + w.T) / np.linalg.norm(w + w.T, 2)
    return wc.Network(-1.6, 1.0, wc.Dense(w))


def matrix_of(net):
    gamma = np.broadcast_to(np.asarray(net.modes.gamma), (SIZE,))
    omega = np.broadcast_to(np.asarray(net.modes.omega), (SIZE,))
    return np.diag(gamma + 1j * omega) + np.asarray(net.coupling.matrix())


def runs_of(net, noise, seed, steps=4000, runs=8, **constants):
    mode = Mode(np.zeros(SIZE), 0.0, **{**CANONICAL, **constants})
    return simulated(
        jnp.asarray(matrix_of(net), jnp.complex64), mode, jnp.full(SIZE, noise),
        jax.random.key(seed), steps=steps, dt=0.1, runs=runs,
    )  # fmt: skip


@pytest.mark.slow
def test_weak_noise_gives_the_closed_form(blank):
    a = np.asarray(runs_of(blank, 1e-3, 0, steps=8000, runs=16)).reshape(-1, SIZE)
    rest = wc.resting(blank, noise=1e-3)
    covariance = a.T @ a.conj() / len(a)
    np.testing.assert_allclose(covariance, rest.covariance, atol=0.04 * rest.covariance.real.max())
    np.testing.assert_allclose(Sampled(a).correlation, rest.correlation, atol=0.04)
    np.testing.assert_allclose(Sampled(a).power_correlation, rest.power_correlation, atol=0.04)


@pytest.mark.slow
def test_strong_noise_as_simulate_has_it(blank):
    """Mean power of modes, to which the nonlinear terms matter, beside the package's own steps."""
    noise = 0.6
    power = np.mean(np.abs(np.asarray(runs_of(blank, noise, 0))) ** 2, axis=(0, 1))
    run = wc.simulate(blank, t1=3200.0, num_samples=3201, noise=noise, a0=0, seed=1)
    expected = np.mean(np.abs(run.a.values[100:]) ** 2, axis=0)
    np.testing.assert_allclose(power, expected, rtol=0.08)
    linear = np.diagonal(wc.resting(blank, noise=noise).covariance).real
    assert np.all(np.abs(power / linear - 1) > 0.1)


@pytest.mark.slow
def test_the_loss_falls_where_noise_is_strong(blank, rng, tmp_path):
    true = blank.replace(gamma=rng.uniform(-2.2, -1.3, SIZE))
    data = np.asarray(Sampled(runs_of(true, 0.8, 5, steps=10_000)).correlation)
    how = Refinement(steps=15, t1=300.0, runs=8, learning_rate=0.05)
    found = fit(
        blank, data, noise=0.8, steps=60, refine=how, held_out=data,
        parameters={"gamma": "region", "margin": "global"},
    )  # fmt: skip
    assert found.refined is not None
    assert found.refined.losses.min() < found.refined.losses[0]
    assert found.refined.after < found.refined.before  # with other noise
    assert found.refined.scores_after["held_out"] > found.refined.scores_before["held_out"]
    assert "refined by 15 simulations" in found.summary()
    found.save(tmp_path / "fit.nc")
    again = Fitted.load(tmp_path / "fit.nc")
    np.testing.assert_allclose(again.refined.losses, found.refined.losses)
    assert again.refined.scores_after == pytest.approx(found.refined.scores_after)


@pytest.mark.slow
def test_gradients_through_the_simulation(blank):
    """Beside differences, in double precision."""
    with jax.enable_x64(True):
        matrix = jnp.asarray(matrix_of(blank))
        mode = Mode(np.zeros(SIZE), 0.0, **CANONICAL)

        def loss(scale):
            a = simulated(scale * matrix, mode, jnp.full(SIZE, 0.5), jax.random.key(0),
                          steps=100, dt=0.1, runs=2)  # fmt: skip
            return jnp.mean(jnp.abs(a) ** 2)

        slope, loss = jax.jit(jax.grad(loss))(1.0), jax.jit(loss)
        difference = (loss(1.0 + 1e-5) - loss(1.0 - 1e-5)) / 2e-5
        assert float(slope) == pytest.approx(float(difference), rel=1e-6)


@pytest.mark.slow
def test_a_loss_of_ones_own_function_of_runs(blank):
    """Mean power has no place in a correlation: a loss of runs alone can say it."""

    def loss(a):
        return (jnp.log(jnp.mean(jnp.abs(a) ** 2)) - jnp.log(0.2)) ** 2

    how = Refinement(steps=30, t1=60.0, runs=4, learning_rate=0.1, loss=loss)
    found = fit(
        blank, wc.resting(blank).correlation, noise=0.5, steps=3, refine=how,
        parameters={"noise": "global", "margin": "global"},
    )  # fmt: skip
    assert found.refined.after < 0.1 * found.refined.before


def dynamics_of(a, interval, window, step):
    times = ("time", interval * np.arange(len(a)), {"units": "1"})
    series = xr.DataArray(a.real, {"time": times}, ("time", "mode"))
    return wc.connectivity_dynamics(series, window=window, step=step)


@pytest.mark.slow
def test_dynamics_are_those_that_are_measured(blank, rng):
    """No loss for the same runs, and that of the quantiles for others."""
    a, other = np.asarray(runs_of(blank, 0.5, 3, steps=500, runs=2))
    measured = dynamics_of(a, 0.1, 5.0, 2.0)
    loss = wc.dynamics_loss(measured, 5.0, 2.0)
    assert float(loss(a[None])) < 1e-10
    wanted, found = (
        np.quantile(one.values[np.triu_indices(len(one), 1)], np.linspace(0.005, 0.995, 100))
        for one in (measured, dynamics_of(other, 0.1, 5.0, 2.0))
    )
    assert float(loss(other[None])) == pytest.approx(np.mean((wanted - found) ** 2), rel=1e-4)
    both = wc.dynamics_loss([measured, dynamics_of(other, 0.1, 5.0, 2.0)], 5.0, 2.0)
    assert float(both(np.stack([a, other]))) < 1e-10
    direction = rng.normal(size=a.shape)
    with jax.enable_x64(True):
        slopes = jax.jit(jax.grad(lambda x: loss(x[None] + 0j)))(jnp.asarray(other.real))
        slope = jnp.sum(slopes * direction)
        ends = [float(loss(other.real[None] + h * direction + 0j)) for h in (1e-6, -1e-6)]
    assert float(slope) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-3)


@pytest.mark.slow
def test_dynamics_are_fitted(blank):
    """Slow networks change their connectivity slowly."""
    true = np.asarray(runs_of(blank.replace(gamma=-1.2), 0.3, 3, steps=3000, runs=4))
    measured = [dynamics_of(a[600:], 0.1, 5.0, 2.0) for a in true]
    how = Refinement(
        steps=12, t1=200.0, runs=4, learning_rate=0.05, loss=wc.dynamics_loss(measured, 5.0, 2.0)
    )
    found = fit(
        blank, wc.resting(blank).correlation, noise=0.3, steps=1, refine=how,
        parameters={"margin": "global"},
    )  # fmt: skip
    assert found.refined.after < found.refined.before


@pytest.mark.parametrize(
    ("measured", "settings", "message"),
    [
        (np.ones((2, 3)), {}, "square matrix"),
        ([[1.0]], {}, "two windows"),
        ([], {}, "measured"),
        (np.eye(3), {"window": 0.2}, "3 samples or more"),
        (np.eye(3), {"signal": "rate"}, "'real' or 'power'"),
        (np.eye(3), {"window": 50.0}, "fewer than two windows"),
    ],
)
def test_dynamics_that_cannot_be_compared(measured, settings, message):
    with pytest.raises(ValueError, match=message):
        loss = wc.dynamics_loss(measured, **({"window": 2.0, "step": 1.0} | settings))
        loss(np.ones((1, 100, 4), complex))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"refine": 20}, r"wetcow\.Refinement"),
        ({"refine": Refinement(steps=0)}, r"refine\.steps"),
        ({"refine": Refinement(dt=5.0)}, r"refine\.dt=5 must be at most"),
        ({"refine": Refinement(), "loss": lambda rest: rest.margin}, "give Refinement"),
    ],
)
def test_what_makes_no_sense_is_said_before_work(blank, settings, message):
    data = None if "loss" in settings else wc.resting(blank).correlation
    with pytest.raises(ValueError, match=message):
        fit(blank, data, **settings)
