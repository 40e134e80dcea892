"""Mode amplitudes [7, 8] of known fields, and mode networks from tissue and from its field."""

import numpy as np
import pytest
from tissues import random_tensors

import wetcow as wc
from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.projection import local_rates


def all_waves(grid, spacing):
    """Every wave vector of an odd grid but zero."""
    lines = [
        2 * np.pi * np.fft.fftfreq(size, step) for size, step in zip(grid, spacing, strict=True)
    ]
    k = np.stack(np.meshgrid(*lines, indexing="ij"), -1).reshape(-1, len(grid))
    return k[np.any(k != 0, axis=1)]


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize("grid", [(16,), (9, 8), (5, 6, 7)])
def test_temporal_modes_of_known_waves(rng, grid):
    dimension = len(grid)
    spacing = np.array([1e-3, 2e-3, 3e-3][:dimension])
    sides = spacing * grid
    k = 2 * np.pi / sides * np.array([[1] * dimension, [-2] + [1] * (dimension - 1)])
    tissue = wc.Conductivity(np.full(grid, 0.3), spacing)
    heights = np.array([2 - 1j, 0.5j])
    psi0 = np.exp(1j * tissue.positions() @ k.T) @ heights
    rate = 0.3 / tissue.permittivity
    field = wc.simulate_field(tissue, 1 / rate, psi0, num_samples=3)
    a = wc.mode_amplitudes(field, k)
    whole = np.prod(sides) / (2 * np.pi) ** dimension
    np.testing.assert_allclose(a, whole * np.exp(-rate * field.time.values)[:, None] * heights)
    turned = wc.mode_amplitudes(field, k, omega=[3.0, -5e3])
    phase = np.exp(-1j * np.outer(field.time, [3.0, -5e3]))
    np.testing.assert_allclose(turned, a * phase)
    assert a.units == ["V·m", "V·m²", "V·m³"][dimension - 1]


def test_a_mode_of_the_paper_is_the_opposite_wave_of_the_dispersion_relation():
    """[7] is constant for e^{+i(k·r + ω_k t)}: e^{−i(k'·r − ωt)} of [4] with k' = −k."""
    tissue = wc.Conductivity(np.full(16, 0.3), 1e-3)
    field = wc.simulate_field(tissue, 1e-3, np.ones(16), num_samples=11)
    k, omega = 2 * np.pi / 0.016, 700.0
    moving = np.exp(-1j * (-k * field.x.values - omega * field.time.values[:, None]))
    field = field.assign(psi=(("time", "x"), moving))
    a = wc.mode_amplitudes(field, [[k]], omega)
    np.testing.assert_allclose(a, 0.016 / (2 * np.pi), rtol=1e-12)


@pytest.mark.slow
def test_spatial_modes_of_a_known_oscillation():
    tissue = wc.Conductivity(np.full((8, 6), 0.3), 1e-3)
    field = wc.simulate_field(tissue, 1.0, np.ones((8, 6)), num_samples=401, dt=1e-3)
    omega, k = 2 * np.pi * np.array([3.0, 7.0]), np.array([[500.0, 100.0], [0.0, -200.0]])
    height = np.array([2.0, 1j])
    waves = np.exp(1j * (field.time.values[:, None] * omega)[:, None, None, :]) * np.exp(
        1j * tissue.positions() @ k.T
    )
    field = field.assign(psi=(("time", "x", "y"), waves @ height))
    a = wc.spatial_mode_amplitudes(field, omega, k)
    assert a.dims == ("frequency", "x", "y")
    wanted = np.broadcast_to((height / (2 * np.pi))[:, None, None], a.shape)
    np.testing.assert_allclose(a, wanted, atol=1e-12)
    turning = wc.spatial_mode_amplitudes(field, omega)
    np.testing.assert_allclose(turning[0] / a[0], np.exp(1j * tissue.positions() @ k[0]), atol=1e-9)
    with pytest.raises(TissueError, match="resolve"):
        wc.spatial_mode_amplitudes(field, [2000.0])
    with pytest.raises(ShapeMismatchError, match="1 wave vectors"):
        wc.spatial_mode_amplitudes(field, omega, k[:1])


# An independent integrator or library


