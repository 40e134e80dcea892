"""Rays: Hamilton's equations, what they conserve, and where they end."""

import jax
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tissues import random_tensors, wavy

import wetcow as wc
from wetcow.tissue.conductivity import VACUUM_PERMITTIVITY
from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.interpolation import SmoothTensors
from wetcow.tissue.rays import ray_frequency, ray_motion

GRID = (41, 41)  # one shape, compiled once


@pytest.fixture(scope="module")
def tissue():
    """Anisotropic, 10 cm wide."""
    return wc.Conductivity.from_function(wavy, GRID, 0.1 / 40)


# Known answers


@pytest.mark.slow
def test_interpolation_passes_through_voxels_and_is_accurate_between(tissue):
    smooth = SmoothTensors(tissue)
    between = tissue.positions()[3:9, 30:32, :].reshape(-1, 2) + np.array([0.001, 0.0013])
    with jax.enable_x64(True):
        at_voxels = jax.jit(jax.vmap(lambda r: smooth(r)))(tissue.positions().reshape(-1, 2))
        found, s, _ = jax.jit(jax.vmap(lambda r: smooth.divergence(r)))(between)
        wanted = jax.jit(jax.vmap(wavy))(between)
        slope = np.einsum("niji->nj", jax.jit(jax.vmap(jax.jacfwd(wavy)))(between))
    np.testing.assert_allclose(at_voxels, tissue.scaled().reshape(-1, 2, 2), atol=1e-9)
    np.testing.assert_allclose(np.asarray(found) * tissue.permittivity, wanted, atol=3e-5)
    np.testing.assert_allclose(
        np.asarray(s) * tissue.permittivity, slope, atol=0.03
    )  # of up to 20 S/m²


def test_borders_go_on_smoothly(rng):
    """A linear field is reproduced with its slope everywhere, and just outside."""
    slope = 0.02 * random_tensors(rng, (1, 1))[0, 0]
    x = np.arange(7.0)
    sigma = np.eye(2) + x[:, None, None, None] * slope + np.zeros((7, 5, 1, 1))
    smooth = SmoothTensors(wc.Conductivity(sigma, 1.0, relative_permittivity=1.0))
    scale = 1 / VACUUM_PERMITTIVITY
    with jax.enable_x64(True):
        evaluate = jax.jit(lambda r: smooth.divergence(r))
        for position in ([0.0, 0.0], [6.0, 4.0], [2.5, 1.3], [6.4, -0.4]):
            scaled, s, second = evaluate(np.array(position))
            wanted = np.eye(2) + position[0] * slope
            np.testing.assert_allclose(scaled, wanted * scale, atol=1e-5 * scale)
            np.testing.assert_allclose(s, slope[0] * scale, atol=1e-4 * scale)
            assert np.abs(second).max() < 1e-4 * scale


@pytest.mark.slow
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_motion_is_hamiltons(rng, dimension):
    tissue = wc.Conductivity(random_tensors(rng, (5,) * dimension), 2e-3)
    smooth, position, k = SmoothTensors(tissue), rng.uniform(1e-3, 7e-3, dimension), 300.0
    k = k * rng.normal(size=dimension)
    with jax.enable_x64(True):
        velocity, turning, growth = jax.jit(ray_motion)(smooth, position, k)
        by_position, by_k = jax.jit(
            jax.grad(lambda r, k: ray_frequency(smooth, r, k)[0], argnums=(0, 1))
        )(position, k)
        gamma = ray_frequency(smooth, position, k)[1]
    np.testing.assert_allclose(velocity, by_k, rtol=1e-9)
    np.testing.assert_allclose(turning, -by_position, rtol=1e-9)
    assert growth == pytest.approx(-gamma)


@pytest.mark.slow
def test_a_ring_keeps_its_rays_and_their_angular_momentum():
    """In tissue that is the same all around, r × k is constant, and loops are trapped."""

    def ring(r):
        from_middle = jax.numpy.hypot(r[0] - 0.05, r[1] - 0.05)
        return 0.5 - 0.4 * jax.numpy.exp(-(((from_middle - 0.03) / 0.006) ** 2))

    tissue = wc.Conductivity.from_function(ring, GRID, 0.1 / 40)
    start, k = np.array([0.0765, 0.05]), np.array([-120.0, 120.0])
    rays = wc.trace_rays(tissue, [start] * 3, [k] * 3, t1=0.05)
    assert rays.ended[0] == 0
    away = rays.position.values[0] - 0.05
    momentum = away[:, 0] * rays.wave_vector[0, :, 1] - away[:, 1] * rays.wave_vector[0, :, 0]
    np.testing.assert_allclose(momentum, momentum[0], rtol=0.02)
    radius = np.hypot(*away.T)
    assert radius.min() > 0.02 and radius.max() < 0.04
    angle = np.unwrap(np.arctan2(away[:, 1], away[:, 0]))
    assert abs(angle[-1]) > 2 * np.pi  # once around at least
    assert np.all(np.diff(angle) < 0) or np.all(np.diff(angle) > 0)


