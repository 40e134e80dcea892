"""Noise of each mode, and with a covariance, beside the closed form of noise at rest."""

import numpy as np
import pytest

import wetcow as wc


@pytest.fixture(scope="module")
def net():
    r = np.array([[0, 0.2 + 0.1j, 0], [0.1j, 0, 0.3], [-0.2, 0.1, 0]])
    return wc.Network([-0.6, -0.5, -0.7], [1.0, 1.1, 0.9], wc.Dense(r))


STRENGTHS = 1e-3 * np.array([1.0, 3.0, 0.0])
COVARIANCE = 1e-6 * np.array([[2.0, 1j, 0.5], [-1j, 1.5, -0.3], [0.5, -0.3, 1.0]])
LONG = {"t1": 4000.0, "num_samples": 4001, "dt": 0.2, "a0": 0}


def covariance_of(run):
    """E[a a†] over time and seeds."""
    a = run.a.transpose(..., "time", "mode").values[..., 100:, :].reshape(-1, 3)
    return a.T @ a.conj() / len(a)


# Known answers


@pytest.mark.slow  # 32,000 samples
@pytest.mark.parametrize("noise", [STRENGTHS, COVARIANCE], ids=["strengths", "covariance"])
def test_weak_noise_has_the_covariance_in_closed_form(net, noise):
    runs = wc.sweep(net, noise=[noise], seed=range(8), **LONG)
    found = covariance_of(runs)
    exact = wc.resting(net, noise).covariance
    np.testing.assert_allclose(found, exact, atol=0.05 * np.abs(exact).max())


def test_increments_have_the_covariance():
    """Of modes without motion of their own: E[dξ dξ†] = Q dt, E[dξ dξᵀ] = 0."""
    still = wc.Mode(gamma=[0.0, 0.0, 0.0], omega=0.0, alpha=1e-9, w_a=0.0, w_phi=0.0)
    run = wc.simulate(still, t1=4e3, num_samples=4001, dt=1.0, noise=COVARIANCE, seed=0, a0=0)
    steps = np.diff(run.a.values, axis=0)
    tolerance = 4 * 2e-6 / np.sqrt(4000)
    np.testing.assert_allclose(steps.T @ steps.conj() / 4000, COVARIANCE, atol=tolerance)
    np.testing.assert_allclose(steps.T @ steps / 4000, 0, atol=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["double", "single"])
def test_all_forms_agree(net, precision):
    settings = {"t1": 10.0, "num_samples": 11, "seed": 1, "precision": precision}
    number = wc.simulate(net, noise=0.01, **settings).a
    each = wc.simulate(net, noise=[0.01] * 3, **settings).a
    np.testing.assert_array_equal(number, each)
    whole = wc.simulate(net, noise=1e-4 * np.eye(3), **settings).a
    tolerance = {"double": 1e-12, "single": 1e-6}[precision]
    np.testing.assert_allclose(number, whole, atol=tolerance)


# Properties


@pytest.mark.slow
def test_recorded_and_saved(net, tmp_path):
    settings = {"t1": 5.0, "num_samples": 6, "seed": 1}
    for noise in (STRENGTHS, COVARIANCE):
        run = wc.simulate(net, noise=noise, path=tmp_path / "run.zarr", **settings)
        np.testing.assert_array_equal(run.attrs["noise"], noise)
        again = wc.simulate(net, noise=noise, path=tmp_path / "run.zarr", **settings)
        np.testing.assert_array_equal(again.attrs["noise"], noise)
        with pytest.raises(FileExistsError, match="noise"):
            wc.simulate(net, noise=2 * noise, path=tmp_path / "run.zarr", **settings)
        wc.save_run(run, tmp_path / "run.nc")
        np.testing.assert_array_equal(wc.load_run(tmp_path / "run.nc").attrs["noise"], noise)
        wc.simulation.files.store.discard_run(tmp_path / "run.zarr")


@pytest.mark.slow
def test_sweeps(net):
    settings = {"t1": 5.0, "num_samples": 6, "seed": 1}
    rows = [STRENGTHS, 2 * STRENGTHS]
    runs = wc.sweep(net, noise=rows, **settings)
    assert runs.a.dims == ("noise", "time", "mode") and runs.noise.values.tolist() == [0, 1]
    np.testing.assert_array_equal(runs.attrs["noise"], rows)
    for index, one in enumerate(rows):
        alone = wc.simulate(net, noise=one, **settings, dt=runs.attrs["stepping_dt"])
        np.testing.assert_allclose(runs.a[index], alone.a, atol=1e-12)
    named = wc.sweep(net, noise={"own": np.diag(STRENGTHS**2), "shared": COVARIANCE}, **settings)
    assert named.noise.values.tolist() == ["own", "shared"]
    np.testing.assert_allclose(named.a.sel(noise="own"), runs.a[0], atol=1e-12)
    numbers = wc.sweep(net, noise=[0.0, 0.1], **settings)
    assert numbers.noise.values.tolist() == [0.0, 0.1] and "noise" not in numbers.attrs


@pytest.mark.slow
@pytest.mark.parametrize("delays", [False, True])
def test_with_delays_and_far_samples(delays):
    coupling = wc.Dense([[0, 0.2], [0.2, 0]])
    if delays:
        coupling = wc.Delayed([[0, 0.2], [0.2, 0]], [[0, 0.5], [0.5, 0]])
    net = wc.Network(-0.5, [1.0, 1.1], coupling)
    q = np.array([[1e-4, 5e-5j], [-5e-5j, 1e-4]])
    run = wc.simulate(net, t1=50.0, num_samples=3, noise=q, seed=0)
    assert np.isfinite(run.a).all() and (abs(run.a[-1]) > 0).all()


# Errors


def test_errors(net):
    with pytest.raises(ValueError, match="shape"):
        wc.simulate(net, noise=[0.1, 0.1], seed=0)
    with pytest.raises(ValueError, match="negative"):
        wc.simulate(net, noise=[0.1, 0.1, -0.1], seed=0)
    with pytest.raises(ValueError, match="Hermitian"):
        wc.simulate(net, noise=np.triu(np.ones((3, 3))), seed=0)
    with pytest.raises(ValueError, match="needs a seed"):
        wc.simulate(net, noise=STRENGTHS)
    with pytest.raises(ValueError, match="one kind and shape"):
        wc.sweep(net, noise={"a": 0.1, "b": STRENGTHS}, seed=0)
    with pytest.raises(ValueError, match="negative eigenvalues"):
        wc.sweep(net, noise=[np.diag([1.0, 1.0, -1.0])], seed=0)
