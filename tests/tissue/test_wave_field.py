"""The wave field [2] against exact solutions, dense matrices, [5], and what energy must do."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.linalg import expm
from tissues import random_tensors, wavy

import wetcow as wc
from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.field.borders import surround
from wetcow.tissue.projection import local_rates


def dense_operator(tensors, spacing):
    """The matrix of ∂_t Ψ = −∇⁻²∇·(T·∇Ψ) on a small periodic grid, from scratch."""
    grid = tensors.shape[:-2]
    slopes = []
    for axis, (size, step) in enumerate(zip(grid, spacing, strict=True)):
        k = 2 * np.pi * np.fft.fftfreq(size, step)
        if size % 2 == 0:
            k[size // 2] = 0
        line = np.fft.ifft(1j * k[:, None] * np.fft.fft(np.eye(size), axis=0), axis=0).real
        whole = np.eye(1)
        for other, length in enumerate(grid):
            whole = np.kron(whole, line if other == axis else np.eye(length))
        slopes.append(whole)
    laplacian = sum(slope @ slope for slope in slopes)
    flux = sum(
        slopes[i] @ np.diag(tensors[..., i, j].ravel()) @ slopes[j]
        for i in range(len(grid))
        for j in range(len(grid))
    )
    return -np.linalg.pinv(laplacian, rcond=1e-9) @ flux, -laplacian


@pytest.mark.slow
@pytest.mark.parametrize("grid", [(12,), (10, 9), (6, 5, 4)])
def test_uniform_tissue_decays_exactly_by_gamma(rng, grid):
    """Each wave decays by [5] also when Σ is anisotropic, whatever the step."""
    tensor = random_tensors(rng, (1,) * len(grid))[(0,) * len(grid)]
    tissue = wc.Conductivity(np.broadcast_to(tensor, (*grid, *tensor.shape)), 2e-3)
    turns = np.array([2, 1, 1][: len(grid)])
    k = 2 * np.pi * turns / (np.array(grid) * 2e-3)
    gamma = wc.dispersion(tissue, k[None] if len(grid) > 1 else k).gamma.values.flat[0]
    psi0 = np.cos(tissue.positions() @ k + 0.3)
    field = wc.simulate_field(tissue, 3 / gamma, psi0, num_samples=4, dt=0.5 / gamma)
    wanted = np.exp(-gamma * field.time.values)
    found = field.psi.values.reshape(4, -1) @ psi0.ravel() / np.sum(psi0**2)
    np.testing.assert_allclose(found, wanted, rtol=1e-11)
    np.testing.assert_allclose(field.energy / field.energy[0], wanted**2, rtol=1e-11)
    cell, k2 = 2e-3 ** len(grid), np.sum(k**2)
    energy = 0.5 * tissue.permittivity * cell * k2 * np.sum(psi0**2)
    assert field.energy[0] == pytest.approx(energy, rel=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("grid, is_complex", [((15,), True), ((7, 9), False), ((5, 4, 6), False)])
def test_inhomogeneous_anisotropic_tissue_against_dense_matrices(rng, grid, is_complex):
    tissue = wc.Conductivity(random_tensors(rng, grid), [1e-3, 2e-3, 3e-3][: len(grid)])
    psi0 = rng.normal(size=grid) + (1j * rng.normal(size=grid) if is_complex else 0)
    t1 = 2 / np.linalg.eigvalsh(tissue.scaled()).max()
    field = wc.simulate_field(tissue, t1, psi0, num_samples=3, dt=t1 / 60)
    matrix, _ = dense_operator(tissue.scaled(), tissue.spacing)
    start = field.psi[0].values.ravel()  # psi0 without the highest waves of even axes
    wanted = expm(matrix * t1) @ start
    np.testing.assert_allclose(
        field.psi[-1].values.ravel(), wanted, atol=1e-8 * np.abs(wanted).max()
    )
    assert np.abs(np.linalg.eigvals(matrix).imag).max() < 1e-6 * np.abs(matrix).max()


@pytest.mark.slow
def test_fourth_order_in_time():
    tissue = wc.Conductivity.from_function(wavy, (16, 16), 0.1 / 16, periodic=True)
    psi0 = np.random.default_rng(3).normal(size=(16, 16))
    t1 = 4 / np.linalg.eigvalsh(tissue.scaled()).max()
    source = eqx.Partial(lambda pattern, t: pattern * jnp.sin(5 * t / t1), 1e6 * psi0[::-1])

    def final(steps):
        return wc.simulate_field(tissue, t1, psi0, source, num_samples=2, dt=t1 / steps).psi.values[
            -1
        ]

    exact = final(160)
    errors = [np.abs(final(steps) - exact).max() for steps in (5, 10, 20)]
    assert np.all(np.array(errors[:-1]) / errors[1:] > 12), errors  # 16 in the limit


@pytest.mark.slow
def test_spectral_in_space():
    """Doubling the grid takes many digits, not a factor: smooth tissue, smooth field."""
    finals = []
    for size in (12, 24, 48):
        tissue = wc.Conductivity.from_function(
            lambda r: 0.3 * (1 + 0.5 * jnp.sin(2 * jnp.pi * r[0] / 0.1)),
            (size,),
            0.1 / size,
            periodic=True,
        )
        psi0 = np.exp(np.cos(2 * np.pi * tissue.positions()[:, 0] / 0.1))
        finals.append(wc.simulate_field(tissue, 1e-3, psi0, num_samples=2, dt=2e-5).psi.values[-1])
    errors = [np.abs(coarse[:: 2**n] - finals[2][::4]).max() for n, coarse in enumerate(finals[:2])]
    assert errors[0] < 1e-4 and errors[1] < 1e-11


@pytest.mark.slow
@settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.1]))
def test_energy_only_falls_and_within_its_bounds(seed, lowest):
    """For tensors that differ at will from voxel to voxel, and a long step."""
    rng = np.random.default_rng(seed)
    tissue = wc.Conductivity(random_tensors(rng, (8, 9), lowest), [1e-3, 2e-3])
    rates = np.linalg.eigvalsh(tissue.scaled())
    field = wc.simulate_field(tissue, 6 / rates.max(), rng.normal(size=(8, 9)), num_samples=9)
    energy, elapsed = field.energy.values, field.time.values[1]
    falls = energy[1:] / energy[:-1]
    assert np.all(falls < 1)
    assert np.all(falls >= np.exp(-2 * rates.max() * elapsed) * (1 - 1e-6))
    assert np.all(falls <= np.exp(-2 * rates.min() * elapsed) * (1 + 1e-6))


@pytest.mark.slow
def test_energy_falls_by_what_the_currents_dissipate(rng):
    tissue = wc.Conductivity.from_function(wavy, (12, 12), 0.1 / 12, periodic=True)
    psi0 = rng.normal(size=(12, 12))
    t1 = 0.01 / np.linalg.eigvalsh(tissue.scaled()).max()
    field = wc.simulate_field(tissue, t1, psi0, num_samples=5)
    k = 2j * np.pi * np.fft.fftfreq(12, 0.1 / 12)
    k[6] = 0
    spectrum = np.fft.fft2(field.psi[2].values)
    slopes = [np.fft.ifft2(k[:, None] * spectrum).real, np.fft.ifft2(k * spectrum).real]
    power = np.einsum("ixy,xyij,jxy->", slopes, tissue.sigma, slopes) * (0.1 / 12) ** 2
    rate = (field.energy[4] - field.energy[0]) / t1
    assert float(rate) == pytest.approx(-power, rel=1e-4)


@pytest.mark.slow
def test_the_potential_may_grow_for_a_while_though_energy_falls():
    """The operator is symmetric for the energy, not for the mean square of the potential."""
    size = 32
    x = np.arange(size) / size
    tissue = wc.Conductivity(0.3 * (1 + 0.9 * np.sin(16 * np.pi * x)), 1e-3, periodic=True)
    matrix, stiffness = dense_operator(tissue.scaled(), tissue.spacing)
    weighted = stiffness @ matrix
    np.testing.assert_allclose(weighted, weighted.T, atol=1e-9 * np.abs(weighted).max())
    values, vectors = np.linalg.eigh(matrix + matrix.T)
    field = wc.simulate_field(tissue, 0.2 / values[-1], vectors[:, -1], num_samples=5)
    squares = np.sum(field.psi.values**2, 1)
    assert np.all(np.diff(squares) > 0) and np.all(np.diff(field.energy) < 0)


@pytest.mark.slow
def test_a_packet_has_the_frequency_and_damping_of_the_dispersion_relation():
    """Relative errors fall as 1/(kL)², for packets whose width grows with L."""
    errors = []
    for waves in (8, 16):
        size, side = 8 * waves, 0.1
        tissue = wc.Conductivity.from_function(wavy, (size, size), side / size, periodic=True)
        k = 2 * np.pi / side * waves * np.array([1.5, 1.0])
        voxel = (size // 2, size // 4)
        away = tissue.positions() - tissue.positions()[voxel]
        envelope = np.exp(-8 * np.sum(np.sin(np.pi * away / side) ** 2, -1))
        psi0 = envelope * np.exp(-1j * tissue.positions() @ k)
        wanted = wc.dispersion(tissue, k, ["gamma", "omega", "omega_potential"])
        wanted = wanted.isel(x=voxel[0], y=voxel[1], wave=0)
        field = wc.simulate_field(tissue, 0.02 / float(wanted.gamma), psi0, num_samples=5)
        found = local_rates(field, voxel).isel(time=0)
        errors.append(
            [
                found.gamma[0] / wanted.gamma - 1,
                found.omega[0] / wanted.omega - 1,
                found.omega[1] / wanted.omega_potential - 1,
            ]
        )
    errors = np.abs(errors)
    assert np.all(errors[1] < 0.02), errors
    ratios = errors[0] / errors[1]
    assert np.all(ratios > 3), (errors, ratios)
    # The two frequencies are not the same, so that the test tells them apart.
    assert abs(wanted.omega / wanted.omega_potential - 1) > 0.1


@pytest.mark.slow
def test_source_charges_uniform_tissue_to_its_steady_state():
    tissue = wc.Conductivity(np.full((16, 12), 0.3), 1e-3)
    rate = 0.3 / tissue.permittivity
    k = np.array([2 * np.pi / 0.016, 4 * np.pi / 0.012])
    pattern = np.cos(tissue.positions() @ k)
    current = 1e-3 * pattern / tissue.permittivity  # 1 mA/m³ taken out where the pattern is 1

    field = wc.simulate_field(
        tissue, 3 / rate, source=lambda t: jnp.asarray(current), num_samples=4
    )
    charged = 1 - np.exp(-rate * field.time.values)
    wanted = -charged[:, None, None] * current / (k @ k * rate)
    np.testing.assert_allclose(field.psi, wanted, atol=1e-12 * np.abs(wanted).max())
    # A uniform source has no potential on a torus.
    uniform = wc.simulate_field(
        tissue, 1 / rate, source=lambda t: jnp.ones((16, 12)), num_samples=2
    )
    assert np.abs(uniform.psi).max() < 1e-20


def test_complex_source_turns_the_field(rng):
    tissue = wc.Conductivity(np.full(16, 0.3, np.float32), 1e-3)
    rate = 0.3 / tissue.permittivity
    k = 2 * np.pi / 0.016
    pattern = np.exp(-1j * k * tissue.positions()[:, 0])
    drive = eqx.Partial(
        lambda p, t: p * jnp.exp(1j * (rate * t).astype(p.dtype)), pattern.astype(np.complex64)
    )
    field = wc.simulate_field(tissue, 12 / rate, source=drive, num_samples=2)
    assert field.psi.dtype == np.complex64
    wanted = -pattern * np.exp(12j) / (k**2 * (rate + 1j * rate))
    np.testing.assert_allclose(field.psi[-1], wanted, atol=1e-4 * np.abs(wanted).max())


@pytest.mark.slow
def test_absorbing_borders_are_nearer_to_tissue_that_goes_on():
    """A dipole in 32 voxels, beside the same in a grid so large that its borders do not matter."""
    step = 1e-3

    def tissue(size):
        place = np.clip(np.arange(size) - (size - 32) // 2, 0, 31)
        wave = 1 + 0.4 * np.sin(place / 5.0)[:, None] * np.cos(place / 7.0)
        return wc.Conductivity(0.3 * wave, step)

    def dipole(size):
        place = np.arange(size) - (size - 32) // 2
        across = np.exp(-((place - 20) ** 2) / 8)
        along = np.exp(-((place - 10) ** 2) / 8) - np.exp(-((place - 16) ** 2) / 8)
        return along[:, None] * across

    t1 = 4 / np.linalg.eigvalsh(tissue(32).scaled()).max()

    def final(size, borders):
        source = eqx.Partial(lambda f, t: f, 1e9 * dipole(size))
        field = wc.simulate_field(tissue(size), t1, source=source, num_samples=2, borders=borders)
        start = (size - 32) // 2
        inner = field.psi.values[-1, start : start + 32, start : start + 32]
        return inner - inner.mean()

    wanted = final(160, "periodic")
    narrow, wide = wc.Absorbing(0.008), wc.Absorbing(0.016)
    errors = [np.std(final(32, borders) - wanted) for borders in ("periodic", narrow, wide)]
    assert errors[1] < 0.6 * errors[0] and errors[2] < 0.75 * errors[1], errors
    assert np.array_equal(final(32, "absorbing"), final(32, narrow))


def test_a_frame_is_tissue_inside_and_passive_around(rng):
    tensors = random_tensors(rng, (10, 12))
    frame = surround(tensors, np.array([1e-3, 2e-3]), wc.Absorbing(6e-3, 5.0))
    (a, b), (width, height) = frame.before, frame.tensors.shape[:2]
    assert a >= 6 and b >= 3 and width >= 22 and height >= 18
    np.testing.assert_array_equal(frame.tensors[a : a + 10, b : b + 12], tensors)
    values = np.linalg.eigvalsh(frame.tensors)
    assert values.min() >= np.linalg.eigvalsh(tensors).min() and values.max() <= 5.0 + 1e-12
    np.testing.assert_allclose(frame.tensors[0, height // 2], 5 * np.eye(2), atol=1e-12)


@pytest.mark.slow
def test_energy_falls_also_into_absorbing_borders(rng):
    tissue = wc.Conductivity(random_tensors(rng, (8, 7, 6)), 1e-3)
    field = wc.simulate_field(
        tissue, 1e-3, rng.normal(size=(8, 7, 6)), borders="absorbing", num_samples=9
    )
    assert np.all(np.diff(field.energy) < 0) and field.energy.units == "J"
    assert field.psi.shape == (9, 8, 7, 6) and min(field.attrs["grid_with_borders"]) >= 8


@pytest.mark.slow
def test_a_ring_of_low_conductivity_keeps_what_it_was_given():
    """Waves in a sheet-like loop outlive those in uniform tissue of the same mean conductivity."""

    def ring(r):
        from_middle = jnp.hypot(r[0] - 0.03, r[1] - 0.03)
        return 0.5 - 0.45 * jnp.exp(-(((from_middle - 0.018) / 0.003) ** 2))

    looped = wc.Conductivity.from_function(ring, (64, 64), 0.06 / 64, periodic=True)
    mean = looped.sigma[..., 0, 0].mean()
    uniform = wc.Conductivity(np.full((64, 64), mean), 0.06 / 64, periodic=True)
    away = looped.positions() - 0.03
    radius, angle = np.hypot(*np.moveaxis(away, -1, 0)), np.arctan2(away[..., 1], away[..., 0])
    psi0 = np.exp(-(((radius - 0.018) / 0.003) ** 2)) * np.cos(8 * angle)
    t1 = 5 * uniform.permittivity / mean
    kept, lost = (wc.simulate_field(one, t1, psi0, num_samples=6) for one in (looped, uniform))
    assert float(lost.energy[-1] / lost.energy[0]) == pytest.approx(np.exp(-10), rel=1e-6)
    assert kept.energy[-1] / kept.energy[0] > 500 * np.exp(-10)
    # What is left lies in the ring, and late it falls no faster than the ring conducts.
    inside = np.abs(radius - 0.018) < 0.004
    late = kept.psi.values[-1]
    steepness = np.sum(np.square(np.gradient(late)), 0)
    assert steepness[inside].sum() > 0.8 * steepness.sum()
    rate = -np.log(float(kept.energy[-1] / kept.energy[-2])) / float(kept.time[1]) / 2
    assert rate < 0.5 * mean / uniform.permittivity


# Errors


@pytest.mark.parametrize(
    "options, error, said",
    [
        ({"psi0": None}, TissueError, "nothing to integrate"),
        ({"psi0": np.ones((4, 5))}, ShapeMismatchError, r"\(4, 4\)"),
        ({"psi0": np.full((4, 4), np.nan)}, TissueError, "finite"),
        ({"t1": 0.0}, TissueError, "t1"),
        ({"num_samples": 1}, TissueError, "num_samples"),
        ({"dt": 1.0}, TissueError, "too long.*use dt"),
        ({"dt": -1.0}, TissueError, "dt must be finite and positive"),
        ({"source": np.ones((4, 4))}, TissueError, "function"),
        ({"source": lambda t: jnp.ones(4)}, ShapeMismatchError, "source"),
        ({"source": lambda t: jnp.full((4, 4), jnp.inf)}, TissueError, "infinite"),
        ({"source": np.sin}, TissueError, "source cannot be compiled; write it with jax.numpy"),
        ({"borders": "open"}, TissueError, "absorbing"),
        ({"borders": wc.Absorbing(width=-1.0)}, TissueError, "width"),
    ],
)
def test_errors(options, error, said):
    tissue = wc.Conductivity(np.ones((4, 4)), 1e-3)
    options = {"t1": 1e-5, "psi0": np.eye(4)} | options
    for _ in range(2):  # JAX crashed at the second try of a function that it cannot refer to
        with pytest.raises(error, match=said):
            wc.simulate_field(tissue, **options)
