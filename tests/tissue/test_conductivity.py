"""Conductivity: shapes, checks, scaling, gradients, and the maps from diffusion."""

import jax
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tissues import random_tensors, wavy

import wetcow as wc
from wetcow.tissue import tensors
from wetcow.tissue.conductivity import VACUUM_PERMITTIVITY
from wetcow.tissue.diffusion import conductivity_of_diffusion
from wetcow.tissue.errors import (
    NonPositiveTensorError,
    ShapeMismatchError,
    TissueError,
)

# Known answers


def test_numbers_become_isotropic_tensors(rng):
    values = rng.uniform(0.1, 1, (3, 4, 5))
    tissue = wc.Conductivity(values, 1e-3)
    np.testing.assert_array_equal(tissue.sigma, values[..., None, None] * np.eye(3))
    np.testing.assert_allclose(
        tissue.scaled(), tissue.sigma / (4e7 * VACUUM_PERMITTIVITY), rtol=1e-15
    )
    assert (tissue.grid, tissue.dimension, tissue.is_double) == ((3, 4, 5), 3, True)
    assert not wc.Conductivity(values.astype(np.float32), 1e-3).is_double


def test_the_number_of_spacings_decides_what_is_ambiguous():
    values = np.full((5, 2, 2), 0.3) + 0.0
    assert wc.Conductivity(values, [1e-3] * 3).grid == (5, 2, 2)
    line = np.full((5, 1, 1), 0.3)
    assert wc.Conductivity(line, [1e-3]).grid == (5,)


def test_replace_slice_and_refine(rng):
    sigma = random_tensors(rng, (4, 5, 6))
    mask = np.ones((4, 5, 6), bool)
    mask[0, 0, 0] = False
    tissue = wc.Conductivity(sigma, [1e-3, 2e-3, 3e-3], mask=mask, affine=np.diag([1, 2, 3, 1]))
    assert tissue.replace(relative_permittivity=1e5).permittivity == 1e5 * VACUUM_PERMITTIVITY
    with pytest.raises(TissueError, match=r"no.*color"):
        tissue.replace(color=1)
    plane = tissue.slice(1, 2)
    np.testing.assert_array_equal(plane.sigma, sigma[:, 2][..., [0, 2], :][..., [0, 2]])
    assert plane.spacing.tolist() == [1e-3, 3e-3]
    fine = tissue.refine(3)
    assert fine.grid == (10, 13, 16)
    np.testing.assert_allclose(fine.sigma[::3, ::3, ::3], tissue.sigma, atol=1e-15)
    halfway = tissue.refine(2)
    np.testing.assert_allclose(
        halfway.sigma[3, 2, 2], (sigma[1, 1, 1] + sigma[2, 1, 1]) / 2, atol=1e-15
    )
    np.testing.assert_array_equal(halfway.mask[:2, :2, :2].sum(), 0)  # all touch the voxel left out
    np.testing.assert_allclose(fine.affine @ [3, 3, 3, 1], tissue.affine @ [1, 1, 1, 1])


def test_linear_mapping_shares_eigenvectors(rng):
    diffusion = 1e-3 * random_tensors(rng, (4, 4, 4))
    sigma = conductivity_of_diffusion(diffusion, slope=0.7)
    np.testing.assert_allclose(sigma, 700 * diffusion)  # S·s/mm³ · mm²/s = S/mm
    tissue = wc.Conductivity.from_diffusion(diffusion, 2e-3)
    np.testing.assert_allclose(tissue.sigma, 844 * diffusion)


def test_volume_normalised_mapping_keeps_shape_and_sets_the_mean(rng):
    diffusion = 1e-3 * random_tensors(rng, (4, 4, 4))
    mean = rng.uniform(0.1, 0.4, (4, 4, 4))
    sigma = conductivity_of_diffusion(diffusion, "volume-normalised", mean_conductivity=mean)
    np.testing.assert_allclose(np.linalg.det(sigma), mean**3)
    np.testing.assert_allclose(  # the same eigenvectors: they commute
        sigma @ diffusion, diffusion @ sigma, atol=1e-12
    )
    scaled = conductivity_of_diffusion(5 * diffusion, "volume-normalised", mean_conductivity=mean)
    np.testing.assert_allclose(scaled, sigma)


def test_is_a_pytree_that_may_be_traced():
    tissue = wc.Conductivity(np.full((4, 4), 0.3, np.float32), 1e-3)
    mean = jax.jit(
        lambda tissue: tissue.replace(relative_permittivity=1e6).scaled()[..., 0, 0].mean()
    )
    assert float(mean(tissue)) == pytest.approx(0.3 / (1e6 * VACUUM_PERMITTIVITY))


# An independent integrator or library


@pytest.mark.slow
@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("dimension", [1, 3])
def test_finite_differences_converge_to_the_exact_gradient(dimension, periodic):
    errors = []
    for size in (12, 24):
        step = 0.1 / size if periodic else 0.06 / (size - 1)
        exact = wc.Conductivity.from_function(wavy, (size,) * dimension, step, periodic=periodic)
        found = wc.Conductivity(exact.sigma, step, periodic=periodic)
        errors.append(
            [
                np.abs(found.scaled_gradient() - exact.scaled_gradient()).max(),
                np.abs(found.divergence() - exact.divergence()).max(),
            ]
        )
        np.testing.assert_allclose(
            exact.divergence(), np.einsum("...iij->...j", exact.scaled_gradient()), atol=1e-9
        )
    ratios = np.array(errors[0]) / errors[1]  # second order, also one-sided at borders
    assert np.all((ratios > 2.8) & (ratios < 7)), ratios


