"""Dispersion [4, 5] against the operator of [2], limits, derivatives and brute force."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tissues import random_tensors, wavy

import wetcow as wc
from wetcow.tissue.dispersion import dispersion_relation, wave_rates
from wetcow.tissue.errors import ShapeMismatchError, TissueError

ALL = ("gamma", "omega", "ratio", "phase_velocity", "group_velocity", "omega_potential")


@pytest.fixture(scope="module", params=[1, 2, 3])
def tissue(request):
    return wc.Conductivity.from_function(wavy, (6,) * request.param, 0.013)


@pytest.fixture(scope="module")
def k():
    return np.random.default_rng(1).normal(size=(5, 3)) * 200


# Known answers


@pytest.mark.slow
def test_rates_are_the_roots_of_the_dispersion_relation(tissue, k):
    k = k[:, : tissue.dimension]
    waves = wc.dispersion(tissue, k)
    Omega = waves.omega.values + 1j * waves.gamma.values
    with jax.enable_x64(True):
        D = dispersion_relation(
            Omega, k, tissue.scaled()[..., None, :, :], tissue.divergence()[..., None, :]
        )
    assert np.abs(D).max() < 1e-12 * np.abs(Omega[..., None] * np.sum(k**2)).max()


@pytest.mark.slow
def test_rates_are_what_the_charge_density_of_a_plane_wave_does(tissue, k):
    """∂_t ∇²Ψ = −∇·(Σ·∇Ψ) [2] is iΩ ∇²Ψ at every place if Ψ is a plane wave."""
    k = k[:, : tissue.dimension]
    waves = wc.dispersion(tissue, k)
    eps = tissue.permittivity

    def flux(r, k):
        return wavy(r) / eps @ (-1j * k * jnp.exp(-1j * k @ r))

    def rate(r, k):
        change = -jnp.trace(jax.jacfwd(flux)(r, k))
        return change / (-(k @ k) * jnp.exp(-1j * k @ r))

    positions = tissue.positions()
    with jax.enable_x64(True):
        flat = positions.reshape(-1, tissue.dimension)
        everywhere = jax.jit(jax.vmap(jax.vmap(rate, (None, 0)), (0, None)))
        found = everywhere(flat, jnp.asarray(k))
    found = np.asarray(found).reshape(waves.omega.shape)
    np.testing.assert_allclose(found, 1j * waves.omega.values - waves.gamma.values, rtol=1e-9)


def test_uniform_tissue_damps_and_does_not_turn():
    sigma = np.broadcast_to(np.diag([1.0, 0.2, 0.1]), (4, 4, 4, 3, 3))
    tissue = wc.Conductivity(sigma, 1e-3)
    k = np.array([[300.0, 0, 0], [0, 50, 0], [0, 0, 1], [70, 70, 0]])
    waves = wc.dispersion(tissue, k)
    wanted = np.array([1.0, 0.2, 0.1, 0.6]) / tissue.permittivity
    np.testing.assert_allclose(waves.gamma, np.broadcast_to(wanted, (4, 4, 4, 4)))
    assert np.abs(waves.omega).max() < 1e-9 * wanted.min()
    assert np.abs(waves.group_velocity).max() < 1e-9 * wanted.min()


def test_inverse_dispersion_and_velocities(tissue, k):
    k = k[:, : tissue.dimension]
    waves, longer = wc.dispersion(tissue, k, ALL), wc.dispersion(tissue, k / 4, ALL)
    np.testing.assert_allclose(longer.gamma, waves.gamma)
    np.testing.assert_allclose(longer.omega, 4 * waves.omega)
    np.testing.assert_allclose(waves.phase_velocity, waves.omega / np.linalg.norm(k, axis=1))
    np.testing.assert_allclose(waves.ratio, np.abs(waves.omega / waves.gamma))
    # ω is homogeneous of degree −1: the group goes backwards along k at the speed of the crests.
    along = np.sum(waves.group_velocity.values * k, -1)
    np.testing.assert_allclose(along, -waves.omega, rtol=1e-9)
    if tissue.dimension == 1:
        np.testing.assert_allclose(waves.omega_potential, -waves.omega, rtol=1e-12)


@pytest.mark.slow
def test_group_velocity_is_the_derivative(tissue, k):
    one = jnp.asarray(k[0, : tissue.dimension])
    with jax.enable_x64(True):
        voxel = (2,) * tissue.dimension

        def omega(k):
            return wave_rates(tissue, k[None], ["omega"])["omega"][(*voxel, 0)]

        wanted = np.asarray(jax.jit(jax.grad(omega))(one.astype(float)))
    found = wc.dispersion(tissue, np.asarray(one, float)).group_velocity[voxel].values[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_potential_of_isotropic_tissue_turns_the_other_way():
    tissue = wc.Conductivity.from_function(lambda r: 0.3 + r[0] + 2 * r[1] ** 2, (5, 5), 0.01)
    waves = wc.dispersion(tissue, [[100.0, 40.0]], ["omega", "omega_potential"])
    np.testing.assert_allclose(waves.omega_potential, -waves.omega, rtol=1e-9)


@pytest.mark.slow
def test_derivative_by_conductivity_against_differences(rng):
    sigma = random_tensors(rng, (4, 4))
    k = np.array([[200.0, -70.0]])

    @jax.jit
    def total(sigma):
        rates = wave_rates(wc.Conductivity(sigma, 1e-3), k, ["ratio"])
        return jnp.sum(rates["ratio"])

    with jax.enable_x64(True):
        slope = np.asarray(jax.jit(jax.grad(total))(jnp.asarray(sigma)))
        change = random_tensors(rng, (4, 4), lowest=-1)
        step = 1e-6
        ends = [float(total(jnp.asarray(sigma + sign * step * change))) for sign in (1, -1)]
    assert np.sum(slope * change) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


@pytest.mark.slow
def test_mask_and_single_precision(rng):
    sigma = random_tensors(rng, (5, 5, 5))
    mask = rng.random((5, 5, 5)) > 0.2
    k = rng.normal(size=(3, 3)) * 100
    double = wc.dispersion(wc.Conductivity(sigma, 1e-3, mask=mask), k)
    single = wc.dispersion(wc.Conductivity(sigma.astype(np.float32), 1e-3, mask=mask), k)
    assert single.gamma.dtype == np.float32 and double.gamma.dtype == np.float64
    assert np.isnan(single.gamma.values[~mask]).all()
    np.testing.assert_allclose(single.gamma, double.gamma, rtol=2e-6)
    np.testing.assert_allclose(
        single.omega, double.omega, atol=1e-5 * np.nanmax(np.abs(double.omega))
    )
    assert single.attrs["relative_permittivity"] == 4e7 and single.omega.units == "rad/s"


# Properties


@pytest.mark.slow
@given(st.integers(0, 10**6), st.sampled_from(["general", "along an axis", "round", "flat"]))
def test_longest_surviving_direction_beats_all_others(seed, kind):
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    values = 10 ** rng.uniform(-2, 0, 3)
    if kind == "round":
        values[:] = 0.3
    elif kind == "flat":
        values[:2] = 0.1
    gradient = np.zeros((2, 2, 2, 3, 3, 3))
    s = q[:, 0] if kind == "along an axis" else rng.normal(size=3)
    gradient[..., 0, 0, :] = gradient[..., 0, :, 0] = s  # ∂_x σ_xj = s_j
    tissue = wc.Conductivity(
        np.broadcast_to(q * values @ q.T, (2, 2, 2, 3, 3)), 1e-3, gradient=gradient
    )
    found = wc.survival(tissue, [100.0, 200.0]).isel(x=0, y=0, z=0)
    others = rng.normal(size=(4000, 3))
    waves = wc.dispersion(tissue, 100 * others / np.linalg.norm(others, axis=1)[:, None])
    best = waves.ratio[0, 0, 0].max()
    assert found.ratio[0] >= best * (1 - 1e-9)
    assert found.ratio[0] <= best * 1.05  # so many others that one is near
    own = wc.dispersion(tissue, 100 * found.direction.values).isel(x=0, y=0, z=0, wave=0)
    np.testing.assert_allclose([own.gamma, own.omega], [found.gamma, found.omega[0]], rtol=1e-9)
    assert found.omega[0] > 0
    np.testing.assert_allclose(found.omega[1], found.omega[0] / 2)


# Errors


@pytest.mark.parametrize(
    "k, variables, error, said",
    [
        ([[0.0, 0.0]], ALL, TissueError, "not zero"),
        ([[np.nan, 1.0]], ALL, TissueError, "finite"),
        ([[1.0, 2.0, 3.0]], ALL, ShapeMismatchError, r"\(m, 2\)"),
        (["fast"], ALL, TissueError, "numbers"),
        ([[1.0, 2.0]], ["speed"], TissueError, "speed"),
    ],
)
def test_errors(k, variables, error, said):
    with pytest.raises(error, match=said):
        wc.dispersion(wc.Conductivity(np.ones((4, 4)), 1e-3), k, variables)


@pytest.mark.slow
def test_uniform_tissue_has_no_direction():
    waves = wc.survival(wc.Conductivity(np.full((4, 4), 0.25), 0.5), 100.0)
    assert np.isnan(waves.direction).all() and np.isnan(waves.omega).all()
    with pytest.raises(TissueError, match="positive"):
        wc.survival(wc.Conductivity(np.ones((4, 4)), 1e-3), [100, 0])
