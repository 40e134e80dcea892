"""Couplings as operators: each equals its dense matrix."""

import functools

import conftest
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings, strategies as st

import wetcow as wc
from wetcow.networks import dense, gather


def literal_sheet(shape, kernel, periodic):
    """R of a Sheet, link by link from its definition."""
    height, width = shape
    p, q = kernel.shape[0] // 2, kernel.shape[1] // 2
    r = np.zeros((height * width, height * width), complex)
    for y in range(height):
        for x in range(width):
            for dy in range(-p, p + 1):
                for dx in range(-q, q + 1):
                    v, u = y + dy, x + dx
                    if periodic or (0 <= v < height and 0 <= u < width):
                        source = (v % height) * width + u % width
                        r[y * width + x, source] += kernel[dy + p, dx + q]
    return r


def random_kernel(rng, shape):
    kernel = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    kernel[shape[0] // 2, shape[1] // 2] = 0
    return kernel


@jax.jit
def laid_out_inside(coupling, a):
    return coupling.compiled_layout()(a)


def assert_acts_like(coupling, r, rng, past=None):
    """`coupling` is R, as it is and laid out."""
    a = conftest.random_amplitudes(rng, len(r))
    assert_is(coupling, r, a, past)
    assert_is(coupling.compiled_layout(), r, a, past)
    scale = np.abs(r).sum() + 1
    with jax.enable_x64(True):
        real = dense.part_of(coupling, np.real)
        np.testing.assert_allclose(real(a, past), r.real @ a, atol=1e-14 * scale)
        if past is None:
            traced = laid_out_inside(coupling, a)
            np.testing.assert_allclose(traced, r @ a, atol=1e-14 * scale)


def assert_is(coupling, r, a, past):
    """As operator, written out, scaled, and within its bound."""
    scale = np.abs(r).sum() + 1
    with jax.enable_x64(True):
        assert coupling.size == len(r)
        np.testing.assert_allclose(coupling(a, past), r @ a, atol=1e-14 * scale)
        np.testing.assert_allclose(coupling.matrix(), r, atol=1e-14 * scale)
        doubled = coupling.scaled(-2j)
        assert type(doubled) is type(coupling)
        np.testing.assert_allclose(doubled(a, past), -2j * (r @ a), atol=1e-14 * scale)
        assert coupling.bound() >= np.abs(r).sum(axis=1).max() * (1 - 1e-12)


sizes = st.sampled_from([1, 2, 3, 5, 7])  # each is compiled
seeds = st.integers(0, 2**32 - 1)


one = np.array([[0, 1.0], [1.0, 0]])


MASKED = np.ma.masked_array([[0, 0.1], [0.2, 0]], [[0, 1], [0, 0]])
R = np.array([[0, 0.1], [0.2, 0]])


# Known answers


class TestConstructors:
    def test_polar(self):
        coupling = wc.Dense.from_polar(weight=[[0, 2], [1, 0]], phase=np.pi / 2)
        np.testing.assert_allclose(coupling.matrix(), [[0, -2j], [-1j, 0]], atol=1e-15)

    def test_uniform(self):
        r = wc.LowRank.uniform(5, 2j).matrix()
        np.testing.assert_allclose(r, 0.4j * (1 - np.eye(5)), atol=1e-7)

    def test_repeated_links_add_up(self):
        coupling = wc.Sparse(3, target=[0, 0], source=[1, 1], value=[1.0, 2.0])
        assert coupling.matrix()[0, 1] == 3
        assert wc.Sparse(3, target=[], source=[], value=[]).matrix().shape == (3, 3)

    def test_delays(self):
        r = np.array([[0, 1, 0], [1, 0, 1], [1, 1, 0]])
        delay = [[0, 0, 9], [0.5, 0, 2.0], [1.0, 1.0, 0]]
        assert wc.Delayed(r, delay).delays == (0.5, 2.0), "links of zero weight have no delay"
        assert wc.Delayed(r, np.zeros((3, 3))).delays == (0.0, 0.0)
        assert wc.Dense(r).delays == (0.0, 0.0)


def test_traced_links_beyond_the_modes_give_nan():
    """Which JAX would move to the nearest mode, or drop."""

    @jax.jit
    def product(target, source):
        return wc.Sparse(3, target=target, source=source, value=np.array([0.5]))(
            np.ones(3, complex)
        )

    np.testing.assert_array_equal(product(np.array([1]), np.array([2])), [0, 0.5, 0])
    for target, source in ((3, 0), (-1, 0), (0, 3), (0, -1)):
        assert np.isnan(product(np.array([target]), np.array([source]))).all()


def test_the_former_name_of_a_layout_warns_and_works():
    """`arranged` is `compiled_layout` for one release: called, and overridden by somebody's own."""
    with pytest.warns(DeprecationWarning, match="compiled_layout"):
        assert isinstance(wc.Dense(R).arranged(), dense.RealBlock)
    with pytest.warns(DeprecationWarning, match="compiled_layout"):
        assert wc.Network(1.0, 1.0, coupling=wc.Dense(R)).arranged().size == len(R)
    with pytest.warns(DeprecationWarning, match=r"Old.arranged is now called compiled_layout"):

        class Old(conftest.Ring):
            def arranged(self):
                return wc.Dense(np.asarray(self.matrix()))

    network = wc.Network(1.0, 1.0, coupling=Old(3, 1.0))
    assert isinstance(network.compiled_layout().coupling, wc.Dense)


# Properties


class TestActions:
    @pytest.mark.slow
    @given(sizes, seeds)
    def test_dense(self, size, seed):
        rng = np.random.default_rng(seed)
        r = conftest.random_coupling(rng, size)
        assert_acts_like(wc.Dense(r), r, rng)

    @pytest.mark.parametrize(
        ("limits", "layout"),
        [
            ({}, dense.RealBlock),
            ({"FEW_MODES": 4}, dense.ColumnMajor),
            ({"FEW_MODES": 4, "ONE_CORE": 4}, dense.Split),
            ({"FEW_MODES": 4, "CACHED": 4}, dense.RowMajor),
        ],
    )
    def test_dense_as_it_is_laid_out(self, monkeypatch, rng, limits, layout):
        for name, value in limits.items():
            monkeypatch.setattr(dense, name, value)
        r = conftest.random_coupling(rng, 5)
        assert isinstance(wc.Dense(r).compiled_layout(), layout)
        assert_acts_like(wc.Dense(r), r, rng)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("limits", "parts"),
        [
            ({}, 1),
            ({"_PER_PASS": 2, "_MANY": 8}, 1),
            ({"_NEAR": 15, "_WORTH": 1, "_FILLED": 9}, 3),
            ({"_NEAR": 15, "_WORTH": 1}, 1),
        ],
    )
    def test_sparse_with_few_and_many_links(self, monkeypatch, rng, limits, parts):
        for name, value in limits.items():
            monkeypatch.setattr(gather, name, value)
        r = conftest.random_coupling(rng, 40) * (rng.random((40, 40)) < rng.random((40, 1)) ** 3)
        r[7] = 0  # hears nobody
        links = wc.Sparse.from_matrix(r)
        assert len(links.compiled_layout().places) == parts
        assert len(links.compiled_layout().values) > 3
        assert_acts_like(links, r, rng)

    @pytest.mark.slow
    @pytest.mark.parametrize("near", [100, 15])
    def test_sparse_in_single_precision(self, monkeypatch, rng, near):
        """States are read by other means; for many at once and changes of either factor too."""
        monkeypatch.setattr(gather, "_NEAR", near)
        r = conftest.random_coupling(rng, 40) * (rng.random((40, 40)) < 0.9)
        with jax.enable_x64(False):
            links = jax.tree.map(jnp.asarray, wc.Sparse.from_matrix(r).compiled_layout())
            assert len(links.places) == -(-40 // near)
            a, change, *many = jnp.asarray([conftest.random_amplitudes(rng, 40) for _ in range(7)])
            many = jnp.stack(many)
            close = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-5)
            close(jax.jit(lambda links, a: links(a))(links, a), r @ a)
            close(jax.vmap(links)(many), many @ r.T)
            close(jax.jvp(links, (a,), (change,))[1], r @ change)
            strengths = jax.jvp(lambda s: links.scaled(s)(a), (1.0,), (2.0,))
            close(strengths[1], 2 * (r @ a))
            both = jax.jvp(lambda s, a: links.scaled(s)(a), (1.0, a), (2.0, change))
            close(both[1], 2 * (r @ a) + r @ change)
            slopes = jax.grad(lambda a: jnp.sum(jnp.abs(links(a)) ** 2))(a)
            close(slopes, 2 * np.conj(r.conj().T @ (r @ a)), atol=1e-4)

    @pytest.mark.slow
    @settings(max_examples=5)  # each number of links is compiled
    @given(sizes, seeds)
    def test_sparse(self, size, seed):
        rng = np.random.default_rng(seed)
        r = conftest.random_coupling(rng, size) * (rng.random((size, size)) < 0.4)
        links = wc.Sparse.from_matrix(r)
        assert_acts_like(links, r, rng)
        assert eqx.tree_equal(wc.Sparse.from_matrix(scipy.sparse.coo_array(r)), links)

    @pytest.mark.slow
    @given(sizes, st.integers(1, 3), seeds)
    def test_low_rank(self, size, rank, seed):
        rng = np.random.default_rng(seed)
        left = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
        right = rng.normal(size=(rank, size)) + 1j * rng.normal(size=(rank, size))
        r = left @ right
        np.fill_diagonal(r, 0)
        assert_acts_like(wc.LowRank(left, right), r, rng)

    @pytest.mark.slow
    @settings(max_examples=6)  # each shape is compiled
    @given(
        st.integers(1, 5),
        st.integers(1, 6),
        st.integers(0, 2),
        st.integers(0, 2),
        st.booleans(),
        seeds,
    )
    def test_sheet(self, height, width, p, q, periodic, seed):
        rng = np.random.default_rng(seed)
        reach = min(p, (height - 1) // 2), min(q, (width - 1) // 2)
        kernel = random_kernel(rng, (2 * reach[0] + 1, 2 * reach[1] + 1))
        coupling = wc.Sheet((height, width), kernel, periodic=periodic)
        assert_acts_like(coupling, literal_sheet((height, width), kernel, periodic), rng)

    @pytest.mark.slow
    @given(sizes, seeds)
    def test_delayed_sees_each_source_at_its_own_time(self, size, seed):
        rng = np.random.default_rng(seed)
        r = conftest.random_coupling(rng, size)
        delay = rng.uniform(0, 2, (size, size)) * (rng.random((size, size)) < 0.7)
        rates = rng.normal(size=size)
        a = np.ones(size)
        with jax.enable_x64(True):
            arriving = wc.Delayed(r, delay)(a, lambda tau: np.exp(-1j * rates * tau))
            expected = np.sum(r * np.exp(-1j * rates[None, :] * delay), axis=1)
            np.testing.assert_allclose(arriving, expected, atol=1e-14)

    def test_delayed_of_a_constant_past(self, rng):
        r = conftest.random_coupling(rng, 4)
        a = conftest.random_amplitudes(np.random.default_rng(1), 4)
        coupling = wc.Delayed(r, rng.uniform(0, 1, (4, 4)))
        assert_acts_like(coupling, r, np.random.default_rng(1), lambda tau: np.tile(a, (4, 1)))
        with pytest.raises(ValueError, match="simulate"):
            coupling(a)


# Errors


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: wc.Dense(np.zeros((2, 3))), "square"),
        (lambda: wc.Dense(np.zeros(3)), "square"),
        (lambda: wc.Dense(one * np.nan), "finite"),
        (lambda: wc.Dense(np.eye(2)), "gamma"),
        (lambda: wc.Sparse(2, target=[0], source=[1, 0], value=[1.0]), "one entry per link"),
        (lambda: wc.Sparse(2, target=[0], source=[2], value=[1.0]), r"source must lie in \[0, 2\)"),
        (
            lambda: wc.Sparse(2, target=[-1], source=[0], value=[1.0]),
            r"target must lie in \[0, 2\)",
        ),
        (lambda: wc.Sparse(2, target=[1], source=[1], value=[1.0]), "R_ii"),
        (lambda: wc.Sparse(2, target=[1], source=[0], value=[np.inf]), "finite"),
        (lambda: wc.Sparse.from_matrix(np.ones((2, 3))), "square"),
        (lambda: wc.Sheet((4, 4), np.zeros((2, 3))), "odd"),
        (lambda: wc.Sheet((4,), np.zeros((3, 3))), "height, width"),
        (lambda: wc.Sheet((2, 4), np.zeros((3, 3))), "larger than the sheet"),
        (lambda: wc.Sheet((4, 4), np.ones((3, 3))), "R_ii"),
        (lambda: wc.Sheet((4, 4), np.full((3, 3), np.nan)), "finite"),
        (lambda: wc.LowRank(np.ones((3, 1)), np.ones((2, 3))), r"\(k, n\)"),
        (lambda: wc.LowRank(np.full((3, 1), np.nan), np.ones((1, 3))), "finite"),
        (lambda: wc.Delayed(one, np.zeros((3, 3))), "shape of R"),
        (lambda: wc.Delayed(one, -one), "negative"),
        (lambda: wc.Delayed(one, np.full((2, 2), np.inf)), "finite"),
        (lambda: wc.Delayed(np.eye(2), one), "R_ii"),
    ],
)
def test_nonsense_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: wc.Dense(MASKED), "1 masked entries"),
        (lambda: wc.Dense(lambda t: R), "array of numbers"),
        (lambda: wc.Dense(np.zeros((0, 0))), "empty"),
        (lambda: wc.Dense(scipy.sparse.csr_array(R)), "Sparse.from_matrix"),
        (lambda: wc.Dense(np.array([["a", "b"]] * 2)), "array of numbers"),
        (lambda: wc.Delayed(MASKED, R), "1 masked entries"),
        (lambda: wc.Delayed(R, MASKED), "delay has 1 masked entries"),
        (lambda: wc.Delayed(R, 1j * R), "delay must be real"),
        (lambda: wc.Delayed(R, np.inf * np.ones((2, 2))), "delay must be finite"),
        (lambda: wc.LowRank(MASKED, R), "1 masked entries"),
        (lambda: wc.LowRank(np.zeros((0, 1)), np.zeros((1, 0))), "left is empty"),
        (lambda: wc.LowRank.uniform(-1, 0.5), "num_modes must be an integer of at least 1"),
        (lambda: wc.LowRank.uniform(2.5, 0.5), "num_modes must be an integer"),
        (lambda: wc.LowRank.uniform(2**60, 0.5), "GB.*take fewer modes"),
        (lambda: wc.Sheet((2.5, 2), [[0.0]]), "extent of the sheet must be an integer"),
        (lambda: wc.Sheet((-2, 2), [[0.0]]), "extent of the sheet must be an integer"),
        (lambda: wc.Sparse.from_matrix(MASKED), "R has 1 masked entries"),
        (
            lambda: wc.Sparse(2.5, target=[0], source=[1], value=[0.1]),
            "num_modes must be an integer",
        ),
        (
            lambda: wc.Sparse(2**40, target=[0], source=[1], value=[0.1]),
            "num_modes must be at most",
        ),
        (
            lambda: wc.Sparse(2, target=[0.5], source=[1], value=[0.1]),
            "target must be whole numbers",
        ),
        (
            lambda: wc.Sparse(2, target=[0], source=[1.5], value=[0.1]),
            "source must be whole numbers",
        ),
        (
            lambda: wc.Sparse(2, target=np.array([2**40]), source=[1], value=[0.1]),
            "target must lie in",
        ),
        (
            lambda: wc.Sparse(2, target=[0], source=np.array([2**32]), value=[0.1]),
            "source must lie in",
        ),
        (lambda: wc.Sparse(2, target=[0], source=[-1], value=[0.1]), "source must lie in"),
        (
            lambda: wc.Sparse(2, target=[0], source=[np.nan], value=[0.1]),
            "source must be whole numbers",
        ),
        (
            lambda: wc.Sparse(2, target=np.ma.masked_array([0], [1]), source=[1], value=[0.1]),
            "target has 1 masked",
        ),
        (lambda: wc.Kuramoto(np.ma.masked_array([1.0, 2], [0, 1]), wc.Dense(R)), "omega has 1"),
        (lambda: wc.LeakyIntegrateAndFire(np.nan, wc.Dense(R)), "current must be finite"),
    ],
)
def test_strange_numbers_are_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
