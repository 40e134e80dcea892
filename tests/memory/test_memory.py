"""Memories: the conditions, the nearest couplings within bounds, errors, and the dynamics."""

import functools

import jax
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import linprog, minimize

from wetcow.memory import InfeasibleMemoryError, interference, memorize, residual
from wetcow.memory.conditions import conditions
from wetcow.memory.projection import Row, nearest, project
from wetcow.modes.criticality import CANONICAL
from wetcow.modes.mode import Mode
from wetcow.networks.baselines import amplitude_only, phase_only
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.networks.sparse import Sparse

TARGET = Mode(gamma=1.9)
OMEGA = np.linspace(1 - 0.917, 1 + 0.917, 10)


def matrix(network):
    with jax.enable_x64(True):
        return np.asarray(network.coupling.matrix())


def smallest_weight(factor, total, phase):
    """Smallest bound w that allows Σ_j F_kj x_j = t_k, |x_j| ≤ w, |arg x_j| ≤ phase, by a linear
    program: discs are replaced by polygons of 96 sides around them, 0.05 % too wide at most."""
    memories, n = factor.shape
    sides = np.exp(2j * np.pi * np.arange(96) / 96)
    edges = 1j * np.exp([-1j * phase, 1j * phase]) * [1, -1]  # inner normals of the sector
    every = np.eye(n)
    polygon = np.concatenate(
        [np.kron(sides.real[:, None], every), np.kron(sides.imag[:, None], every)], axis=1
    )
    sector = np.concatenate(
        [np.kron(edges.real[:, None], every), np.kron(edges.imag[:, None], every)], axis=1
    )
    inequality = np.block(
        [[polygon, -np.ones((len(polygon), 1))], [-sector, np.zeros((len(sector), 1))]]
    )
    equality = np.zeros((2 * memories, 2 * n + 1))
    equality[:memories, :n] = equality[memories:, n : 2 * n] = factor
    found = linprog(
        np.append(np.zeros(2 * n), 1.0),
        inequality,
        np.zeros(len(inequality)),
        equality,
        np.concatenate([total.real, total.imag]),
        [(None, None)] * (2 * n) + [(0, None)],
    )
    return found.fun if found.success else np.inf


def integrate(network, t1=300.0, seed=0):
    """Times and complex amplitudes (time, n) from SciPy, random initial phases."""
    r = matrix(network)
    p = {name: np.asarray(value) for name, value in network.modes.parameters().items()}
    linear, turned = p["gamma"] + 1j * p["omega"], np.exp(-1j * p["psi"])

    def field(t, a):
        bend = p["w_a"] * (a * turned).real - p["alpha"] * np.abs(a) + 1j * p["w_phi"] * a.real
        return a * (linear + bend) + r @ a

    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, network.size)
    start = 0.1 * np.exp(1j * phase)
    times = np.linspace(0, t1, 12001)
    run = solve_ivp(field, (0, t1), start, "DOP853", times, rtol=1e-8, atol=1e-10)
    return times, run.y.T


def frequencies(times, a, after=100.0):
    """Spiking frequency of each mode from whole turns of its phase after a transient."""
    late = times >= after
    found = []
    for phase in np.unwrap(np.angle(a[late]), axis=0).T:
        turns = np.maximum.accumulate(phase) + 1e-12 * np.arange(len(phase))
        levels = 2 * np.pi * np.arange(np.ceil(turns[0] / 2 / np.pi), turns[-1] / 2 / np.pi)
        at = np.interp(levels, turns, times[late])
        found.append(2 * np.pi * (len(at) - 1) / (at[-1] - at[0]) if len(at) > 1 else 0.0)
    return np.array(found)


def order(times, a, after=100.0):
    late = a[times >= after]
    return np.mean(np.abs(np.mean(late / np.abs(late), axis=1)))


# Known answers