@pytest.mark.slow
def test_network_of_tissue_is_the_field_equation(rng):
    """With all wave vectors of the grid the network moves as the field does."""
    tissue = wc.Conductivity(random_tensors(rng, (5, 3)), [1e-3, 2e-3])
    k = all_waves((5, 3), tissue.spacing)
    found = wc.network_of_tissue(tissue, k)
    assert np.all(found.gamma < 0) and np.all(np.diagonal(found.coupling) == 0)
    np.testing.assert_allclose(found.omega, 0, atol=1e-9 * np.abs(found.gamma).max())
    matrix = np.diag(found.gamma + 1j * found.omega) + found.coupling
    psi0 = rng.normal(size=(5, 3))
    t1 = 1 / np.abs(found.gamma).max()
    field = wc.simulate_field(tissue, t1, psi0, num_samples=5, dt=t1 / 80)
    from scipy.linalg import expm

    a = wc.mode_amplitudes(field, k).values
    np.testing.assert_allclose(expm(matrix * t1) @ a[0], a[-1], atol=1e-8 * np.abs(a).max())
    length = np.linalg.norm(k, axis=1)
    weighted = matrix * length[:, None] / length
    np.testing.assert_allclose(weighted, weighted.conj().T, atol=1e-9 * np.abs(weighted).max())


# Limits


@pytest.mark.slow
def test_the_network_simulated_for_small_amplitudes_is_the_field(rng):
    """The parameters go into wetcow.Network as they are; small waves are linear."""
    tissue = wc.Conductivity(rng.uniform(0.2, 0.5, 5), 1e-3)
    k = all_waves((5,), tissue.spacing)
    found = wc.network_of_tissue(tissue, k)
    network = wc.Network(gamma=found.gamma, omega=found.omega, coupling=wc.Dense(found.coupling))
    t1 = 1 / np.abs(found.gamma).max()
    psi0 = rng.normal(size=5)
    field = wc.simulate_field(tissue, t1, psi0, num_samples=3)
    a = wc.mode_amplitudes(field, k).values
    run = wc.simulate(network, t1=t1, a0=1e-6 * a[0], num_samples=3, atol=1e-20)
    np.testing.assert_allclose(run.a.values / 1e-6, a, atol=1e-5 * np.abs(a).max())


# Errors


@pytest.mark.slow
def test_network_of_a_field_is_that_of_its_tissue(rng):
    tissue = wc.Conductivity(rng.uniform(0.2, 0.5, 7), 1e-3)
    k = all_waves((7,), tissue.spacing)
    wanted = wc.network_of_tissue(tissue, k)
    t1 = 2 / np.abs(wanted.gamma).max()
    fields = [
        wc.simulate_field(tissue, t1, rng.normal(size=7), num_samples=7, dt=t1 / 60)
        for _ in range(3)
    ]
    found = wc.network_of_field(fields, k)
    scale = np.abs(wanted.gamma).max()
    for name in ("gamma", "omega", "coupling"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(wanted, name), atol=1e-5 * scale, err_msg=name
        )
    assert found.residual < 1e-7
    with pytest.raises(TissueError, match="of 6 modes apart"):
        wc.network_of_field(fields[0].isel(time=slice(4)), k)
    with pytest.raises(TissueError, match="equal intervals"):
        wc.network_of_field([fields[0], fields[1].isel(time=slice(None, None, 2))], k)


@pytest.mark.slow
def test_errors(rng):
    tissue = wc.Conductivity(np.full((6, 6), 0.3), 1e-3)
    field = wc.simulate_field(tissue, 1e-4, rng.normal(size=(6, 6)), num_samples=3)
    with pytest.raises(TissueError, match="multiples"):
        wc.network_of_tissue(tissue, [[100.0, 0.0]])
    with pytest.raises(TissueError, match="below"):
        wc.network_of_tissue(tissue, [[2 * np.pi / 0.006 * 3, 0.0]])
    with pytest.raises(ShapeMismatchError, match="omega"):
        wc.mode_amplitudes(field, [[100.0, 0.0]], omega=[1.0, 2.0])
    with pytest.raises(ShapeMismatchError, match=r"\(m, 2\)"):
        wc.mode_amplitudes(field, [[100.0]])
    with pytest.raises(TissueError, match="simulate_field"):
        wc.mode_amplitudes(wc.dispersion(tissue, [[100.0, 0.0]]), [[100.0, 0.0]])
    with pytest.raises(TissueError, match="complex"):
        local_rates(field, (0, 0))
    framed = wc.simulate_field(
        tissue, 1e-4, np.exp(1j * rng.normal(size=(6, 6))), borders="absorbing"
    )
    with pytest.raises(TissueError, match="periodic"):
        local_rates(framed, (0, 0))
