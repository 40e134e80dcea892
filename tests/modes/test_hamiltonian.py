"""Motion as the Wirtinger derivative of the printed Hamiltonians [6, 9, 10]."""

import conftest
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import wetcow as wc


@pytest.fixture
def network(rng):
    return wc.Network(
        gamma=rng.uniform(0, 2, 5),
        omega=rng.uniform(0.5, 2, 5),
        coupling=wc.Dense(conftest.random_coupling(rng, 5)),
    )


@pytest.mark.slow
def test_motion_of_a_mode_is_its_field(rng):
    mode = wc.Mode(
        gamma=rng.normal(size=6), omega=2.0, w_a=1.0, w_phi=0.7, psi=rng.uniform(0, 6, 6), alpha=1.5
    )
    a = conftest.random_amplitudes(rng, 6)
    with jax.enable_x64(True):
        np.testing.assert_allclose(wc.motion(wc.hamiltonian, a, mode), mode.field(a), rtol=1e-13)


@pytest.mark.slow
def test_motion_of_a_network_is_its_field(network, rng):
    a = conftest.random_amplitudes(rng, 5)
    with jax.enable_x64(True):
        motion = wc.motion(wc.network_hamiltonian, a, network.modes, network.coupling)
        np.testing.assert_allclose(motion, network.field(a), rtol=1e-13)


@pytest.mark.slow
def test_motion_at_rest_is_zero():
    a = np.array([0j, 0.5])
    with jax.enable_x64(True):
        motion = wc.motion(wc.hamiltonian, a, wc.Mode(gamma=1.0))
        np.testing.assert_allclose(motion, wc.Mode(gamma=1.0).field(a), atol=1e-15)
        assert motion[0] == 0


def test_single_mode_hamiltonian_is_the_printed_one(rng):
    """[6] with the constants rescaled: Γ aa† + aa†[β_a a + (β_a†/2) a† − 2 (α/3) |a|]."""
    mode = wc.Mode(gamma=0.3, omega=1.2)
    a = complex(conftest.random_amplitudes(rng, 1)[0])
    beta = (mode.w_a * np.exp(-1j * mode.psi) + 1j * mode.w_phi) / 2
    beta_dagger = (mode.w_a * np.exp(1j * mode.psi) + 1j * mode.w_phi) / 2
    square = abs(a) ** 2
    printed = (0.3 + 1.2j) * square + square * (
        beta * a + beta_dagger / 2 * np.conj(a) - 2 * mode.alpha / 3 * abs(a)
    )
    with jax.enable_x64(True):
        value = wc.hamiltonian(jnp.asarray([a]), jnp.conj(jnp.asarray([a])), mode)
        np.testing.assert_allclose(value, printed, rtol=1e-14)


@pytest.mark.slow
def test_printed_network_hamiltonian_couples_by_a_hermitian_matrix(network, rng):
    """[9] as printed, r_nm between a_n and a†_m and its conjugate, moves by R = r* + rᵀ."""
    r = np.asarray(network.coupling.matrix())

    def printed(a, a_dagger):
        pairs = r * (a[:, None] * a_dagger[None, :]) + np.conj(r) * (a_dagger[:, None] * a[None, :])
        return wc.hamiltonian(a, a_dagger, network.modes) + jnp.sum(pairs)

    a = conftest.random_amplitudes(rng, 5)
    hermitian = np.conj(r) + r.T
    np.testing.assert_array_equal(hermitian, hermitian.conj().T)
    with jax.enable_x64(True):
        coupled = network.replace(coupling=wc.Dense(hermitian))
        np.testing.assert_allclose(wc.motion(printed, a), coupled.field(a), rtol=1e-13)
        ours = wc.motion(wc.network_hamiltonian, a, coupled.modes, coupled.coupling)
        np.testing.assert_allclose(wc.motion(printed, a), ours, rtol=1e-13)