@pytest.mark.slow
def test_periodic_tissue_has_no_border():
    """A ray far away is the one in the first copy of the tissue."""
    tissue = wc.Conductivity.from_function(wavy, (16, 16), 0.1 / 16, periodic=True)
    smooth = SmoothTensors(tissue)
    with jax.enable_x64(True):
        evaluate = jax.jit(lambda r: smooth.divergence(r))
        for position in (np.array([0.003, 0.098]), np.array([0.0, -1e-19])):
            far = evaluate(position + np.array([0.3, -0.2]))
            for one, other in zip(evaluate(position), far, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-9)
    rays = wc.trace_rays(tissue, [[0.31, 0.99]], [[100.0, 50.0]], t1=0.01, num_samples=5)
    assert rays.ended[0] == 0


@pytest.mark.slow
def test_endings():
    rising = wc.Conductivity.from_function(lambda r: 0.3 * (1 + 20 * r[0]), GRID, 5e-4)
    mask = np.ones(GRID, bool)
    mask[:, 29:] = False
    rising = rising.replace(mask=mask)
    k = [[100.0, 100.0], [100.0, 60.0], [100.0, -100.0]]
    rays = wc.trace_rays(rising, [[0.01, 0.0139], [0.01, 0.001], [0.01, 0.01]], k, t1=0.01)
    assert rays.ended.values[0] == 1
    for ray in range(3):
        known = np.isfinite(rays.position[ray]).all("component").values
        assert known[0] and np.all(known[:-1] >= known[1:])
        where = np.round(rays.position.values[ray][known] / 5e-4).astype(int)
        assert mask[tuple(where.T)].all()


# An independent integrator or library


@pytest.mark.slow
def test_rays_agree_with_scipy_and_keep_their_frequency(tissue):
    start = np.array([[0.02, 0.03], [0.07, 0.04], [0.05, 0.06]])
    k = np.array([[400.0, 100.0], [-300.0, 200.0], [100.0, 500.0]])
    rays = wc.trace_rays(tissue, start, k, t1=0.02, rtol=1e-8)
    assert rays.ended.values.tolist() == [0, 0, 0]
    drift = np.abs(rays.omega / rays.omega[:, 0] - 1)
    assert drift.max() < 1e-4
    smooth = SmoothTensors(tissue)
    with jax.enable_x64(True):
        motion = jax.jit(lambda y: ray_motion(smooth, y[:2], y[2:4]))
        for index in range(3):
            solution = solve_ivp(
                lambda t, y: np.hstack(motion(y)),
                (0, 0.02),
                np.hstack([start[index], k[index], 0]),
                "DOP853",
                rtol=1e-9,
                atol=1e-9,
            )
            end = rays.isel(ray=index, time=-1)
            np.testing.assert_allclose(end.position, solution.y[:2, -1], atol=1e-6)
            np.testing.assert_allclose(end.wave_vector, solution.y[2:4, -1], atol=1e-3)
            np.testing.assert_allclose(end.log_amplitude, solution.y[4, -1], rtol=1e-5)
    assert np.all(np.diff(rays.log_amplitude) < 0)


# Errors


@pytest.mark.parametrize(
    "positions, k, options, error, said",
    [
        ([[0.05, 0.5]], [[1.0, 1.0]], {}, TissueError, "ray 0 at"),
        ([[0.05, 0.05]], [[0.0, 0.0]], {}, TissueError, "not zero"),
        ([[0.05, 0.05, 0.05]], [[1.0, 0.0]], {}, ShapeMismatchError, "positions"),
        ([[0.05, 0.05]], [[1.0, 0.0]] * 3, {}, ShapeMismatchError, "3 wave vectors"),
        ([[0.05, 0.05]], [[1.0, 0.0]], {"t1": -1.0}, TissueError, "t1"),
        ([[0.05, 0.05]], [[1.0, 0.0]], {"num_samples": 1}, TissueError, "num_samples"),
        ([[0.05, 0.05]], [[1.0, 0.0]], {"rtol": 1.0}, TissueError, "rtol"),
    ],
)
def test_errors(tissue, positions, k, options, error, said):
    options = {"t1": 0.01} | options
    with pytest.raises(error, match=said):
        wc.trace_rays(tissue, positions, k, **options)
