"""Gradients through a simulation: every adjoint gives the slope of what is integrated."""

import importlib
import pathlib

import conftest
import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import wetcow as wc

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
SIZE, TIMES = 3, np.linspace(0, 4, 5)
SETTINGS = {"rtol": 1e-9, "atol": 1e-11, "max_steps": 256}


def network(parameters):
    coupling = wc.Dense(parameters["w"] * jnp.exp(-1j * parameters["delta"]))
    return wc.Network(parameters["gamma"], parameters["omega"], coupling)


@pytest.fixture
def parameters(rng):
    r = conftest.random_coupling(rng, SIZE)
    with jax.enable_x64(True):
        yield {
            "w": jnp.asarray(np.abs(r)),
            "delta": jnp.asarray(-np.angle(r)),
            "gamma": jnp.asarray(rng.uniform(0.5, 2, SIZE)),
            "omega": jnp.asarray(rng.uniform(0.5, 2, SIZE)),
        }


def loss(parameters, adjoint=None):
    a0 = jnp.array([0.1, 0.2j, -0.1 + 0.1j])
    a = wc.integrate(network(parameters), a0, TIMES, adjoint=adjoint, **SETTINGS)
    return jnp.sum(jnp.abs(a[1:]) ** 2 + a[1:].real)


# Known answers


@pytest.mark.slow
def test_complex_links_backwards_in_time(rng):
    """Links are kept as complex numbers and with indices, which are no parameters."""
    r = conftest.random_coupling(rng, SIZE)

    def loss(strength, adjoint):
        net = wc.Network(1.0, jnp.ones(SIZE), wc.Sparse.from_matrix(r).scaled(strength))
        a = wc.integrate(net, jnp.full(SIZE, 0.1j), TIMES, adjoint=adjoint, **SETTINGS)
        return jnp.abs(a[-1, 0])

    with jax.enable_x64(True):
        one = float(jax.grad(lambda s: loss(s, diffrax.BacksolveAdjoint()))(1.0))
        other = float(jax.jit(jax.grad(lambda s: loss(s, None)))(1.0))
    assert one == pytest.approx(other, rel=1e-6)
    assert abs(one) > 1e-3


@pytest.mark.slow
def test_search_finds_what_the_closed_form_says(monkeypatch):
    """Few modes: the gradient leads to couplings that satisfy [28-30], which it is not told."""
    monkeypatch.syspath_prepend(EXAMPLES)
    fit_network = importlib.import_module("fit_network")
    found = fit_network.compare(
        size=5, iterations=300, seed=0
    )  # rounding decides how many it takes
    assert found["random"]["residual"] > 0.3 and found["random"]["error"] > 0.3
    assert found["closed form"]["error"] < 1e-6
    assert found["gradient"]["error"] < 1e-3 and found["gradient"]["residual"] < 0.01
    assert found["gradient"]["replaying"] == 1
    errors = [error for _, error in found["course"]]
    assert errors == sorted(errors, reverse=True)
    assert fit_network.draw(found).axes[0].get_xlabel() == "seconds"


# Properties


@pytest.mark.slow
def test_gradient_is_the_slope_by_every_adjoint(parameters, rng):
    """By weights, phase delays, excitations and frequencies, along random directions."""
    both = jax.jit(jax.value_and_grad(loss))
    gradient = both(parameters)[1]
    for parameter, value in parameters.items():
        off = (1 - np.eye(SIZE)) if value.ndim == 2 else 1  # R_ii is zero
        direction = rng.normal(size=value.shape) * off
        ends = [both({**parameters, parameter: value + h * direction})[0] for h in (1e-4, -1e-4)]
        slope = (ends[0] - ends[1]) / 2e-4
        assert abs(slope) > 1e-3
        np.testing.assert_allclose(jnp.sum(gradient[parameter] * direction), slope, rtol=1e-5)
    others = (
        jax.grad(lambda p: loss(p, diffrax.DirectAdjoint())),
        jax.grad(lambda p: loss(p, diffrax.BacksolveAdjoint())),
        jax.jacfwd(lambda p: loss(p, diffrax.ForwardMode())),
    )
    for other in others:
        found = jax.jit(other)(parameters)
        for parameter in parameters:
            np.testing.assert_allclose(found[parameter], gradient[parameter], atol=1e-6)


