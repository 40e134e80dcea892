"""Peers of the benchmark against SciPy's DOP853 at a tolerance of 1e-12."""

import math

import numpy as np
import pytest

from wetcow.bench import kuramoto
from wetcow.bench.peer import measure
from wetcow.bench.peers import PEERS, reference
from wetcow.bench.problem import polar, problem

T1 = 5.0
# Two accuracies, and the errors allowed at each.
EXPECTED = {
    "wetcow": [(1e-4, 1e-3), (1e-8, 1e-7)],
    "wetcow single": [(1e-2, 1e-1), (1e-5, 1e-4)],
    "wetcow fixed": [(0.1, 1e-6), (0.025, 1e-9)],
    "wetcow fixed single": [(0.4, 1e-3), (0.2, 1e-5)],
    "polar numpy": [(1e-4, 1e-3), (1e-8, 1e-7)],
    "cartesian numpy": [(1e-4, 1e-3), (1e-8, 1e-7)],
    "jitcode": [(1e-4, 1e-3), (1e-8, 1e-7)],
    "numba": [(0.1, 1e-4), (0.025, 1e-6)],
    "brainpy": [(0.1, 1e-4), (0.025, 1e-6)],
    "brian2": [(0.1, 0.3), (0.025, 0.1)],
    "brian2 staged": [(0.1, 1e-4), (0.025, 1e-6)],
}
ORDER = {"numba": 4, "brainpy": 4, "brian2": 1, "brian2 staged": 4}
SLOW = {"wetcow", "wetcow single", "jitcode", "numba", "brainpy", "brian2", "brian2 staged"}


@pytest.fixture(scope="module")
def network():
    return problem(6)


@pytest.fixture(scope="module")
def exact(network):
    return reference(network, T1)


def _measured(name, network, exact):
    accuracies = [accuracy for accuracy, _ in EXPECTED[name]]
    try:
        return measure(name, PEERS[name], network, T1, accuracies, exact)
    except ImportError as error:
        pytest.skip(str(error))


# Known answers


def test_every_peer_is_tested():
    assert EXPECTED.keys() == PEERS.keys()
    fixed = {name for name, peer in PEERS.items() if not peer.adaptive}
    assert ORDER.keys() | {"wetcow fixed", "wetcow fixed single"} == fixed


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in EXPECTED],
)
# Warnings of other libraries are not ours to mend.
@pytest.mark.filterwarnings("default")
def test_peer_comes_as_near_as_it_should(name, network, exact):
    rows = _measured(name, network, exact)
    for row, (accuracy, allowed) in zip(rows, EXPECTED[name], strict=True):
        assert (row["method"], row["n"], row["accuracy"]) == (name, 6, accuracy)
        assert row["prepare_seconds"] >= 0 and row["seconds"] > 0
        assert row["error"] < allowed
    coarse, fine = (row["error"] for row in rows)
    if name in ORDER:
        assert math.log(coarse / fine, 4) == pytest.approx(ORDER[name], abs=0.3)
    elif name == "wetcow fixed":
        assert math.log(coarse / fine, 4) > 4.9  # the fifth order at least
    else:
        assert fine < coarse / 10


def test_steps_that_do_not_divide_the_time_end_at_it(network, exact):
    pytest.importorskip("numba")
    a = PEERS["numba"].prepare(network, T1)(0.03)
    np.testing.assert_allclose(a, exact, atol=1e-6)


# An independent integrator or library


@pytest.mark.slow
def test_phases_come_as_near_with_all_peers():
    problem = kuramoto.mean_field(30)
    exact = kuramoto.kuramoto_reference(problem, T1)
    r = np.abs(exact.mean())
    assert r > np.abs(problem.a0.mean()) and np.allclose(np.abs(exact), 1)  # above the critical K
    for name, peer in kuramoto.KURAMOTO_PEERS.items():
        accuracies = [1e-7] if peer.adaptive else [0.1, 0.025]
        try:
            rows = measure(name, peer, problem, T1, accuracies, exact)
        except ImportError:
            continue
        assert rows[-1]["error"] < 1e-4, name
        if name == "jaxkuramoto":
            coarse, fine = (row["error"] for row in rows)
            assert math.log(coarse / fine, 4) == pytest.approx(4, abs=0.3)


# Errors


def test_failure_of_the_polar_form_is_told(network):
    # One mode goes through zero, where the phase of the polar equations is not defined.
    one = network._replace(r=np.zeros((6, 6), complex), gamma=np.full(6, -1e3))
    assert np.all(np.isfinite(polar(np.abs(one.a0), np.angle(one.a0), one, one.weight, one.phase)))
    assert np.all(np.isnan(PEERS["polar numpy"].prepare(one, T1)(1.0)))