def test_synchronized_network_is_the_target():
    running = memorize(TARGET, OMEGA, max_weight=0.25, max_phase=np.pi / 2, seed=0).synchronized()
    np.testing.assert_allclose(running.gamma, 1.9, atol=1e-12)
    np.testing.assert_allclose(running.omega, 1.0, atol=1e-12)


def test_minimum_norm_is_the_pseudoinverse_solution():
    subsets = [np.arange(6), np.array([1, 2, 3, 6, 7, 8]), np.array([0, 2, 7, 9])]
    targets = [Mode(gamma=1.9), Mode(gamma=1.5, omega=1.2), Mode(gamma=1.0, omega=0.8)]
    background = np.linspace(0.0, 0.5, 10)
    for bounds in ({}, {"max_weight": 50.0}):
        network = memorize(targets, OMEGA, background, subsets=subsets, **bounds)
        r = matrix(network)
        for i in range(10):
            mine = [k for k, subset in enumerate(subsets) if i in subset]
            ones = np.zeros((len(mine), 10))
            total = np.zeros(len(mine), dtype=complex)
            for row, k in enumerate(mine):
                ones[row, subsets[k]] = 1
                ones[row, i] = 0
                total[row] = targets[k].gamma - background[i] + 1j * (targets[k].omega - OMEGA[i])
            np.testing.assert_allclose(r[i], np.linalg.pinv(ones) @ total, atol=1e-12)


def test_seed_gives_the_nearest_to_the_draw():
    # Drop the conditions' share: without bounds the nearest couplings are the draw plus a
    # constant per row, so that differences within a row are the draw's.
    r, same, other = (
        matrix(memorize(TARGET, OMEGA, max_phase=np.pi, seed=seed, unstable="ignore"))
        for seed in (3, 3, 4)
    )
    assert np.array_equal(r, same)
    assert not np.allclose(r, other)
    rng = np.random.default_rng(3)
    strength, turn = rng.uniform(size=(10, 10)), rng.uniform(-1, 1, size=(10, 10))
    total = 1.9 + 1j * (1 - OMEGA)
    draw = 2 * np.abs(total)[:, None] / 9 * strength * np.exp(-1j * np.pi * turn)
    shift = (r - draw)[~np.eye(10, dtype=bool)].reshape(10, 9)
    np.testing.assert_allclose(shift, shift[:, :1] * np.ones(9), atol=1e-12)


def test_infeasible_weights_name_the_modes_and_the_remedy():
    request = functools.partial(memorize, TARGET, OMEGA, max_phase=np.pi / 2, seed=0)
    with pytest.raises(InfeasibleMemoryError, match=r"mode 0 needs \|Σ R\| = 1.932") as error:
        request(0.2, max_weight=0.2)
    text = str(error.value)
    assert error.value.modes == (0, 1, 8, 9)
    assert "9 links of at most 0.2 give 1.8" in text and "and 1 more" in text
    assert "max_weight to 0.2147" in text and "background by 0.1511" in text
    assert residual(request(0.2, max_weight=0.2147), TARGET) <= 1e-12
    assert residual(request(0.3511, max_weight=0.2), TARGET) <= 1e-12


def test_bounds_per_link_that_only_the_solver_can_refute():
    # Long links point forward only and short ones anywhere: the sum is neither disc nor sector.
    phase = np.full((4, 4), 0.0)
    phase[:, 0] = phase[0, 1] = np.pi / 2
    weight = np.where(phase > 0, 0.1, 5.0)
    with pytest.raises(InfeasibleMemoryError, match="mode 0 cannot satisfy its condition"):
        memorize(TARGET, np.full(4, 0.5), max_weight=weight, max_phase=phase, seed=0)
    network = memorize(TARGET, np.full(4, 0.95), max_weight=weight, max_phase=phase, seed=0)
    assert residual(network, TARGET) <= 1e-12
    assert np.all(np.abs(np.angle(matrix(network))) <= phase + 1e-12)


