"""The wave kernel: against random modes, arc-cosine kernels and scikit-learn's protocol."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

import wetcow as wc
from wetcow.modes.hermite import hermite_coefficients
from wetcow.modes.kernel_matrix import kernel_matrix, unit_rows
from wetcow.modes.kernel_series import CODES, SINGLE_ERROR, answers, kernel_series
from wetcow.modes.wave_kernel import WaveKernel

MODES = 50_000
ANY_KERNEL = {
    "code": st.sampled_from(CODES),
    "threshold": st.floats(-1, 2),
    "omega": st.floats(0.1, 4),
}


def random_rows(rng, count, columns, dtype=np.float64):
    return unit_rows(rng.normal(size=(count, columns))).astype(dtype)


@pytest.fixture(scope="module")
def digits():
    X, y = wc.datasets.load("digits", flat=True)
    X = X.astype(float)
    return X[:300], y[:300], X[300:500], y[300:500]


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("threshold", "omega"), [(0.5, 0.5), (-0.3, 1.5)])
def test_is_what_many_random_modes_say(code, threshold, omega, rng):
    """Many modes with couplings from N(0, 1): each pair within 4.5 standard errors."""
    rows = random_rows(rng, 3, 6)
    rows = np.stack([*rows, unit_rows(rows[:1] + 0.1 * rows[1:2])[0], -rows[0]])
    drives = rng.normal(size=(MODES, 6)) @ rows.T
    said = np.stack(answers(code, (drives - threshold) / omega))
    series = kernel_series(code, threshold, omega)
    rho = rows @ rows.T
    for i in range(len(rows)):
        for j in range(i):
            squares = (said[..., i] ** 2 + said[..., j] ** 2).sum(0) / 2
            # Of mean zero if κ is right.
            lack = (said[..., i] * said[..., j]).sum(0) - series(rho[i, j]) * squares
            noise = 4.5 * lack.std() / MODES**0.5
            assert abs(lack.mean()) < noise + series.bound(rho[i, j]) * squares.mean() + 1e-9


def test_rectifier_and_step_are_the_arc_cosine_kernels():
    rho = np.concatenate([np.linspace(-1, 1, 501), 1 - np.logspace(-12, -1, 100)])
    t = np.arccos(rho)
    zeroth, first = 1 - t / np.pi, (np.sin(t) + (np.pi - t) * np.cos(t)) / np.pi
    step, relu = (kernel_series(code, 0.0, 1.0) for code in ("step", "relu"))
    assert np.abs(step(rho) - zeroth).max() < 1e-6
    assert np.abs(relu(rho) - first).max() < 1e-9
    for series, exact in ((step, zeroth), (relu, first)):
        assert (np.abs(series(rho) - exact) <= series.bound(rho) + 1e-11).all()


def test_coefficients_of_a_step_have_a_closed_form():
    """E[1(z > θ) He_k/√k!] is the density times He_(k−1)(θ)/√(k! k); here k = 1, 2, 3."""
    theta = 0.7
    (a,), (square,) = hermite_coefficients(
        lambda z: ((z > theta).astype(float),), np.array([theta])
    )
    density = np.exp(-(theta**2) / 2) / np.sqrt(2 * np.pi)
    wanted = density * np.array([1, theta / 2**0.5, (theta**2 - 1) / 6**0.5])
    np.testing.assert_allclose(a[1:4], wanted, atol=1e-13)
    assert square == pytest.approx(a[0], abs=1e-13)


@pytest.mark.slow
def test_blocks_do_not_matter(rng, monkeypatch):
    rows, others = random_rows(rng, 50, 5, np.float32), random_rows(rng, 30, 5, np.float32)
    series = kernel_series("amplitude", 0.5, 0.5)
    whole, square = kernel_matrix(rows, others, series), kernel_matrix(rows, None, series)
    monkeypatch.setattr("wetcow.modes.kernel_matrix.BLOCK", 16)
    np.testing.assert_allclose(kernel_matrix(rows, others, series), whole, atol=2e-6)
    np.testing.assert_allclose(kernel_matrix(rows, None, series), square, atol=2e-6)


def test_length_counts_only_with_a_bias(rng):
    X = rng.normal(size=(5, 4))
    scaled = X * rng.uniform(1e-3, 1e3, (5, 1))
    plain, biased = wc.wave_kernel(), wc.wave_kernel(bias=2.0)
    np.testing.assert_allclose(plain(X), plain(scaled), atol=1e-9)
    assert np.abs(biased(X) - biased(scaled)).max() > 0.1
    beside = np.column_stack([X, np.full(5, 2.0)])
    np.testing.assert_allclose(biased(X), plain(beside), atol=1e-12)
    np.testing.assert_allclose(biased(np.zeros((1, 4)), 2 * np.eye(4)[:1])[0, 0],
                               plain.series(0.5**0.5), atol=1e-9)  # fmt: skip
    assert np.isfinite(plain(X * 1e-200)).all() and np.isfinite(plain(X * 1e200)).all()


def test_follows_the_protocol_of_kernels(rng):
    k = wc.wave_kernel("both", threshold=0.4, omega=0.7, bias=0.5)
    twin = clone(k)
    assert twin is not k and twin == k and twin != wc.wave_kernel("both")
    names = [one.name for one in k.hyperparameters]
    assert names == ["bias", "omega", "threshold"]
    np.testing.assert_allclose(np.exp(k.theta), [0.5, 0.7, 0.4])
    moved = k.clone_with_theta(np.log([0.6, 0.8, 0.9]))
    assert (moved.bias, moved.omega, moved.threshold) == pytest.approx((0.6, 0.8, 0.9))
    assert k.bounds.shape == (3, 2) and not k.is_stationary()
    X = rng.normal(size=(6, 3))
    np.testing.assert_array_equal(k.diag(X), np.diag(k(X)))
    assert repr(k) == "WaveKernel(both, 0.4, 0.7, bias=0.5)"
    # What is no matter, or not positive, has no logarithm to be chosen.
    assert [one.fixed for one in wc.wave_kernel("step", 0.0).hyperparameters] == [True] * 3
    assert wc.wave_kernel("step", 0.0)(X, eval_gradient=True)[1].shape == (6, 6, 0)
    with pytest.raises(ValueError, match="only be evaluated when Y is None"):
        k(X, X, eval_gradient=True)
    both = 2.0 * k + k
    np.testing.assert_allclose(both(X), 3 * k(X))


@pytest.mark.slow
def test_slopes_are_those_of_the_kernel(rng):
    """Against slopes of the coefficients, which Stein's identity has in closed form."""
    k = wc.wave_kernel("amplitude", threshold=0.6, omega=0.8)
    X = random_rows(rng, 12, 4)
    rho = X @ X.T
    apart = np.abs(rho) < 0.9
    _, slopes = k(X, eval_gradient=True)
    points = 0.6 + 0.8 * np.array([0.0, 2.0])
    (a,), _ = hermite_coefficients(lambda z: answers("amplitude", (z - 0.6) / 0.8), points)
    n = np.arange(len(a) - 2)
    by_theta = -np.sqrt(n + 1) * a[1:-1]  # E[φ' He_k/√k!] = √(k + 1) a_(k+1)
    by_omega = (
        -(np.sqrt((n + 1) * (n + 2)) * a[2:] + n * a[:-2] - 0.6 * np.sqrt(n + 1) * a[1:-1]) / 0.8
    )  # of M(c) in c = (z − θ)/ω: −(z − θ)/ω φ'
    total = (a**2).sum()
    for column, by, value in ((1, by_theta, 0.6), (0, by_omega, 0.8)):
        products = 2 * a[:-2] * by / total
        change = np.polynomial.polynomial.polyval(rho, products)
        # E[φ²] changes as well: from differences, since the sum converges slowly at ρ = 1.
        squares = [
            hermite_coefficients(
                lambda z, t=t, w=w: answers("amplitude", (z - t) / w), t + w * np.array([0.0, 2.0])
            )[1][0]
            for t, w in (
                ((0.6 + 1e-5, 0.8), (0.6 - 1e-5, 0.8))
                if column
                else ((0.6, 0.8 + 1e-5), (0.6, 0.8 - 1e-5))
            )
        ]
        wanted = value * (change - k(X) * (squares[0] - squares[1]) / 2e-5 / total)
        np.testing.assert_allclose(slopes[..., column][apart], wanted[apart], atol=1e-5)