# Properties


def test_gradients_use_no_value_outside_the_mask():
    x = np.arange(12.0)
    sigma = np.where(x < 8, 0.2 + 0.01 * x**2, 1e6)
    tissue = wc.Conductivity(sigma, 1.0, relative_permittivity=1.0, mask=(x < 8) | (x == 10))
    slope = tissue.divergence()[:, 0] * VACUUM_PERMITTIVITY
    np.testing.assert_allclose(slope[:8], 0.02 * x[:8], atol=1e-9)  # exact for parabolas
    assert np.isnan(slope[8:]).all()  # outside, and a voxel without neighbours
    assert np.all(tissue.sigma[~tissue.mask] == 0)


@pytest.mark.slow
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_semi_definiteness_agrees_with_eigenvalues(seed, dimension):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(50, dimension, dimension))
    symmetric = a + np.swapaxes(a, 1, 2)
    lowest = np.linalg.eigvalsh(symmetric)[:, 0]
    np.testing.assert_array_equal(tensors.is_semi_definite(symmetric), lowest >= 0)
    projected = symmetric @ np.swapaxes(symmetric, 1, 2)
    projected[:, -1, :] = projected[:, :, -1] = 0  # singular, but not negative
    assert tensors.is_semi_definite(projected).all()


@pytest.mark.slow
def test_exact_gradient_is_dropped_with_its_sigma():
    tissue = wc.Conductivity.from_function(wavy, (8, 8), 0.01)
    assert tissue.replace(periodic=True).gradient is not None
    assert tissue.replace(sigma=tissue.sigma).gradient is None


# Errors


@pytest.mark.parametrize(
    "arguments, error, said",
    [
        ({"sigma": np.ones((4, 3, 3)), "spacing": [1e-3] * 2}, ShapeMismatchError, "spacing"),
        ({"sigma": np.ones((1, 4))}, ShapeMismatchError, "two voxels"),
        ({"sigma": np.ones((3,) * 4)}, ShapeMismatchError, "tensors"),
        ({"spacing": [1e-3] * 3}, ShapeMismatchError, "shapes"),
        ({"spacing": 0.0}, TissueError, "positive"),
        ({"sigma": np.array([[1, np.nan], [1, 1]])}, TissueError, r"NaN.*1 of 4.*\(0, 1\)"),
        ({"sigma": np.full((4, 4), -0.1)}, NonPositiveTensorError, "16 of 16"),
        ({"sigma": np.tile([[1, 2.0], [2, 1]], (3, 3, 1, 1))}, NonPositiveTensorError, "9 of 9"),
        ({"sigma": np.tile([[1, 0.1], [0, 1]], (3, 3, 1, 1))}, TissueError, "symmetric"),
        ({"relative_permittivity": 0}, TissueError, "permittivity"),
        ({"relative_permittivity": np.ones((4, 4))}, TissueError, "uniform"),
        ({"mask": np.ones((3, 4))}, ShapeMismatchError, r"\(4, 4\)"),
        ({"mask": np.zeros((4, 4))}, TissueError, "no voxel"),
        ({"affine": np.eye(3)}, ShapeMismatchError, "affine"),
        ({"gradient": np.ones((4, 4, 2, 2))}, ShapeMismatchError, "gradient"),
    ],
)
def test_errors(arguments, error, said):
    arguments = {"sigma": np.ones((4, 4)), "spacing": 1e-3} | arguments
    with pytest.raises(error, match=said):
        wc.Conductivity(**arguments)


def test_diffusion_errors(rng):
    diffusion = 1e-3 * random_tensors(rng, (3, 3, 3))
    diffusion[1, 2, 0] = np.diag([1e-3, 1e-3, 0])
    with pytest.raises(NonPositiveTensorError, match=r"1 of 27 voxels, the first at \(1, 2, 0\)"):
        conductivity_of_diffusion(diffusion)
    mask = np.ones((3, 3, 3), bool)
    mask[1, 2, 0] = False
    assert np.all(conductivity_of_diffusion(diffusion, mask=mask)[1, 2, 0] == 0)
    good = diffusion[:1]
    with pytest.raises(TissueError, match="linear, volume-normalised"):
        conductivity_of_diffusion(good, "cubic")
    with pytest.raises(TissueError, match="slope"):
        conductivity_of_diffusion(good, slope=-1)
    with pytest.raises(TissueError, match="mean_conductivity"):
        conductivity_of_diffusion(good, "volume-normalised", mean_conductivity=0)
    with pytest.raises(ShapeMismatchError, match="mean_conductivity"):
        conductivity_of_diffusion(good, "volume-normalised", mean_conductivity=np.ones(5))
    with pytest.raises(ShapeMismatchError, match="tensors"):
        conductivity_of_diffusion(np.ones((3, 6)))