def test_sparse_when_links_are_few():
    rng = np.random.default_rng(0)
    size = 80
    links = rng.uniform(size=(size, size)) < 0.06
    links[np.arange(size), np.arange(size) - 1] = True
    omega = rng.uniform(0.5, 1.5, size)
    network = memorize(TARGET, omega, links=links, seed=0, unstable="ignore")
    assert isinstance(network.coupling, Sparse)
    assert np.all(matrix(network)[~links] == 0)
    assert residual(network, TARGET) <= 1e-12
    assert isinstance(memorize(TARGET, omega, unstable="ignore").coupling, Dense)
    everything = np.ones((size, size), bool)
    dense = memorize(TARGET, omega, links=everything, unstable="ignore")
    assert isinstance(dense.coupling, Dense)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        {"max_phase": np.pi / 2, "seed": 0},
        {"max_weight": 0.25, "max_phase": np.pi / 2, "seed": 1},
        {"background": 0.4, "max_weight": 0.2, "max_phase": np.pi / 2, "seed": 2},
        {},
    ],
)
def test_ten_different_modes_replay_the_target(arguments):
    times, a = integrate(memorize(TARGET, OMEGA, **arguments))
    np.testing.assert_allclose(frequencies(times, a), TARGET.spiking_frequency(), rtol=5e-3)
    assert order(times, a) >= 0.999


@pytest.mark.slow
def test_single_sided_coupling_fails():
    network = memorize(TARGET, OMEGA, max_weight=0.4, max_phase=np.pi / 2, seed=0)
    exact = TARGET.spiking_frequency()
    times, a = integrate(phase_only(network))
    assert np.median(frequencies(times, a)) > 3 * exact
    times, a = integrate(amplitude_only(network))
    found = frequencies(times, a)
    assert np.max(np.abs(found / exact - 1)) > 0.05
    assert order(times, a) < 0.99


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0, 4])
def test_two_memories(overlap):
    members = 10
    size = 2 * members - overlap
    subsets = [np.arange(members), np.arange(members - overlap, size)]
    targets = [Mode(gamma=1.9), Mode(gamma=1.5, omega=1.2)]
    omega = np.random.default_rng(0).uniform(0.6, 1.4, size)
    network = memorize(targets, omega, subsets=subsets, max_weight=0.8, max_phase=np.pi / 2, seed=0)
    assert residual(network, targets, subsets) <= 1e-12
    r = matrix(network)
    apart = np.ix_(np.arange(members - overlap), np.arange(members, size))
    assert np.all(r[apart] == 0) and np.all(r.T[apart] == 0)
    disturbance = interference(network, subsets)
    assert np.all(np.diag(disturbance) == 0)
    assert np.all(disturbance[~np.eye(2, dtype=bool)] > 0) == (overlap > 0)
    for target, subset in zip(targets, subsets, strict=True):
        alone = Network(0.0, omega[subset], Dense(r[np.ix_(subset, subset)]))
        times, a = integrate(alone)
        np.testing.assert_allclose(frequencies(times, a), target.spiking_frequency(), rtol=5e-3)
        assert order(times, a) >= 0.999


def test_interference_by_hand():
    r = np.array([[0, 1, 2j], [3, 0, 4], [0.5, 0.25, 0]])
    network = Network(gamma=0.0, omega=np.array([1.0, 2.0, 3.0]), coupling=Dense(r))
    found = interference(network, [[0, 1], [1, 2]])
    first = max(2 / abs(1j + 1), 4 / abs(2j + 3))
    second = max(3 / abs(2j + 4), 0.5 / abs(3j + 0.25))
    np.testing.assert_allclose(found, [[0, first], [second, 0]])


def test_shared_other_constants_are_exact():
    network = memorize(TARGET, OMEGA, alpha=3.3, w_phi=2.0, max_phase=np.pi / 2, seed=0)
    assert residual(network, TARGET) <= 1e-12
    running = network.synchronized()
    np.testing.assert_allclose(running.gamma, running.gamma[0], atol=1e-12)
    times, a = integrate(network)
    np.testing.assert_allclose(frequencies(times, a), TARGET.spiking_frequency(), rtol=5e-3)
    assert order(times, a) >= 0.999