@pytest.mark.slow
def test_gaussian_processes_choose_their_hyperparameters(digits):
    X, y, X_new, y_new = digits
    k = WaveKernel(threshold=0.5, omega=0.5, omega_bounds="fixed")
    some = np.flatnonzero(y < 2)[:40]
    start = GaussianProcessClassifier(k, optimizer=None).fit(X[some], y[some])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a bound was reached
        chosen = GaussianProcessClassifier(k, max_iter_predict=20).fit(X[some], y[some])
    assert chosen.log_marginal_likelihood_value_ >= start.log_marginal_likelihood_value_
    assert np.any(chosen.kernel_.theta != k.theta) and k.threshold == 0.5
    new = y_new < 2
    assert chosen.score(X_new[new], y_new[new]) > 0.95


def test_gaussian_process_with_almost_no_noise(rng):
    """Its default is 1e-10: a kernel whose error were larger would not be positive definite."""
    X = rng.normal(size=(60, 2))
    product = ConstantKernel(2.0, "fixed") * wc.wave_kernel(bias=1.0)
    fitted = GaussianProcessRegressor(product, optimizer=None).fit(X, np.sin(X[:, 0]))
    np.testing.assert_allclose(fitted.predict(X), np.sin(X[:, 0]), atol=1e-4)
    _, spread = fitted.predict(np.array([[0.0, 0.0], [30.0, 30.0]]), return_std=True)
    assert spread[0] < spread[1]


# An independent integrator or library


