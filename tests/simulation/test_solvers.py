"""Methods whose stages are written out: of the order, and with the steps, of those of diffrax."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import wetcow as wc
from wetcow.simulation.integrate import integrate
from wetcow.simulation.steps import solvers

GAMMA, OMEGA, END = -0.3, 1.7, 4.0


def linear(t, y, args):
    """A mode without nonlinear terms, in a pytree."""
    x, z = y
    return GAMMA * x - OMEGA * z, OMEGA * x + GAMMA * z


def end(solver, t0, t1, steps):
    with jax.enable_x64(True):
        start = jnp.asarray(np.exp(GAMMA * t0) * np.array([np.cos(OMEGA * t0), np.sin(OMEGA * t0)]))
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(linear), solver, t0, t1, (t1 - t0) / steps, tuple(start)
        )
        return complex(found.ys[0][0], found.ys[1][0])


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize(("solver", "order"), [(solvers.Tsit5(), 5), (solvers.Dopri8(), 8)])
@pytest.mark.parametrize("backwards", [False, True])
def test_order(solver, order, backwards):
    """Against the exact solution, also backwards in time: half the step, 2^order less error.

    Of a linear equation it is up to one order better.
    """
    times = (END, 0.0) if backwards else (0.0, END)
    exact = np.exp((GAMMA + 1j * OMEGA) * times[1])
    coarse, fine = (abs(end(solver, *times, steps) - exact) for steps in (8, 16))
    assert order < np.log2(coarse / fine) < order + 1.2


@pytest.mark.slow
@pytest.mark.parametrize("rtol", [1e-5, 1e-8])
def test_with_and_without_a_bound_on_steps(rtol):
    """Written out, or in loops that can be differentiated: the same to the tolerance."""
    mode, times = wc.Mode(gamma=1.9), np.linspace(0, 30, 61)
    with jax.enable_x64(True):
        free, bounded, exact = (
            wc.integrate(mode, jnp.array([0.1 + 0j]), times, rtol=one, atol=one / 100, max_steps=n)
            for one, n in ((rtol, None), (rtol, 4096), (1e-12, None))
        )
    assert 0 < np.abs(free - exact).max() < 100 * rtol
    assert 0 < np.abs(bounded - exact).max() < 100 * rtol


# An independent integrator or library


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Tsit5", "Dopri8"])
def test_steps_are_those_of_diffrax(name):
    """The same accepted and rejected steps, and samples between them."""
    net = wc.memorize(wc.Mode(gamma=1.5), np.linspace(0.5, 1.5, 4), background=0.4)

    def field(t, y, args):
        a = net.field(jax.lax.complex(*y))
        return jnp.stack([a.real, a.imag])

    with jax.enable_x64(True):
        runs = [
            diffrax.diffeqsolve(
                diffrax.ODETerm(field),
                getattr(module, name)(),
                0.0,
                20.0,
                None,
                jnp.full((2, 4), 0.1),
                saveat=diffrax.SaveAt(ts=jnp.linspace(0, 20, 31)),
                stepsize_controller=diffrax.PIDController(1e-6, 1e-8),
                max_steps=None,
            )
            for module in (solvers, diffrax)
        ]
    ours, theirs = runs
    assert int(ours.stats["num_rejected_steps"]) == int(theirs.stats["num_rejected_steps"]) > 0
    assert int(ours.stats["num_steps"]) == int(theirs.stats["num_steps"])
    np.testing.assert_allclose(ours.ys, theirs.ys, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("solver", [diffrax.Tsit5(), solvers.Tsit5()])
@pytest.mark.parametrize("damping", [8.0, 150.0])
def test_a_trial_step_that_overflows_is_cut(solver, damping):
    """It was tried for ever: infinity over infinity made the next step no number."""
    found = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, y, args: -damping * y**3),
        solver,
        t0=0.0,
        t1=1.0,
        dt0=1.0,
        y0=jnp.ones(1),
        stepsize_controller=diffrax.PIDController(1e-3, 1e-5, **solvers.STEP_CONTROL),
        max_steps=300,
        throw=False,
    )
    assert diffrax.is_okay(found.result)
    np.testing.assert_allclose(found.ys[-1], 1 / np.sqrt(1 + 2 * damping), rtol=1e-2)


# Errors


@pytest.mark.slow
@pytest.mark.parametrize("times", [[0, 50], [0, 25, 50]])
def test_what_did_not_get_to_the_end_is_not_finite(times):
    network, a0 = wc.Network(0.5, 1.0, wc.LowRank.uniform(3, 1.0)), np.full(3, 0.1 + 0j)
    times = np.array(times, float)
    with pytest.raises(ValueError, match="a0 must be finite"):
        integrate(network, a0 * np.nan, times)
    found = jax.jit(lambda start: integrate(network, start, times, max_steps=None))(a0 * np.nan)
    assert not np.isfinite(found[-1]).any()
    if len(times) == 2:
        return
    found = jax.jit(lambda start: integrate(network, start, times, max_steps=4))(a0)
    assert not np.isfinite(found[-1]).any()
    with pytest.warns(UserWarning, match="max_steps=70 were taken before the end"):
        found = integrate(network, a0, times, max_steps=70)
    assert np.isinf(found[-1]).all()


def test_what_would_take_for_ever_is_refused_before_it_starts():
    mode, a0 = wc.Mode(gamma=1.0, omega=1e9), np.array([0.1 + 0j])
    for most in (None, 100_000):
        with pytest.raises(ValueError, match=r"1e\+12 steps.*max_steps"):
            integrate(mode, a0, np.linspace(0, 200, 11), max_steps=most)