def test_silent_target_gives_equal_criticality():
    silent = Mode(gamma=2.2)
    network = memorize(silent, OMEGA, w_phi=2.0)
    np.testing.assert_allclose(network.synchronized().criticality, silent.criticality)


def test_scattered_constants_are_approximate():
    rng = np.random.default_rng(0)
    scatter = {
        name: getattr(CANONICAL, name) * rng.uniform(0.95, 1.05, 10)
        for name in ("w_a", "w_phi", "alpha")
    }
    network = memorize(TARGET, OMEGA, max_weight=0.4, max_phase=np.pi / 2, seed=0, **scatter)
    assert residual(network, TARGET) <= 1e-12
    times, a = integrate(network)
    found = frequencies(times, a)
    np.testing.assert_allclose(found, found[0], rtol=1e-3)
    assert order(times, a) >= 0.99
    np.testing.assert_allclose(found, TARGET.spiking_frequency(), rtol=0.1)


# Properties


@pytest.mark.slow
@given(
    size=st.integers(2, 12),
    gamma=st.floats(0.05, 3.0),
    background=st.floats(-1.0, 1.0),
    slack=st.sampled_from([1.0, 1 + 1e-10, 1 + 1e-6, 1.05, 3.0, 1e6]),
    phase=st.sampled_from([None, np.pi, np.pi / 2, 1.2]),
    seed=st.none() | st.integers(0, 99),
    draw=st.integers(0, 2**32 - 1),
)
@settings(max_examples=150, deadline=None)
def test_conditions_and_bounds_hold_whenever_feasible(
    size, gamma, background, slack, phase, seed, draw
):
    rng = np.random.default_rng(draw)
    target = Mode(gamma=gamma, omega=1.3)
    needed = gamma - background
    if phase is not None and phase < np.pi:
        background, needed = gamma - abs(needed), abs(needed)
    widest = 1.0 if phase is None else needed * np.tan(min(phase, 1.5))
    omega = 1.3 + min(widest, 1.0) * rng.uniform(-1, 1, size)
    links = rng.uniform(size=(size, size)) < 0.6
    links[np.arange(size), np.arange(size) - 1] = True  # at least one link each
    np.fill_diagonal(links, False)
    total = (gamma - background) + 1j * (1.3 - omega)
    weight = (
        np.inf if slack == 1e6 else max(slack * np.max(np.abs(total) / links.sum(axis=1)), 1e-3)
    )
    network = memorize(
        target,
        omega,
        background,
        max_weight=weight,
        max_phase=phase,
        links=links,
        seed=seed,
        unstable="ignore",
    )
    r = matrix(network)
    assert residual(network, target) <= 1e-12
    np.testing.assert_allclose(r.sum(axis=1), total, atol=2e-12)
    assert np.all(r[~links] == 0)
    assert np.all(np.abs(r) <= weight * (1 + 1e-12))
    if phase is not None:
        assert np.all(np.abs(np.angle(r)) <= phase + 1e-12)


