"""Learning in turn, and the peers that do something against forgetting."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from wetcow import datasets
from wetcow.reports.claims import forgetting
from wetcow.reports.claims.tasks import learn_in_turn, tasks_of
from wetcow.reports.evidence import Effort, from_plain, to_plain
from wetcow.reports.images.data import Part, accuracy
from wetcow.reports.peers.continual import (
    ElasticPerceptron,
    ReplayPerceptron,
    RidgeOnPixels,
    fisher,
    merged,
)
from wetcow.reports.peers.layers import forward
from wetcow.reports.peers.penalised import Anchor, PenalisedPerceptron
from wetcow.reports.peers.perceptron import Perceptron


@pytest.fixture(scope="module")
def digits():
    return Part(*datasets.load("digits"))


def _rows(ours, same, fresh):
    peers = [forgetting.TUNED, forgetting.ELASTIC, forgetting.JOINT_PEER]
    peers += [forgetting.replayed(size) for size in (200, 2_000)]
    values = {
        **dict.fromkeys(peers, 0.5),
        forgetting.IN_TURN: ours,
        forgetting.SAME_MODES: same,
        forgetting.JOINT: fresh,
    }
    return [{"data": "mnist", "method": name, "accuracy": value} for name, value in values.items()]


# Known answers


def test_tasks_have_two_classes_each_and_lose_nothing(digits):
    tasks = tasks_of(digits, 10)
    assert [np.unique(task.labels).tolist() for task in tasks] == [
        [0, 1],
        [2, 3],
        [4, 5],
        [6, 7],
        [8, 9],
    ]
    assert sum(len(task.images) for task in tasks) == len(digits.labels)


@pytest.mark.slow
def test_fisher_is_the_mean_of_squared_slopes(digits):
    peer = PenalisedPerceptron(10, passes=1).fit(*digits)
    rows = digits.images[:5].reshape(5, -1)
    found = fisher(peer.weights, rows, np.random.default_rng(3))
    key = jax.random.key(int(np.random.default_rng(3).integers(2**31)))
    labels = jax.random.categorical(key, forward(peer.weights, rows))
    slope = jax.grad(lambda w, row, label: jax.nn.log_softmax(forward(w, row))[label])
    slopes = jax.jit(jax.vmap(slope, (None, 0, 0)))(peer.weights, rows, labels)
    for one, each in zip(jax.tree.leaves(found), jax.tree.leaves(slopes), strict=True):
        np.testing.assert_allclose(one, (np.asarray(each) ** 2).mean(0), rtol=1e-4, atol=1e-9)


@pytest.mark.slow
def test_quadratics_merge_into_one():
    one, other = (Anchor([jnp.array([p, 0.0])], [jnp.array([c, c])]) for p, c in ((1, 2), (3, -1)))
    both = merged(one, other)

    def penalty(anchor, w):
        return 0.5 * anchor.precision[0][0] * (w - anchor.centre[0][0]) ** 2

    at = [penalty(one, w) + penalty(other, w) - penalty(both, w) for w in (-3.0, 0.0, 5.0)]
    np.testing.assert_allclose(at, at[0], rtol=1e-6)
    assert np.all(np.isfinite(both.centre[0]))


@pytest.mark.slow
def test_both_perceptrons_learn_equally_well(digits):
    """One is scikit-learn's, the other has room for a penalty."""
    test = Part(*datasets.load("digits", "test"))
    reached = [
        np.mean([accuracy(kind(10, seed=seed).fit(*digits), test) for seed in range(3)])
        for kind in (Perceptron, PenalisedPerceptron)
    ]
    assert min(reached) > 0.93 and abs(reached[0] - reached[1]) < 0.015


@pytest.mark.slow
def test_only_sums_and_replay_remember(digits):
    tasks = tasks_of(digits, 10)
    test = Part(*datasets.load("digits", "test"))
    tuned = learn_in_turn(PenalisedPerceptron(10), tasks, test)
    kept = learn_in_turn(ReplayPerceptron(10, size=300), tasks, test)
    sums = learn_in_turn(RidgeOnPixels(10), tasks, test)
    assert tuned["first"] < 0.2 < 0.8 < kept["first"] and sums["curve"][-1] > 0.9
    assert tuned["curve"][-1] < kept["curve"][-1] < sums["curve"][-1]


@pytest.mark.slow
def test_replay_keeps_a_fair_sample():
    images, labels = np.zeros((1_000, 8, 8), np.float32), np.repeat([0, 1], 500)
    peer = ReplayPerceptron(10, size=100)
    peer.partial_fit(images[:500], labels[:500]).partial_fit(images[500:], labels[500:])
    assert len(peer.images) == 100 and 35 <= sum(peer.labels) <= 65


@pytest.mark.slow
def test_an_anchor_holds_what_earlier_classes_need(digits):
    first, second = tasks_of(digits, 10)[:2]
    moved = []
    for strength in (1e-9, 1e6):
        peer = ElasticPerceptron(10, strength=strength)
        peer.partial_fit(*first)
        before, needed = peer.weights, peer.kept.precision
        peer.partial_fit(*second)
        leaves = (jax.tree.leaves(tree) for tree in (needed, before, peer.weights))
        far = [np.sum(f * np.square(np.asarray(w) - b)) for f, b, w in zip(*leaves, strict=True)]
        moved.append(sum(far) / strength)
    assert moved[1] < moved[0] / 5


@pytest.mark.slow
def test_digits_in_turn_equal_digits_at_once():
    effort = Effort(quick=True, seed=0, data_dir=None, say=lambda line: None)
    evidence = forgetting.run(effort, ["digits"])
    rows = {row["method"]: row for row in evidence.tables[0].rows}
    ours = rows[forgetting.IN_TURN]
    assert (
        ours["accuracy"] > 0.97
        and abs(ours["accuracy"] - rows[forgetting.SAME_MODES]["accuracy"]) < 1e-9
    )
    assert rows[forgetting.TUNED]["accuracy"] < 0.3
    assert [*forgetting.draw(from_plain(to_plain(evidence)))] == ["forgetting"]


@pytest.mark.parametrize(
    ("ours", "same", "fresh", "verdict"),
    [
        (0.99, 0.9905, 0.9905, "holds"),
        (0.99, 0.99, 0.98, "holds"),
        (0.99, 0.99, 0.995, "holds partly"),
        (0.98, 0.99, 0.98, "does not hold"),
    ],
)
def test_verdict_follows_from_accuracies(ours, same, fresh, verdict):
    assert forgetting.judge(_rows(ours, same, fresh)).verdict == verdict


# Properties


@pytest.mark.slow
def test_a_perceptron_is_the_same_for_the_same_seed(digits):
    one, same, other = (Perceptron(10, passes=2, seed=seed).fit(*digits) for seed in (3, 3, 4))
    X = digits.images[:20]
    np.testing.assert_array_equal(one.predict_proba(X), same.predict_proba(X))
    assert not np.allclose(one.predict_proba(X), other.predict_proba(X))
    assert one.fit(*digits).predict_proba(X) == pytest.approx(same.predict_proba(X), abs=1e-12)
