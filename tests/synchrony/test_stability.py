"""Floquet exponents of memories: limits, an independent integrator, finite differences, errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse
from scipy.integrate import solve_ivp

import wetcow as wc
from wetcow.modes.waveform import rest_point, waveform
from wetcow.synchrony import floquet

OMEGA = np.linspace(0.2, 1.8, 6)


def memory(gamma=1.8, seed=0, **arguments):
    arguments = {"background": 0.4, "max_weight": 0.6, "max_phase": np.pi / 2, **arguments}
    return wc.memorize(wc.Mode(gamma=gamma), OMEGA, seed=seed, **arguments)


def generator(network):
    own = np.asarray(network.modes.gamma) + 1j * np.asarray(network.modes.omega)
    return np.asarray(network.coupling.matrix()) + np.diag(np.broadcast_to(own, network.size))


def single_exponent(gamma):
    """The other exponent of a single mode: its mean divergence."""
    mode = wc.Mode(gamma=gamma)
    a, pace = waveform(mode, np.linspace(-np.pi, np.pi, 512, endpoint=False))
    p = floquet.nonlinear(mode, a)[0]
    return 2 * gamma + 2 * np.average(p.real, weights=pace)


def flow(network, a0, t1):
    """Amplitudes after `t1`, by SciPy, from the polar constants written out."""
    r = np.asarray(network.coupling.matrix())
    m = {name: np.asarray(value) for name, value in network.modes.parameters().items()}
    linear, turned = m["gamma"] + 1j * m["omega"], np.exp(-1j * m["psi"])

    def field(t, a):
        bend = m["w_a"] * (a * turned).real - m["alpha"] * np.abs(a) + 1j * m["w_phi"] * a.real
        return a * (linear + bend) + r @ a

    return solve_ivp(field, (0, t1), a0, "DOP853", [t1], rtol=1e-11, atol=1e-13).y[:, -1]


# Known answers


@pytest.mark.parametrize("gamma", [0.2, 1.2, 1.8, 1.95])
def test_one_exponent_is_zero_and_the_sum_is_the_mean_divergence(gamma):
    network = memory(gamma=gamma, background=0.1)
    found = wc.stability(network)
    assert abs(found.exponents[0]) < 1e-5
    assert found.largest == found.exponents[1].real
    assert found.period == pytest.approx(2 * np.pi / wc.Mode(gamma=gamma).spiking_frequency())
    nonlinear = single_exponent(gamma) - 2 * gamma
    expected = 2 * np.trace(generator(network)).real + 6 * nonlinear
    np.testing.assert_allclose(np.sum(found.exponents).real, expected, rtol=1e-9)


@pytest.mark.slow
def test_silent_memories_have_the_eigenvalues_of_where_they_rest():
    network = memory(gamma=2.3, max_weight=0.8)
    found = wc.stability(network)
    rest = np.full(6, rest_point(wc.Mode(gamma=2.3)))
    with jax.enable_x64(True):

        def field(v):
            change = network.field(v[:6] + 1j * v[6:])
            return jnp.concatenate([change.real, change.imag])

        at = np.concatenate([rest.real, rest.imag])
        jacobian = np.asarray(jax.jit(jax.jacfwd(field))(at))
    expected = np.linalg.eigvals(jacobian)
    np.testing.assert_allclose(np.sort(found.exponents.real), np.sort(expected.real), atol=1e-9)
    assert found.period == np.inf and found.largest == found.exponents[0].real


def test_damped_modes_have_the_eigenvalues_of_the_linear_part():
    r = np.array([[0, 0.3], [0.3, 0]])
    found = wc.stability(wc.Network(-1.0, 1.0, wc.Dense(r + 0j)))
    np.testing.assert_allclose(found.exponents.real, [-0.7, -0.7, -1.3, -1.3])
    assert found.attracts


@pytest.mark.slow
def test_largest_exponent_says_whether_deviations_grow():
    rng = np.random.default_rng(2)
    grown = []
    for seed in range(4):
        wide = {"max_weight": 2.0, "max_phase": np.pi, "unstable": "ignore"}
        network = memory(gamma=1.2, seed=seed, background=0.0, **wide)
        found = wc.stability(network)
        start = np.full(6, waveform(wc.Mode(gamma=1.2), np.array([0.0]))[0][0])
        off = 1e-7 * (rng.normal(size=6) + 1j * rng.normal(size=6))
        end = flow(network, start + off, 8 * found.period)
        grown.append(np.std(end) > np.std(off))
        assert grown[-1] == (found.largest > 0) == (not found.attracts)
    assert any(grown) and not all(grown)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [wc.Dense, wc.Sparse.from_matrix])
@pytest.mark.parametrize("gamma", [1.5, 2.3])
def test_leading_exponents_need_no_matrix(kind, gamma):
    network = memory(gamma=gamma, max_weight=0.8)
    network = network.replace(coupling=kind(np.asarray(network.coupling.matrix())))
    whole, leading = wc.stability(network), wc.stability(network, leading=4)
    np.testing.assert_allclose(leading.exponents.real, whole.exponents.real[:4], atol=1e-5)
    assert leading.largest == pytest.approx(whole.largest, abs=1e-5)


@pytest.mark.slow
def test_leading_exponents_of_other_couplings():
    low_rank = wc.LowRank.uniform(8, 0.5)
    total = np.asarray(low_rank.matrix()).sum(axis=1)
    network = wc.Network(1.5 - total.real, 1.0, low_rank)
    np.testing.assert_allclose(
        wc.stability(network, leading=3).largest, wc.stability(network).largest, atol=1e-5
    )


@pytest.mark.slow
def test_leading_exponents_of_hundreds_of_sparse_modes():
    size, each = 300, 6  # more than are computed with a matrix
    rng = np.random.default_rng(0)
    source = (np.arange(size)[:, None] + rng.integers(1, size, (size, each))) % size
    value = rng.uniform(0.5, 1.0, (size, each))
    value *= 1.2 / value.sum(axis=1, keepdims=True)
    links = wc.Sparse(size, np.repeat(np.arange(size), each), source.ravel(), value.ravel() + 0j)
    found = wc.stability(wc.Network(0.0, 1.0, links), leading=4)
    # Of equal modes with amplitude coupling: eigenvalues of the coupling, 1.2 the largest.
    r = scipy.sparse.csr_array((links.value.real, (links.target, links.source)))
    kappa = scipy.sparse.linalg.eigs(r, 3, which="LR", return_eigenvectors=False)
    assert found.largest == pytest.approx(np.sort(kappa.real)[-2] - 1.2, abs=1e-4)


def test_members_are_a_memory_of_their_own():
    subsets = [np.arange(4), np.arange(3, 6)]
    targets = [wc.Mode(gamma=1.5), wc.Mode(gamma=1.2, omega=1.2)]
    network = wc.memorize(targets, OMEGA, subsets=subsets)
    r = np.asarray(network.coupling.matrix())
    for members, target in zip(subsets, targets, strict=True):
        alone = wc.Network(0.0, OMEGA[members], wc.Dense(r[np.ix_(members, members)]))
        found = wc.stability(network, members=members)
        np.testing.assert_allclose(found.exponents, wc.stability(alone).exponents)
        assert found.period == pytest.approx(2 * np.pi / float(target.spiking_frequency()))


def test_where_there_is_no_synchronized_motion_derivatives_are_nan():
    network = memory()

    def largest(step):
        return wc.stability(network.replace(omega=OMEGA * step)).largest

    with jax.enable_x64(True):
        assert np.isnan(jax.jit(jax.grad(largest))(1.1))


# An independent integrator or library


@pytest.mark.slow
def test_exponents_are_those_of_finite_differences_of_the_flow():
    network = memory(gamma=1.2, seed=1)
    found = wc.stability(network)
    start = np.full(6, waveform(wc.Mode(gamma=1.2), np.array([0.0]))[0][0])
    columns = []
    for step in np.concatenate([np.eye(6), 1j * np.eye(6)]) * 1e-5:
        ends = [flow(network, start + sign * step, found.period) for sign in (1, -1)]
        change = (ends[0] - ends[1]) / 2e-5
        columns.append(np.concatenate([change.real, change.imag]))
    multipliers = np.linalg.eigvals(np.array(columns).T)
    ours = np.exp(found.exponents * found.period)
    for multiplier in multipliers[np.abs(multipliers) > 1e-3]:
        assert np.min(np.abs(ours / multiplier - 1)) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("gamma", [1.6, 2.3])
def test_gradient_is_that_of_finite_differences(gamma):
    network = memory(gamma=gamma, seed=3, max_weight=0.8)
    r = np.asarray(network.coupling.matrix())
    rng = np.random.default_rng(0)
    change = rng.normal(size=r.shape) + 1j * rng.normal(size=r.shape)
    np.fill_diagonal(change, 0)
    change -= np.where(np.eye(6), 0, change.sum(axis=1, keepdims=True) / 5)  # keeps the totals

    def largest(step):
        return wc.stability(network.replace(coupling=wc.Dense(r + step * change))).largest

    with jax.enable_x64(True):
        slope = jax.grad(largest)(0.0)
        jitted = jax.jit(jax.value_and_grad(largest))(0.0)
    differences = (largest(1e-5) - largest(-1e-5)) / 2e-5
    assert float(slope) == pytest.approx(differences, rel=1e-4, abs=1e-7)
    np.testing.assert_allclose(jitted, (largest(0.0), slope), rtol=1e-9, atol=1e-12)


# Limits


def test_equal_modes_with_amplitude_coupling_are_as_kuramoto_oscillators():
    # M = ω i + a real matrix, which commutes with all: λ = κ − γ̄ + those of a single mode. The
    # first half are the exponents of Kuramoto's model with the same couplings.
    r = np.random.default_rng(0).uniform(0, 0.4, (7, 7))
    np.fill_diagonal(r, 0)
    network = wc.Network(1.7 - r.sum(axis=1), 1.0, wc.Dense(r + 0j))
    found = wc.stability(network)
    phases = wc.stability(wc.Kuramoto(1.0, wc.Dense(r + 0j)))
    assert found.largest == pytest.approx(phases.largest, abs=1e-6) and phases.attracts
    expected = np.concatenate([phases.exponents, phases.exponents + single_exponent(1.7)])
    for value in expected:
        assert np.min(np.abs(found.exponents - value)) < 1e-5


def test_weak_coupling_of_modes_of_constant_amplitude_is_kuramotos():
    # Without w_a and w_phi the amplitude is constant; if it relaxes fast only phases are left.
    rng = np.random.default_rng(1)
    r = rng.uniform(0, 1, (5, 5)) * np.exp(1j * rng.uniform(-1, 1, (5, 5)))
    np.fill_diagonal(r, 0)
    errors = []
    for strength in (0.02, 0.01):
        total = strength * r.sum(axis=1)
        coupling = wc.Dense(strength * r)
        # So small that it is far below criticality (w_phi must not vanish for there to be one).
        network = wc.Network(
            1.0 - total.real, 1.0 - total.imag, coupling, w_a=0.0, w_phi=1e-6, psi=0.0
        )
        phases = wc.stability(wc.Kuramoto(1.0 - total.imag, coupling))
        errors.append(abs(wc.stability(network).largest / phases.largest - 1))
    assert errors[1] < 0.01 and errors[1] < 0.6 * errors[0]


# Properties


@pytest.mark.slow
def test_gradient_of_all_exponents():
    network = memory(gamma=1.2, seed=1)
    change = np.zeros((6, 6))
    change[0, 1], change[0, 2] = 1.0, -1.0
    r = np.asarray(network.coupling.matrix())

    def spread(step):
        found = wc.stability(network.replace(coupling=wc.Dense(r + step * change))).exponents
        return found[2].real + 2 * found[4].real

    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(spread))(0.0)
    assert float(slope) == pytest.approx(float(spread(1e-5) - spread(-1e-5)) / 2e-5, rel=1e-4)


# Errors


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: wc.Network(0.5, OMEGA, wc.LowRank.uniform(6, 0.3)), "no synchronized motion"),
        (lambda: wc.amplitude_only(memory()), "no synchronized motion"),
        (lambda: memory(alpha=np.linspace(2.9, 3.1, 6)), "whose alpha differ"),
        (lambda: wc.Kuramoto(OMEGA, wc.LowRank.uniform(6, 0.3)), "do not turn as one"),
        (
            lambda: wc.Network(1.0, 1.0, wc.Delayed(np.ones((2, 2)) - np.eye(2), np.ones((2, 2)))),
            "delays",
        ),
    ],
)
def test_what_has_no_synchronized_motion_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        wc.stability(build())


def test_other_systems_are_refused():
    with pytest.raises(TypeError, match="got a Mode"):
        wc.stability(wc.Mode(gamma=1.0))