@pytest.mark.slow
def test_support_vectors_and_ridge(digits):
    X, y, X_new, y_new = digits
    k = wc.wave_kernel()
    assert SVC(kernel=k).fit(X, y).score(X_new, y_new) > 0.93
    ridge = KernelRidge(alpha=0.1, kernel=k).fit(X, np.eye(10)[y])
    assert (ridge.predict(X_new).argmax(1) == y_new).mean() > 0.93
    direct = np.linalg.solve(k(X) + 0.1 * np.eye(len(X)), np.eye(10)[y])
    np.testing.assert_allclose(ridge.predict(X_new), k(X_new, X) @ direct, atol=1e-8)
    search = GridSearchCV(SVC(kernel=k), {"kernel__threshold": [0.0, 1.0]}, cv=2).fit(X, y)
    assert search.best_params_["kernel__threshold"] in (0.0, 1.0)


# Properties


@pytest.mark.slow
@given(**ANY_KERNEL)
@settings(max_examples=8)
def test_is_positive_definite(code, threshold, omega):
    series = kernel_series(code, threshold, omega)
    assert (series.coefficients >= 0).all() and (series.shares >= 0).all()
    total = series.coefficients.sum() + series.shares.sum()
    assert total == pytest.approx(1, abs=1e-12) and float(series(1.0)) == 1
    assert (series.degrees % 2 == 0).all()
    rng = np.random.default_rng(0)
    rows = random_rows(rng, 60, 3)  # close to each other, so that eigenvalues are small
    found = kernel_matrix(rows, None, series)
    assert (found == found.T).all() and (np.diag(found) == 1).all()
    assert np.abs(found).max() <= 1 + 1e-12
    assert np.linalg.eigvalsh(found).min() > -1e-11


@pytest.mark.slow
@given(**ANY_KERNEL)
@settings(max_examples=5)
def test_single_precision_is_as_accurate_as_it_says(code, threshold, omega):
    series = kernel_series(code, threshold, omega)
    rng = np.random.default_rng(1)
    rows = random_rows(rng, 40, 8)
    wanted = kernel_matrix(rows, None, series)
    found = kernel_matrix(rows.astype(np.float32), None, series)
    assert found.dtype == np.float32 and series.chebyshev[1] < 3 * SINGLE_ERROR
    apart = rows @ rows.T < 0.99
    assert np.abs(found - wanted)[apart].max() < 1e-5
    near = unit_rows(rows + 1e-4 * rng.normal(size=rows.shape))
    wanted = np.diag(kernel_matrix(rows, near, series))
    found = np.diag(kernel_matrix(*(one.astype(np.float32) for one in (rows, near)), series))
    assert np.abs(found - wanted).max() < 3e-3


# Errors


@pytest.mark.parametrize("code", ["amplitude", "rate"])
def test_error_is_within_its_bound_and_far_below(code):
    """Against four times as many coefficients, whose own bound is half or a quarter of it."""
    series = kernel_series(code, 0.5, 0.5)
    count = len(series.coefficients)
    rho = np.concatenate([np.linspace(0, 1, 101), 1 - np.logspace(-8, -1, 50)])
    more, squares = hermite_coefficients(
        lambda z: answers(code, (z - 0.5) / 0.5), 0.5 + np.array([0.0, 1.0]), 4 * count
    )
    known = (more**2).sum(0) / squares.sum()
    np.testing.assert_allclose(series.coefficients, known[:count], atol=1e-12)
    lowest = np.polynomial.polynomial.polyval(rho, known)  # κ but for what is still left out
    left = (1 - known.sum()) * rho ** (4 * count)
    assert (series(rho) >= lowest - series.bound(rho) - 1e-11).all()
    assert (series(rho) <= lowest + left + series.bound(rho) + 1e-11).all()
    # Where nothing is left out the model of the tail is far better than its bound.
    inside = (left < 1e-9) & (series.bound(rho) > 1e-9)
    assert inside.any()
    assert (np.abs(series(rho) - lowest) < 0.05 * series.bound(rho) + 1e-9)[inside].all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"code": "amplitud"}, "did you mean 'amplitude'"),
        ({"code": np.ones((3, 2))}, r"got a ndarray.*wave_kernel\(\)\(X\)"),
        ({"threshold": np.nan}, "threshold must be a finite number"),
        ({"threshold": 7}, "threshold must be at most 6"),
        ({"omega": 0}, "omega must be at least"),
        ({"omega": "fast"}, "omega must be a number"),
        ({"bias": -1}, "bias must not be negative"),
        ({"code": "rate", "threshold": 6, "omega": 1e-4}, "hardly ever answer"),
    ],
)
def test_bad_parameters(arguments, message):
    with pytest.raises(ValueError, match=message):
        wc.wave_kernel(**arguments)


def test_bad_rows():
    k = wc.wave_kernel()
    with pytest.raises(ValueError, match=r"row 1 of X is zero.*bias"):
        k(np.array([[1.0, 2.0], [0.0, 0.0]]))
    with pytest.raises(ValueError, match="X must be finite"):
        k(np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="real"):
        k(np.array([[1.0, 2.0j]]))