@given(draw=st.integers(0, 2**32 - 1), memories=st.integers(1, 2), wide=st.booleans())
@settings(max_examples=25, deadline=None)
def test_nearest_agrees_with_a_general_optimiser(draw, memories, wide):
    rng = np.random.default_rng(draw)
    n = 5
    weight = rng.uniform(0.2, 1.0, n)
    phase = np.full(n, np.pi) if wide else rng.uniform(0.2, np.pi / 2, n)
    factor = rng.uniform(0.5, 1.5, (memories, n)) * (rng.uniform(size=(memories, n)) < 0.8)
    # Strictly inside the bounds, so that the conditions are feasible.
    inner = weight * rng.uniform(0.1, 0.8, n) * np.exp(1j * rng.uniform(-0.8, 0.8, n) * phase)
    start = rng.uniform(0, 1, n) * np.exp(1j * rng.uniform(-np.pi, np.pi, n))
    total = factor @ inner
    stacked = np.stack([total.real, total.imag])[None]
    solution = nearest(Row(start[None], factor[None], stacked, weight[None], phase[None]))
    assert solution.solved.all()
    x = solution.x[0]
    np.testing.assert_allclose(factor @ x, total, atol=1e-12)
    assert np.all(np.abs(x) <= weight + 1e-12)
    assert np.all(np.abs(np.angle(x)) <= phase + 1e-12)

    def split(flat):
        return flat[:n] + 1j * flat[n:]

    def sector(flat):  # |arg| ≤ p ⇔ sin(p) Re ± cos(p) Im ≥ 0
        re, im = np.sin(phase) * flat[:n], np.cos(phase) * flat[n:]
        return np.concatenate([re - im, re + im])

    constraints = [
        {"type": "eq", "fun": lambda flat: (factor @ split(flat) - total).real},
        {"type": "eq", "fun": lambda flat: (factor @ split(flat) - total).imag},
        {"type": "ineq", "fun": lambda flat: weight**2 - np.abs(split(flat)) ** 2},
    ]
    if not wide:
        constraints.append({"type": "ineq", "fun": sector})
    found = minimize(
        lambda flat: np.sum(np.abs(split(flat) - start) ** 2),
        np.concatenate([inner.real, inner.imag]),
        jac=lambda flat: 2 * (flat - np.concatenate([start.real, start.imag])),
        constraints=constraints,
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-13},
    )
    distance = np.sum(np.abs(x - start) ** 2)
    assert distance <= found.fun + 1e-7  # the optimiser's answer is feasible to about 1e-8
    if found.success:
        np.testing.assert_allclose(x, split(found.x), atol=1e-3)


@given(draw=st.integers(0, 2**32 - 1), phase=st.floats(0, np.pi / 2) | st.just(np.pi))
@settings(deadline=None)
def test_projection_is_nearest_and_its_derivative_right(draw, phase):
    rng = np.random.default_rng(draw)
    z = rng.normal(size=20) + 1j * rng.normal(size=20)
    value, same, mirrored = project(z, 0.8, phase)
    inside = 0.8 * rng.uniform(size=(300, 1)) * np.exp(1j * phase * rng.uniform(-1, 1, (300, 1)))
    assert np.all(np.abs(z - value) <= np.abs(z - inside) + 1e-12)
    np.testing.assert_allclose(project(value, 0.8, phase).value, value, atol=1e-14)
    h = 1e-7 * np.exp(2j * np.pi * rng.uniform(size=20))
    change = (project(z + h, 0.8, phase).value - project(z - h, 0.8, phase).value) / 2
    smooth = np.abs(change - (same * h + mirrored * h.conj())) <= 1e-12
    assert smooth.mean() >= 0.9  # a kink within 1e-7 is the rare exception


@pytest.mark.slow
@given(
    draw=st.integers(0, 2**32 - 1),
    stretch=st.sampled_from([0.5, 0.99, 1.01, 2.0]),
    phase=st.floats(0.3, np.pi / 2),
    seed=st.none() | st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_feasibility_of_overlapping_memories_is_decided(draw, stretch, phase, seed):
    rng = np.random.default_rng(draw)
    omega, subsets = rng.uniform(0.9, 1.3, 7), [np.arange(5), np.arange(2, 7)]
    targets = [Mode(gamma=rng.uniform(1, 2)), Mode(gamma=rng.uniform(1, 2), omega=1.1)]
    factor, total = conditions(Mode(0.1, omega), targets, subsets)
    smallest = np.array([smallest_weight(factor[i], total[i], phase) for i in range(7)])
    finite = smallest[np.isfinite(smallest)]
    weight = stretch * finite.max() if len(finite) else 1.0
    impossible = np.flatnonzero(smallest > weight)
    request = functools.partial(
        memorize,
        targets,
        omega,
        0.1,
        subsets=subsets,
        max_phase=phase,
        seed=seed,
        unstable="ignore",
    )
    if len(impossible) == 0:
        assert residual(request(max_weight=weight), targets, subsets) <= 1e-12
    else:
        with pytest.raises(InfeasibleMemoryError) as error:
            request(max_weight=weight)
        assert set(error.value.modes) <= set(np.flatnonzero(smallest > weight / 1.001))


# Errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_phase": 0.2}, "the phase of Σ R is"),
        ({"background": 2.5, "max_phase": np.pi / 2}, "background exceeds the target's gamma"),
        ({"links": np.zeros((10, 10), bool)}, "no link from another member"),
        ({"max_weight": 0.0}, "give 0"),
    ],
)
def test_other_infeasible_requests(arguments, message):
    with pytest.raises(InfeasibleMemoryError, match=message):
        memorize(TARGET, OMEGA, **arguments)


