"""Noise at rest: against SciPy, quadrature, finite differences, sampling and simulation."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import scipy.special
from conftest import random_coupling
from scipy.integrate import quad

import wetcow as wc
from wetcow.networks.lyapunov import abscissa, lyapunov, rightmost
from wetcow.networks.noise import noise_covariance
from wetcow.networks.resting_state import generator


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


def stable_matrix(rng, size, margin):
    """A random full complex matrix, far from normal, with spectral abscissa −margin."""
    a = random_coupling(rng, size, 1.5 * np.sqrt(size)) + 1j * np.diag(rng.normal(1, 0.3, size))
    return a - (np.linalg.eigvals(a).real.max() + margin) * np.eye(size)


def network(rng, size=5, gamma=-1.2):
    coupling = wc.Dense(random_coupling(rng, size, 1.0))
    return wc.Network(gamma, rng.normal(1.0, 0.2, size), coupling)


def close(found, wanted, rtol):
    assert np.linalg.norm(found - wanted) <= rtol * np.linalg.norm(wanted)


# Known answers.


def test_one_mode_has_the_lorentzian_spectrum():
    rest = wc.resting(wc.Mode(gamma=-0.2, omega=1.5), noise=0.3)
    assert rest.covariance[0, 0] == pytest.approx(0.09 / 0.4)
    nu = np.linspace(0, 3, 100)
    wanted = 0.09 / ((nu - 1.5) ** 2 + 0.04)
    np.testing.assert_allclose(rest.spectrum(nu)[:, 0], wanted, rtol=1e-12)
    assert rest.margin == pytest.approx(0.2)


@pytest.mark.slow
def test_a_matrix_without_a_basis_of_eigenvectors(x64):
    size = 30
    block = np.diag(np.full(size, -0.5)) + np.diag(np.ones(size - 1), 1) + 0j
    found = np.asarray(lyapunov(block, np.eye(size)))
    close(found, scipy.linalg.solve_continuous_lyapunov(block, -np.eye(size)), 1e-12)
    # The eigenvalue's derivative is infinite; ours is large, but a number.
    assert np.all(np.isfinite(jax.jit(jax.grad(abscissa))(jnp.asarray(block))))


@pytest.mark.slow
def test_the_slowest_pattern_and_the_margin_of_two_modes():
    rest = wc.resting(wc.Network(-0.5, 1.0, wc.Dense([[0, 0.3], [0.3, 0]])))
    assert rest.margin == pytest.approx(0.2)
    np.testing.assert_allclose(np.abs(rest.slowest), np.sqrt(0.5), atol=1e-9)
    assert abs(rest.slowest[0] - rest.slowest[1]) < 1e-8


# Independent solvers.


@pytest.mark.parametrize("size", [1, 2, 40])
@pytest.mark.parametrize("margin", [1.0, 1e-2, 1e-5])
def test_lyapunov_as_scipy(rng, x64, size, margin):
    a = stable_matrix(rng, size, margin)
    q = random_coupling(rng, size) + np.eye(size)
    q = q @ q.conj().T
    found = np.asarray(lyapunov(a, q))
    close(found, scipy.linalg.solve_continuous_lyapunov(a, -q), 1e-13 * size / min(margin, 0.1))
    close(a @ found + found @ a.conj().T, -q, 1e-14 * size * np.linalg.norm(found) + 1e-14)


def test_rightmost_eigenvectors(rng, x64):
    a = stable_matrix(rng, 20, 0.1)
    value, right, left = rightmost(jnp.asarray(a))
    assert value.real == pytest.approx(-0.1, abs=1e-12)
    close(a @ right, value * right, 1e-8)
    close(left.conj() @ a, value * left.conj(), 1e-8)


def test_spectra_integrate_to_covariances(rng):
    net = network(rng, 3)
    rest = wc.resting(net, noise=[0.1, 0.2, 0.3])
    angle = (np.arange(400) + 0.5) * 2 * np.pi / 400 - np.pi
    nu, weight = 1 + np.tan(angle / 2), 0.5 / np.cos(angle / 2) ** 2 / 400
    spectra = rest.cross_spectrum(nu)
    close(np.einsum("f,fij->ij", weight, spectra), rest.covariance, 1e-10)
    lagged = np.einsum("f,fij->ij", weight * np.exp(0.7j * nu), spectra)
    close(lagged, rest.lagged_covariance(0.7), 0.02)  # it decays slowly in frequency
    np.testing.assert_allclose(np.einsum("fii->fi", spectra).real, rest.spectrum(nu), rtol=1e-10)
    coherence = rest.coherence(nu)
    assert np.all(coherence <= 1 + 1e-12) and np.all(coherence >= 0)


def test_lagged_covariances_are_matrix_exponentials(rng):
    rest = wc.resting(network(rng))
    lags = np.array([0.0, 0.3, 2.0])
    for lag, found in zip(lags, rest.lagged_covariance(lags), strict=True):
        close(found, scipy.linalg.expm(rest.matrix * lag) @ rest.covariance, 1e-12)
    np.testing.assert_allclose(rest.lagged_correlation(0.0), rest.correlation, atol=1e-12)
    assert np.abs(rest.lagged_covariance([1e3, 1e6, 1e12])).max() < 1e-12


def test_correlations_of_power_by_sampling(rng):
    rest = wc.resting(network(rng, 4))
    root = np.linalg.cholesky(rest.covariance)
    white = rng.normal(size=(2, 4, 200_000)) / np.sqrt(2)
    a = root @ (white[0] + 1j * white[1])
    np.testing.assert_allclose(np.corrcoef(np.abs(a) ** 2), rest.power_correlation, atol=0.01)
    np.testing.assert_allclose(np.corrcoef(a.real), rest.correlation, atol=0.01)


@pytest.mark.slow
def test_simulation_agrees(rng):
    net = network(rng, 4)
    rest = wc.resting(net, noise=1e-4)
    seeds = range(16)
    runs = wc.sweep(net, t1=2000.0, num_samples=4001, noise=1e-4, seed=seeds, dt=0.05)
    a = runs.a.values[:, 400:]
    covariance = np.einsum("stk,stl->kl", a, a.conj()) / (a.shape[0] * a.shape[1])
    close(covariance, rest.covariance, 0.03)
    measured = wc.functional_connectivity(runs, "correlation").mean("seed").values
    np.testing.assert_allclose(measured, rest.correlation, atol=0.03)


# Derivatives.


@pytest.mark.slow
@pytest.mark.parametrize("margin", [0.3, 1e-2, 1e-5])
def test_gradients_as_finite_differences(rng, x64, margin):
    size = 6
    a, q = stable_matrix(rng, size, margin), np.eye(size) + 0j
    weights = random_coupling(rng, size)

    def loss(a, q):
        s = lyapunov(a, q)
        return jnp.log(jnp.sum(jnp.abs(s) ** 2)) + jnp.real(jnp.sum(weights * s)) / margin**-1

    both = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
    _, (by_a, by_q) = both(jnp.asarray(a), jnp.asarray(q))
    for name, gradient in (("a", by_a), ("q", by_q)):
        change = random_coupling(rng, size) + 0.1 * np.eye(size)
        h = 1e-4 * margin
        moved = [
            both(a + h * sign * change, q) if name == "a" else both(a, q + h * sign * change)
            for sign in (1, -1)
        ]
        wanted = float((moved[0][0] - moved[1][0]) / (2 * h))
        assert jnp.real(jnp.sum(gradient * change)) == pytest.approx(wanted, rel=1e-5)


def test_the_gradient_is_the_adjoint_equation_of_the_theory(rng, x64):
    size = 5
    a, q = stable_matrix(rng, size, 0.2), np.eye(size) + 0j
    g = random_coupling(rng, size)
    g = g + g.conj().T
    slopes = jax.jit(jax.grad(lambda a: jnp.real(jnp.trace(g @ lyapunov(a, q)))))
    found = slopes(jnp.asarray(a))
    s = scipy.linalg.solve_continuous_lyapunov(a, -q)
    y = scipy.linalg.solve_continuous_lyapunov(a.conj().T, -g)
    close(np.asarray(found), 2 * (s @ y).T, 1e-10)


@pytest.mark.slow
def test_second_derivatives_and_forward_mode(rng, x64):
    a = stable_matrix(rng, 4, 0.2)
    change = random_coupling(rng, 4)

    def along(x):
        return jnp.sum(jnp.abs(lyapunov(a + x * change, jnp.eye(4))) ** 2)

    compiled = jax.jit(along)
    wanted = float((compiled(1e-4) - 2 * compiled(0.0) + compiled(-1e-4)) / 1e-8)
    assert jax.jit(jax.hessian(along))(0.0) == pytest.approx(wanted, rel=1e-4)
    assert jax.jit(jax.grad(jax.grad(along)))(0.0) == pytest.approx(wanted, rel=1e-4)


def test_the_derivative_of_the_abscissa(rng, x64):
    a, change = stable_matrix(rng, 12, 0.1), random_coupling(rng, 12)
    gradient = jax.jit(jax.grad(abscissa))(jnp.asarray(a))
    wanted = float((abscissa(a + 1e-6 * change) - abscissa(a - 1e-6 * change)) / 2e-6)
    assert jnp.real(jnp.sum(gradient * change)) == pytest.approx(wanted, rel=1e-6)


@jax.jit
@functools.partial(jax.grad, argnums=(0, 1))
def slopes_of_correlations(scale, margin, r):
    """Of a matrix that is shifted to stability, by its scale and its margin."""
    one = np.eye(len(r), dtype=complex)
    a0 = scale.astype(complex) * r + 1j * one
    s = lyapunov(a0 - (abscissa(a0) + margin).astype(complex) * one, np.eye(len(r)))
    power = jnp.diagonal(s).real
    return jnp.sum(s.real / jnp.sqrt(power[:, None] * power))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["full", "ring", "equal", "triangular"])
def test_no_gradient_is_nan_when_shifted_to_stability(rng, x64, kind):
    size = 8
    r = {
        "full": random_coupling(rng, size, 3.0),
        "ring": np.roll(np.eye(size), 1, axis=0) + 0j,
        "equal": np.zeros((size, size), complex),  # all eigenvalues are one
        "triangular": np.triu(np.ones((size, size)), 1) + 0j,  # and defective
    }[kind]
    for margin in (1.0, 1e-3, 1e-8):
        found = slopes_of_correlations(jnp.asarray(1.0), jnp.asarray(margin), jnp.asarray(r))
        assert np.all(np.isfinite(found))


def test_a_network_is_differentiated(rng):
    r = np.asarray(random_coupling(rng, 4, 1.0))

    def power(gamma):
        net = wc.Network(gamma, 1.0, wc.Dense(r))
        return jnp.sum(wc.resting(net, noise=0.1).correlation)

    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(power))(jnp.asarray(-1.2))
        wanted = float(power(jnp.asarray(-1.2 + 1e-5)) - power(jnp.asarray(-1.2 - 1e-5))) / 2e-5
    assert slope == pytest.approx(wanted, rel=1e-6)


# Delays.


def delayed_pair(gamma=-0.5, r=0.4, delay=2.0, omega=0.0):
    return wc.Network(gamma, omega, wc.Delayed([[0, r], [r, 0]], [[0, delay], [delay, 0]]))


@pytest.mark.slow
def test_delays_as_by_lambert_and_quadrature():
    """Two equal modes are a sum and a difference, each one delayed equation."""
    gamma, r, delay = -0.5, 0.4, 2.0
    rest = wc.resting(delayed_pair(gamma, r, delay), noise=1.0)
    roots = [
        scipy.special.lambertw(sign * r * delay * np.exp(-gamma * delay), k) / delay + gamma
        for sign in (1, -1)
        for k in range(-2, 3)
    ]
    assert rest.abscissa == pytest.approx(max(np.real(roots)), abs=1e-9)

    def variance(sign):
        def density(nu):
            return 1 / abs(1j * nu - gamma - sign * r * np.exp(-1j * nu * delay)) ** 2

        return quad(density, -400, 400, limit=4000)[0] / (2 * np.pi) + 1 / (np.pi * 400)

    both, apart = variance(1), variance(-1)
    assert rest.covariance[0, 0] == pytest.approx((both + apart) / 2, rel=1e-4)
    assert rest.covariance[0, 1] == pytest.approx((both - apart) / 2, rel=1e-3)


@pytest.mark.slow
def test_short_delays_are_phases(rng):
    r = random_coupling(rng, 5, 1.0)
    errors = []
    for delay in (0.0, 0.01, 0.1):
        tau = delay * (1 - np.eye(5))
        net = wc.Network(-1.2, 1.0, wc.Delayed(r, tau))
        exact, phase = (wc.resting(net, delays=how).correlation for how in ("exact", "phase"))
        errors.append(np.abs(exact - phase).max())
    assert errors[0] < 1e-7 and errors[1] < 0.01 and errors[1] < errors[2] < 0.1


@pytest.mark.slow
def test_delays_have_gradients():
    def variance(gamma):
        net = wc.Network(gamma, 0.0, delayed_pair().coupling)
        return wc.resting(net, noise=1.0).covariance[0, 0].real

    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(variance))(jnp.asarray(-0.5))
    sides = [wc.resting(delayed_pair(-0.5 + h), noise=1.0).covariance[0, 0] for h in (1e-4, -1e-4)]
    assert slope == pytest.approx((sides[0] - sides[1]).real / 2e-4, rel=1e-4)


def test_delays_that_make_a_network_unstable_are_refused():
    stable = delayed_pair(-0.3, 0.5j, delay=0.5, omega=0.5)
    assert wc.resting(stable).margin > 0
    with pytest.raises(ValueError, match="unstable at rest"):
        wc.resting(delayed_pair(-0.3, 0.5j, delay=3.0, omega=0.5))


def test_what_is_too_long_or_too_strong_is_not_called_unstable(rng):
    with pytest.raises(ValueError, match="too long"):
        wc.resting(delayed_pair(-0.6, 0.3, delay=3e3, omega=0.5))
    with pytest.raises(ValueError, match="the noise is too strong"):
        wc.resting(network(rng), noise=1e154)


@pytest.mark.slow
def test_simulation_agrees_with_exact_delays():
    net = delayed_pair(-0.5, 0.4, delay=1.5, omega=1.0)
    rest = wc.resting(net, noise=1e-4)
    with jax.numpy_dtype_promotion("standard"):  # as for simulations
        runs = wc.sweep(net, t1=1500.0, num_samples=3001, noise=1e-4, seed=range(8), dt=0.1)
    a = runs.a.values[:, 400:]
    covariance = np.einsum("stk,stl->kl", a, a.conj()) / (a.shape[0] * a.shape[1])
    close(covariance, rest.covariance, 0.05)


# Properties.


def test_noise_of_modes_and_as_covariance(rng):
    net, strengths = network(rng, 4), np.array([0.1, 0.2, 0.3, 0.4])
    each = wc.resting(net, noise=strengths)
    whole = wc.resting(net, noise=np.diag(strengths**2))
    close(each.covariance, whole.covariance, 1e-14)
    with pytest.raises(ValueError, match="Hermitian"):
        wc.resting(net, noise=random_coupling(rng, 4))
    with pytest.raises(ValueError, match="negative eigenvalues"):
        wc.resting(net, noise=-np.eye(4))
    with pytest.raises(ValueError, match="negative"):
        noise_covariance(-0.1, 4)
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        wc.resting(net, noise=[0.1, 0.2])


@pytest.mark.slow
def test_side_by_side_under_vmap(rng, x64):
    stack = np.stack([stable_matrix(rng, 4, margin) for margin in (1.0, 1e-3, -0.1)])
    found = jax.vmap(lyapunov, in_axes=(0, None))(stack, np.eye(4))
    for one, a in zip(found[:2], stack, strict=False):
        close(np.asarray(one), np.asarray(lyapunov(a, np.eye(4))), 1e-10)
    assert np.all(np.isnan(found[2]))


def test_names_of_statistics(rng):
    table = wc.resting(network(rng)).to_xarray()
    assert table.covariance.dims == ("mode", "mode_from") and table.attrs["margin"] > 0


# Errors.


def test_an_unstable_network_says_what_to_change():
    net = wc.Network(0.5, 1.0, wc.Dense([[0, 0.3], [0.3, 0]]))
    with pytest.raises(ValueError, match=r"abscissa.* 0\.8.*gamma - 0\.8"):
        wc.resting(net)
    with pytest.raises(ValueError, match="unstable"):
        wc.resting(wc.Mode(gamma=0.0))
    with pytest.raises(TypeError, match="LeakyIntegrateAndFire"):
        wc.resting(wc.LeakyIntegrateAndFire(wc.Dense([[0, 0.3], [0.3, 0]])))


def test_an_unstable_network_is_nan_where_errors_cannot_be_raised():
    def power(gamma):
        return wc.resting(wc.Mode(gamma=gamma), noise=0.1).power.sum()

    assert jnp.isnan(jax.jit(power)(jnp.asarray(0.1)))
    assert jnp.isfinite(jax.jit(power)(jnp.asarray(-0.1)))


def test_what_does_not_go_together_is_said(rng):
    net = network(rng)
    with pytest.raises(ValueError, match="no delays"):
        wc.resting(net, delays="exact")
    with pytest.raises(ValueError, match="phase_frequency"):
        wc.resting(delayed_pair(), delays="exact", phase_frequency=1.0)
    with pytest.raises(ValueError, match="must not be negative"):
        wc.resting(net).lagged_covariance(-1.0)
    with pytest.raises(ValueError, match="not in closed form"):
        wc.resting(delayed_pair()).lagged_covariance(1.0)


def test_the_matrix_of_a_network_is_its_linear_part(rng):
    net = network(rng)
    a = generator(net)
    small = 1e-9 * (rng.normal(size=5) + 1j * rng.normal(size=5))
    with jax.enable_x64(True):
        close(np.asarray(net.field(small)), a @ small, 1e-7)
