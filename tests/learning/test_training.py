"""Training by gradient: it refines what was constructed, and never returns anything worse."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.base import clone
from typer.testing import CliRunner

from wetcow import WaveClassifier, datasets
from wetcow.cli import app
from wetcow.images.augmentation import GARMENTS, HANDWRITING, Augmentation, augment
from wetcow.learning.data.samples import Samples
from wetcow.learning.finetune import refine, training
from wetcow.learning.finetune.checkpoint import Checkpoint, CheckpointError
from wetcow.learning.finetune.linear import solve_linear
from wetcow.learning.finetune.trainable import logits
from wetcow.learning.model.activation import RESPONSES, codes, respond
from wetcow.process import _JAX


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load("digits")
    return X[:700], y[:700], X[1200:], y[1200:]


@pytest.fixture(scope="module")
def constructed(digits):
    return WaveClassifier(n_modes=12).fit(*digits[:2])


def linear_of(clf, digits):
    """Linear class modes on the hidden modes of a classifier, and their accuracy on the others."""
    X, y, X_other, y_other = digits
    samples = Samples(clf.hidden_, X.reshape(len(X), -1), labels=y, n_classes=10)
    linear = solve_linear(samples, np.random.default_rng(0))
    features = clf.hidden_.standardised(clf.hidden_.codes(X_other.reshape(len(X_other), -1)))
    return linear, np.mean(linear.modes.criticality(features).argmax(axis=1) == y_other)


def trainer_of(clf, digits, augmentation=None, seed=0):
    X, y, X_other, y_other = digits
    linear, _ = linear_of(clf, digits)
    images = clf.hidden_.images(X)
    other = clf.hidden_.images(X_other), y_other
    return training.Trainer(
        clf.hidden_,
        linear.modes,
        inverse_temperature=linear.inverse_temperature,
        images=images,
        labels=y,
        validation=other,
        augmentation=augmentation,
        rate=0.004,
        seed=seed,
    )


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize("mirror", [False, True])
def test_starts_from_the_constructed_network(digits, mirror):
    constructed = WaveClassifier(n_modes=12, mirror=mirror).fit(*digits[:2])
    trainer = trainer_of(constructed, digits)
    assert trainer.accuracy(trainer.network) == linear_of(constructed, digits)[1]
    for before, after in zip(
        constructed.hidden_.layers, trainer.hidden_of(trainer.network), strict=True
    ):
        np.testing.assert_allclose(after.excitation, before.excitation, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(after.omega, before.omega, rtol=1e-5)
        np.testing.assert_array_equal(after.floor, before.floor)


@pytest.mark.slow
def test_learns(constructed, digits):
    trainer = trainer_of(constructed, digits, Augmentation(shift=0.05))
    points = []
    final = training.train(trainer, trainer.start(160), lambda _: None, points.append)
    assert int(final.step) == 160 and points[-1].step == 160
    assert points[-1].loss < 0.7 * points[0].loss
    assert trainer.accuracy(final.average) > linear_of(constructed, digits)[1]


@pytest.mark.slow
def test_another_seed_deforms_otherwise_and_compiles_nothing(constructed, digits):
    one, other = (trainer_of(constructed, digits, HANDWRITING, seed=seed) for seed in (0, 1))
    rows = one._rows(0, training.STEPS_PER_CALL)
    other._rows = one._rows = lambda *_: rows  # the same images
    _, loss = one.advance(one.start(60), training.STEPS_PER_CALL)
    _JAX.compiled = 0
    _, again = one.advance(one.start(60), training.STEPS_PER_CALL)
    _, deformed = other.advance(other.start(60), training.STEPS_PER_CALL)
    assert _JAX.compiled == 0
    assert again == loss and deformed != loss


@pytest.mark.slow
def test_long_training_stays_finite_and_good(digits):
    """192 steps, through all images again and again; of the 147 others, few change sides."""
    clf = WaveClassifier(n_modes=8).fit(*digits[:2])
    trainer = trainer_of(clf, digits, Augmentation(shift=0.05))
    points = []
    final = training.train(trainer, trainer.start(192), lambda _: None, points.append)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(final.average))
    assert all(np.isfinite(point.loss) for point in points)
    assert points[-1].loss < points[0].loss
    assert points[-1].accuracy > linear_of(clf, digits)[1] - 5 / 147
    settled = [point.accuracy for point in points[-5:]]
    assert max(settled) - min(settled) < 3 / 147


@pytest.mark.slow
def test_number_of_steps_follows_from_the_time(constructed, digits):
    trainer = trainer_of(constructed, digits)
    once = training.fit_to_time(trainer, -1.0)  # no time left
    assert training.fit_to_time(trainer, 20.0) > once > 0


@pytest.mark.slow
def test_training_that_harms_is_not_kept(digits, monkeypatch):
    def harm(trainer, state, *_):
        return state._replace(average=jax.tree.map(jnp.zeros_like, state.average))

    monkeypatch.setattr(refine, "train", harm)
    monkeypatch.setattr(refine, "fit_to_time", lambda *_: 16)
    with pytest.warns(UserWarning, match="hardly any training.* give more train_minutes"):
        clf = WaveClassifier(n_modes=12, train_minutes=1e-4).fit(*digits[:2])
    plain = WaveClassifier(n_modes=12).fit(*digits[:2])
    refined = clf.refined_
    assert refined.trained < refined.constructed
    kept = (refined.constructed, refined.trained, refined.seconds, refined.complete)
    assert clf.record_.trained == (kept,)
    assert "the constructed modes were kept" in clf.card()
    np.testing.assert_array_equal(clf.hidden_.layers[0].gamma, plain.hidden_.layers[0].gamma)
    assert clf.score(*digits[2:]) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("augmentation", [HANDWRITING, GARMENTS])
def test_augmented_images_are_images(augmentation, rng):
    images = np.zeros((50, 20, 20), np.float32)
    images[:, 6:14, 8:12] = 1
    keys = jax.random.split(jax.random.key(0), 50)
    seen = np.asarray(augment(images, keys, augmentation))
    assert seen.shape == images.shape and seen.min() >= 0 and seen.max() <= 1 + 1e-6
    assert len({one.tobytes() for one in seen}) == 50
    mass = seen.sum((1, 2)) / images[0].sum()
    assert 0.8 < np.median(mass) < 1.2
    none = np.asarray(augment(images, keys, Augmentation()))
    np.testing.assert_allclose(none, images, atol=1e-5)


# Properties


@pytest.mark.slow
@pytest.mark.parametrize("response", ["amplitude", "relu"])
def test_gradient_is_that_of_differences(digits, response):
    """Along the gradient.

    The others differ by design: the rate jumps where a mode falls silent, and near the border of
    spiking, where the slope of [28] is infinite, the gradient is bounded.
    """
    clf = WaveClassifier(n_modes=6, response=response).fit(*digits[:2])
    trainer = trainer_of(clf, digits)
    plan, images, labels = trainer.plan, trainer.images[:64], trainer.labels[:64]

    def loss(network):
        found = logits(network, trainer.scaling, images, plan)
        chosen = jax.nn.log_softmax(found)[jnp.arange(64), labels]
        return -chosen.mean()

    gradient = jax.jit(jax.grad(loss))(trainer.network)
    step = 1e-2 / np.sqrt(sum(float(jnp.sum(g**2)) for g in jax.tree.leaves(gradient)))
    compiled = jax.jit(loss)
    ends = [
        compiled(jax.tree.map(lambda v, g, s=sign: v + s * step * g, trainer.network, gradient))
        for sign in (-1, 1)
    ]
    slope = sum(float(jnp.sum(g**2)) for g in jax.tree.leaves(gradient))
    assert float(ends[1] - ends[0]) / (2 * step) == pytest.approx(slope, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("response", RESPONSES)
def test_gradients_are_bounded_at_critical_points_and_at_rest(response):
    """Slopes of exact codes are infinite there."""
    omega = jnp.float32(1.0)
    critical = jnp.array([-1.0, -1e-7, 0.0, 1e-7, 2 - 1e-6, 2.0, 2 + 1e-6, 30.0])

    def total(gamma, omega):
        return sum(code.sum() for code in respond(gamma, omega, response))

    slopes = jax.jit(jax.grad(total, argnums=(0, 1)))
    for at in (omega, jnp.float32(1e-6)):
        by_gamma, by_omega = slopes(critical, at)
        assert np.all(np.isfinite(by_gamma)) and np.isfinite(by_omega)
        assert np.abs(by_gamma).max() < 30
    amplitude, rate = codes(critical, omega)
    assert float(rate[5]) < 1e-3 and float(amplitude[5]) >= 0.5  # the codes themselves are exact


# Files


@pytest.mark.slow
def test_interrupted_and_continued_it_ends_the_same(constructed, digits, tmp_path):
    trainer = trainer_of(constructed, digits, HANDWRITING)
    whole = training.train(trainer, trainer.start(60), lambda _: None, lambda _: None)

    first = trainer_of(constructed, digits, HANDWRITING)
    kept = Checkpoint(tmp_path / "state", first)
    assert kept.read() is None

    def interrupt(point):
        if point.step >= 20:
            raise KeyboardInterrupt

    stopped = training.train(first, first.start(60), kept.write, interrupt)
    assert 20 <= int(stopped.step) < 60

    second = trainer_of(constructed, digits, HANDWRITING)
    again = Checkpoint(tmp_path / "state", second).read()
    assert again is not None and int(again.step) == int(stopped.step) and int(again.steps) == 60
    end = training.train(second, again, lambda _: None, lambda _: None)
    for one, other in zip(jax.tree.leaves(end), jax.tree.leaves(whole), strict=True):
        np.testing.assert_array_equal(one, other)

    with pytest.raises(CheckpointError, match="other data"):
        Checkpoint(tmp_path / "state", trainer_of(constructed, digits, HANDWRITING, seed=1)).read()
    (tmp_path / "state").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        Checkpoint(tmp_path / "state", second).read()


@pytest.mark.slow
def test_classifier_trains_and_is_never_worse_on_what_judges(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(refine, "fit_to_time", lambda *_: 64)  # on any machine
    X, y, X_other, _ = digits
    clf = WaveClassifier(n_modes=6, train_minutes=1, augmentation="handwriting")
    clf.set_params(checkpoint=tmp_path / "state").fit(X, y)
    refined = clf.refined_
    assert refined.evaluations[-1].step == 64
    plain = WaveClassifier(n_modes=6).fit(X, y)
    same = np.array_equal(clf.hidden_.layers[0].gamma, plain.hidden_.layers[0].gamma)
    # A judged image more or less depends on the machine's rounding; the rule does not.
    assert clf.hidden_ is refined.hidden and same == (refined.trained <= refined.constructed)
    assert refined.trained > refined.constructed - 2 / 120

    # What was trained can be saved, learned on, and continued to the same.
    clf.save(tmp_path / "model")
    loaded = WaveClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(X_other), clf.predict(X_other))
    assert loaded.augmentation == "handwriting" and loaded.checkpoint is None
    again = WaveClassifier(n_modes=6, train_minutes=1, augmentation="handwriting")
    again.set_params(checkpoint=tmp_path / "state").fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X_other), clf.predict_proba(X_other))


@pytest.mark.slow
def test_interrupted_training_is_kept(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(refine, "fit_to_time", lambda *_: 32)
    monkeypatch.setattr(refine, "train", lambda trainer, state, *_: state)  # as after Ctrl-C
    X, y, X_other, _ = digits
    clf = WaveClassifier(n_modes=8, train_minutes=1).fit(X, y)
    assert not clf.refined_.complete and not clf.record_.trained[0].complete
    clf.save(tmp_path / "model")
    loaded = WaveClassifier.load(tmp_path / "model")
    assert loaded.record_ == clf.record_ and loaded.refined_ is None
    np.testing.assert_array_equal(loaded.predict(X_other), clf.predict(X_other))
    assert clf.set_params(train_minutes=0).fit(X, y).refined_ is None


@pytest.mark.slow
def test_training_sees_images_deformed_as_is_said(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(refine, "fit_to_time", lambda *_: 16)
    X, y, *_ = digits
    clf = WaveClassifier(n_modes=6, train_minutes=1, augmentation=GARMENTS).fit(X, y)
    clf.save(tmp_path / "model")
    assert WaveClassifier.load(tmp_path / "model").augmentation == GARMENTS
    plain = clone(clf).set_params(augmentation=None).fit(X, y)
    losses = [one.refined_.evaluations[0].loss for one in (clf, plain)]
    assert losses[0] > losses[1]


@pytest.mark.slow
def test_command_trains_and_keeps_its_state(tmp_path, monkeypatch):
    monkeypatch.setattr(refine, "fit_to_time", lambda *_: 16)  # a few seconds
    options = ["learn", "digits", "--n-modes", "12", "--json", str(tmp_path / "report")]
    trained = [*options, "--train-minutes", "1", "--resume", str(tmp_path / "state")]
    done = CliRunner().invoke(app, trained)
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "report").read_text())
    assert report["train_seconds"] > 0 and report["validation_accuracy_trained"] > 0.9
    points = report["training"]
    assert points[-1]["step"] == points[-1]["steps"] and points[-1]["seconds"] > 0
    assert (tmp_path / "state").exists()


# Errors


@pytest.mark.parametrize(
    "parameters, said",
    [
        ({"train_minutes": -1}, r"\[0.0, inf\)"),
        ({"train_minutes": np.nan}, r"\[0.0, inf\)"),
        ({"learning_rate": 0.0}, r"\(0.0, inf\)"),
        ({"augmentation": "letters"}, "'handwriting'"),
        ({"augmentation": Augmentation(shift=-1.0)}, "at least 0"),
        ({"augmentation": [None, "garments"]}, "'garments' or an Augmentation"),
        ({"patch_size": [3, [4, 5]]}, r"at least 1, got \[4, 5\]"),
        ({"copies": 1}, "needs an augmentation"),
    ],
)
def test_errors(digits, parameters, said):
    with pytest.raises(ValueError, match=said):
        WaveClassifier(**parameters).fit(*digits[:2])