@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize("weight", [np.inf, 0.3])
def test_contradictory_memories_are_infeasible(weight, seed):
    targets = [Mode(gamma=1.9), Mode(gamma=2.2, omega=1.2)]
    with pytest.raises(InfeasibleMemoryError, match=r"mode 0 cannot satisfy memories \[0, 1\]"):
        memorize(
            targets, np.full(10, 1.0), subsets=[np.arange(10)] * 2, max_weight=weight, seed=seed
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"omega": 1.0}, "omega must hold"),
        ({"omega": [1.0]}, "two or more modes"),
        ({"omega": np.ones((2, 2))}, "omega must hold"),
        ({"omega": [1.0, np.nan]}, "omega must be finite"),
        ({"background": np.nan}, "gamma must be finite"),
        ({"background": np.ones(3)}, "must broadcast"),
        ({"max_weight": -1.0}, "max_weight must not be negative"),
        ({"max_weight": np.nan}, "max_weight must not be negative or NaN"),
        ({"max_weight": np.ones(10)}, "max_weight must be a number or have shape"),
        ({"max_phase": 2.0}, "max_phase must be at most pi/2, or pi"),
        ({"max_phase": 4.0}, "max_phase must be at most pi/2, or pi"),
        ({"links": np.ones((10, 10))}, "links must be a boolean array"),
        ({"links": np.ones((3, 3), bool)}, "links must be a boolean array"),
        ({"target": Mode(gamma=[1.0, 2.0])}, "must be a single wetcow.Mode"),
        ({"target": Mode(gamma=-1.0)}, "gamma > 0"),
        ({"target": Mode(gamma=1.0, omega=-1.0)}, "omega > 0"),
        ({"target": [TARGET]}, "several targets need subsets"),
        ({"target": [1.9], "subsets": [[0, 1]]}, "single wetcow.Mode"),
        ({"target": 1.9}, "target must be a Mode or a sequence"),
        ({"target": [TARGET, TARGET], "subsets": [[0, 1]]}, "2 targets and 1 subsets"),
        ({"subsets": []}, "1 subset|0 subsets|every memory"),
        ({"subsets": [[0, 10]]}, "must name modes 0…9"),
        ({"subsets": [[0, -1]]}, "must name modes 0…9"),
        ({"subsets": [[0, 0]]}, "distinct"),
        ({"subsets": [[3]]}, "two or more distinct"),
        ({"subsets": [np.ones(10, bool)]}, "np.flatnonzero"),
    ],
)
def test_bad_arguments_raise(arguments, message):
    arguments = {"target": TARGET, "omega": OMEGA, **arguments}
    with pytest.raises(ValueError, match=message):
        memorize(**arguments)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:beyond criticality")
def test_bistable_target_has_no_one_frequency():
    bistable = Mode(gamma=0.54, w_a=-2.0)
    with pytest.raises(ValueError, match="is bistable"):
        memorize(bistable, OMEGA, w_phi=2.0, w_a=-2.0)