@pytest.mark.slow
@pytest.mark.optimized
@pytest.mark.parametrize("rtol", [1e-9, 1e-10])
def test_steps_that_are_repeated_are_the_same(parameters, rtol):
    """Also where errors of first steps are rounding: gradients with few checkpoints and with all.

    Otherwise steps of other lengths are repeated than were taken, and gradients differ by percents.
    """

    def end(parameters, rtol, checkpoints):
        a0 = jnp.array([0.1, 0.2j, -0.1 + 0.1j])
        adjoint = diffrax.RecursiveCheckpointAdjoint(checkpoints=checkpoints)
        settings = {"rtol": rtol, "atol": rtol / 100, "max_steps": 256, "adjoint": adjoint}
        return jnp.sum(wc.integrate(network(parameters), a0, TIMES, **settings)[-1].real)

    slopes = jax.jit(jax.grad(end), static_argnums=(1, 2))
    few, all_of_them = (slopes(parameters, rtol, checkpoints) for checkpoints in (None, 256))
    for parameter in parameters:
        np.testing.assert_allclose(few[parameter], all_of_them[parameter], rtol=1e-6, atol=1e-9)


# Delays

DELAYED = wc.Delayed(
    [[0, 0.4, -0.2j], [0.3j, 0, 0.2], [0.1, 0.3, 0]],
    delay=[[0, 0.5, 0.3], [0.7, 0, 0.4], [0.6, 0.9, 0]],
)
WITH_DELAYS = wc.Network([0.8, 1.0, 1.2], [1.0, 0.9, 1.1], DELAYED)
SAMPLES = np.linspace(0, 4.0, 9)
STARTS = np.array([0.1, 0.2j, 0.1 + 0.1j])


@pytest.mark.slow
def test_delays_as_simulated():
    run = wc.simulate(WITH_DELAYS, 4.0, num_samples=9, a0=STARTS, dt=0.05)
    with jax.enable_x64(True):
        found = wc.integrate(WITH_DELAYS, STARTS, SAMPLES, dt=0.05)
        chosen = wc.integrate(WITH_DELAYS, STARTS, SAMPLES)
    np.testing.assert_allclose(found, run.a, rtol=0, atol=1e-12)
    np.testing.assert_allclose(chosen, run.a, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_slopes_of_delayed_networks():
    """By couplings and excitations, against differences."""

    def loss(r, gamma):
        network = WITH_DELAYS.replace(gamma=gamma, coupling=wc.Delayed(r, DELAYED.delay))
        a = wc.integrate(network, STARTS, SAMPLES, dt=0.1)
        return jnp.sum(jnp.abs(a) ** 2)

    with jax.enable_x64(True):
        at = jnp.asarray(DELAYED.r), jnp.asarray(WITH_DELAYS.modes.gamma)
        slopes = jax.jit(jax.grad(loss, argnums=(0, 1)))(*at)
        along, h = (jnp.asarray([[0, 1, 2j], [1j, 0, 1], [1, -1, 0]]), jnp.ones(3)), 1e-5
        sides = [float(jax.jit(loss)(at[0] + x * along[0], at[1] + x * along[1])) for x in (h, -h)]
        # JAX's gradient of a real function of complex numbers is the conjugate of its slopes.
        found = jnp.sum((slopes[0] * along[0]).real) + jnp.sum(slopes[1] * along[1])
    assert float(found) == pytest.approx((sides[0] - sides[1]) / (2 * h), rel=1e-6)


@pytest.mark.parametrize(
    ("times", "options", "words"),
    [
        ([0.0, 1.0, 3.0], {}, "equally spaced"),
        ([0.0, 1.0], {"dt": 0.32}, "shortest delay"),
    ],
)
def test_steps_of_delays_that_cannot_be(times, options, words):
    with pytest.raises(ValueError, match=words):
        wc.integrate(WITH_DELAYS, STARTS, np.array(times), **options)
