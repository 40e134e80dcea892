"""Long training, high rates and slopes: what is measured, and what follows from it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from wetcow import datasets
from wetcow.reports.claims import borders, long_training, stability
from wetcow.reports.evidence import Effort, from_plain, to_plain
from wetcow.reports.images.data import Images, Part
from wetcow.reports.peers import spiking
from wetcow.reports.peers.descent import (
    Learner,
    accuracy_of_weights,
    descend,
    largest,
    loss_gradient,
    norm,
)
from wetcow.reports.peers.layers import initial_weights


def quadratic():
    """Two classes told apart by one number; no hidden weights."""
    rows = np.linspace(-1, 1, 64, dtype="f4")[:, None]
    part = Part(rows, (rows[:, 0] > 0).astype(int))
    return Learner(
        scores=lambda w, x: x @ w, weights=jnp.zeros((1, 2)), hidden=lambda w: w[:0]
    ), part


def row(learner, usual=0.9, least=0.9, finite=True, hidden=0.5):
    curve = [
        {"step": step, "loss": loss, "accuracy": 0.9, "gradient": 1.0, "coupling": 1.0}
        for step, loss in ((0, None), (100, 0.1))
    ]
    return {
        "data": "mnist",
        "title": "MNIST",
        "learner": learner,
        "usual": usual,
        "longer": least,
        "least": least,
        "loss": 0.1,
        "gradient": 1.0,
        "coupling": 1.0,
        "hidden": hidden,
        "finite": finite,
        "curve": curve,
        "finite_rates": True,
        **{f"at_{factor}": 0.5 for factor in long_training.FACTORS},
    }


MOVING = [{"slope": 0.5, "difference": 0.5}]


def rows_of(**ours):
    others = [row(long_training.SPIKING), row(long_training.TRUE_SLOPE, hidden=0.0)]
    return [row(long_training.WAVES, **ours), *others]


@pytest.fixture(scope="module")
def slopes():
    return borders.steepness()


@pytest.fixture(scope="module")
def moving():
    return borders.sensitivity()


# Known answers


@pytest.mark.slow
def test_first_step_of_adam_has_the_length_of_the_rate():
    learner, part = quadratic()
    seen = []
    descend(learner, part, 3, 1, 0.25, 0, lambda step, loss, w: seen.append((step, loss, w)))
    assert [step for step, *_ in seen] == [1, 2, 3]
    np.testing.assert_allclose(np.abs(seen[0][2]), 0.25, rtol=1e-3)
    assert seen[0][1] == pytest.approx(np.log(2)) and seen[2][1] < seen[0][1]
    assert accuracy_of_weights(learner, seen[-1][2], part) == 1.0


def test_divergence_is_noticed():
    _, part = quadratic()
    learner = Learner(
        scores=lambda w, x: x @ w * 1e30, weights=jnp.ones((1, 2)), hidden=lambda w: w[:0]
    )
    losses = []
    weights = descend(learner, part, 8, 4, 1e10, 0, lambda _, loss, __: losses.append(loss))
    assert not np.all(np.isfinite(losses)) or not np.isfinite(largest(weights))


def test_neuron_fires_as_often_as_its_equation_says():
    """Constant input I and reset by subtraction: charge is kept, rate·Θ = I − (1 − β)·mean U."""
    weights = [(jnp.ones((1, 1)), jnp.zeros(1)), (jnp.ones((1, 2)), jnp.zeros(2))]
    for current in (0.05, 0.3, 0.7):
        potential, fired = 0.0, 0
        for _ in range(spiking.STEPS):
            potential = spiking.MEMBRANE_DECAY * potential + current
            fired += potential > 1
            potential -= potential > 1
        (found,) = spiking.scores_and_spikes(weights, jnp.array([[current]]))[1]
        assert float(found[0]) == fired
    assert fired > 10


@pytest.mark.slow
def test_only_the_surrogate_slope_reaches_hidden_neurons():
    weights = initial_weights(np.random.default_rng(0), (4, 16, 16, 3))
    rows = jnp.asarray(np.random.default_rng(1).uniform(0, 1, (8, 4)), jnp.float32)

    def total(weights, steepness):
        return jnp.sum(spiking.scores_and_spikes(weights, rows, steepness)[0] ** 2)

    for steepness in (None, 10.0):
        *hidden, last = jax.jit(jax.grad(total), static_argnums=1)(weights, steepness)
        assert norm(last) > 0
        assert (norm(hidden) == 0) == (steepness is None)


@pytest.mark.slow
def test_exact_slopes_grow_as_the_inverse_root_and_used_ones_do_not(slopes):
    rows = slopes
    for code in ("amplitude", "rate", "analytic"):
        of = [r for r in rows if r["code"] == code and r["border"] == borders.CRITICAL]
        exact = [row["exact"] for row in of]
        assert exact[-1] / exact[-3] == pytest.approx(10, rel=0.01)
        assert max(row["used"] for row in of) < 12
        far = of[0]  # where nothing is bounded, both are the same
        assert far["used"] == pytest.approx(far["exact"], rel=2e-3)
    analytic = [r for r in rows if r["code"] == "analytic"]
    wanted = [0.25 * c / np.sqrt(1 - c**2 / 4) for c in (2 - d for d in borders.DISTANCES)]
    for border in (borders.CRITICAL, borders.OTHER):
        found = [r["exact"] for r in analytic if r["border"] == border]
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    start = next(r for r in rows if r["code"] == "amplitude" and r["border"] == borders.SILENCE)
    assert start["exact"] == pytest.approx(1 / 3, rel=0.05)  # 1/α


@pytest.mark.parametrize("code", ["amplitude", "rate", "analytic"])
def test_slopes_in_training_are_bounded_everywhere(code):
    assert 1 < borders.steepest(code) < stability.BOUND


@pytest.mark.parametrize(
    "ours, verdict",
    [
        ({}, "holds"),
        ({"least": 0.88}, "holds"),  # within two standard errors of a difference, 0.027
        ({"least": 0.85}, "holds partly"),
        ({"finite": False}, "does not hold"),
    ],
)
def test_verdict_on_long_training(ours, verdict):
    slopes = [{"exact": 99.0, "used": 9.0}]
    claims = stability.judge(rows_of(**ours), slopes, MOVING, 1_000)
    assert [claim.verdict for claim in claims] == [verdict, "holds partly", "holds"]


def test_peers_that_get_worse_are_named():
    rows = [*rows_of(), row(long_training.PERCEPTRON, least=0.5)]
    slopes = [{"exact": 99.0, "used": 9.0}]
    said = [stability.judge(some, slopes, MOVING, 1_000)[0].measured for some in (rows, rows[:3])]
    assert said[0].endswith("Worse became: perceptron.") and "no advantage" in said[1]


def test_verdicts_on_slopes():
    def verdicts(rows, exact, moving):
        claims = stability.judge(rows, [{"exact": exact, "used": 9.0}], moving, 1_000)
        return [claim.verdict for claim in claims[1:]]

    wrong = [{"slope": 0.5, "difference": 0.51}]
    assert verdicts(rows_of(), 9.0, MOVING) == ["holds", "holds"]
    assert verdicts(rows_of(hidden=0.0), 9.0, wrong) == ["does not hold", "does not hold"]
    reached = [row(long_training.WAVES), row(long_training.SPIKING), row(long_training.TRUE_SLOPE)]
    assert verdicts(reached, 99.0, MOVING) == ["holds partly", "holds partly"]


@pytest.mark.slow
def test_digits_are_learned_for_long(monkeypatch, slopes, moving):
    """Slopes are those of the tests beside it; of rates it takes the usual and the highest."""
    monkeypatch.setattr(borders, "steepness", lambda: slopes)
    monkeypatch.setattr(borders, "sensitivity", lambda: moving)
    for module in (long_training, stability):
        monkeypatch.setattr(module, "FACTORS", (1, 1000))
    monkeypatch.setattr(long_training, "PEER_UNITS", 32)
    learners = (long_training.WAVES, long_training.SPIKING, long_training.TRUE_SLOPE)
    sizes = long_training.TrainingSizes(
        train=600, validation=200, modes=4, steps=16, evaluations=1, learners=learners
    )
    monkeypatch.setattr(stability, "_QUICK", sizes)
    parts = [Part(*datasets.load("digits", part)) for part in ("train", "test")]
    monkeypatch.setattr(stability, "load_images", lambda *_: Images("digits", *parts))
    effort = Effort(quick=True, seed=0, data_dir=None, say=lambda line: None)
    evidence = stability.run(effort, ["digits"])
    rows = {row["learner"]: row for row in evidence.tables[0].rows}
    ours = rows[long_training.WAVES]
    assert ours["finite"] and ours["least"] > 0.6
    assert [at["step"] for at in ours["curve"]] == [*range(0, 161, 16)]
    assert rows[long_training.TRUE_SLOPE]["hidden"] == 0 < rows[long_training.SPIKING]["hidden"]
    assert rows[long_training.SPIKING]["longer"] > rows[long_training.SPIKING]["usual"]
    assert evidence.claims[2].verdict == "holds"
    figures = stability.draw(from_plain(to_plain(evidence)))
    assert [*figures] == ["stability", "stability_slopes"]


# Properties


def test_gradient_is_that_of_the_mean_cross_entropy():
    learner, part = quadratic()
    found = np.asarray(loss_gradient(learner, learner.weights, part))
    # Softmax of zeros is a half for both: x (1/2 − label), in the mean.
    wanted = np.mean(part.images[:, 0] * (0.5 - part.labels))
    np.testing.assert_allclose(found[0], [-wanted, wanted], rtol=1e-5)
    assert norm(found) == pytest.approx(np.sqrt(2) * abs(wanted), rel=1e-5)
    assert norm([jnp.array([jnp.inf])]) == largest([jnp.array([jnp.nan, 1.0])]) == np.inf


@pytest.mark.slow
def test_slope_of_the_motion_is_the_same_on_both_sides_of_criticality(moving):
    for one in moving:
        assert one["slope"] == pytest.approx(one["difference"], abs=1e-7)
    rows = {row["gamma"]: row["slope"] for row in moving}
    at = [rows[gamma] for gamma in (2 - 1e-8, 2.0, 2 + 1e-8)]
    np.testing.assert_allclose(at, at[1], rtol=1e-6)
    # Damped, nearly A ∝ e^{γt}, and dA/dγ = t A; what is not linear takes a little more off.
    assert 0.8 < rows[-1.0] / (10 * 0.1 * np.exp(-10)) < 1
