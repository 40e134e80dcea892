"""Times of answers and updates: what is timed, and what follows from it."""

import numpy as np
import pytest

from wetcow.reports.claims import real_time
from wetcow.reports.evidence import Effort


class Counting:
    """Learns nothing, but keeps which images it was given, by their first pixel."""

    def __init__(self):
        self.seen = []

    def partial_fit(self, X, y):
        assert np.array_equal(X[:, 0], y)
        self.seen.append(X[:, 0])

    def predict(self, X):
        return np.where(X[:, 0] < 3, X[:, 0], -1)


def test_stream_has_each_image_once_and_only_some_test_images_count():
    images = np.arange(5000.0)[:, None] * np.ones((1, 4))
    data = images, np.arange(5000.0)
    learner, sizes = (
        Counting(),
        real_time.StreamSizes(stream=2000, updates=2, answers=5, test=6, modes=()),
    )
    row = real_time.measure(learner, data, data, sizes)
    assert np.array_equal(np.concatenate(learner.seen), np.arange(row["learned"]))
    assert row["learned"] == 2000 + 2 * 1111 and row["accuracy"] == 0.5
    assert [len(part) for part in learner.seen[2:]] == [1, 1, 10, 10, 100, 100, 1000, 1000]
    assert 0 < row["latency"] <= row["latency_95"]


def row(learner, latency, latency_95, single, many):
    rates = dict(zip((1, 10, 100, 1000), (single, single, many, many), strict=True))
    return {
        "learner": learner,
        "latency": latency,
        "latency_95": latency_95,
        "learned": 9,
        "accuracy": 0.9,
        **{f"rate_{block}": rate for block, rate in rates.items()},
    }


@pytest.mark.parametrize(
    "times, verdicts",
    [
        ((1.0, 2.0, 40.0, 400.0), ["holds", "holds"]),
        ((30.0, 40.0, 5.0, 400.0), ["holds partly", "holds partly"]),
        ((40.0, 50.0, 5.0, 20.0), ["does not hold", "does not hold"]),
    ],
)
def test_verdicts_by_thirty_images_a_second(times, verdicts):
    rows = [row("waves, 128 hidden modes", *times), row("linear", 0.1, 0.2, 90.0, 900.0)]
    claims = real_time._claims(rows)
    assert [claim.verdict for claim in claims] == verdicts
    assert "linear: 0.1 ms" in claims[0].measured and "90 images/s singly" in claims[1].measured


@pytest.mark.parametrize("kind", ["linear, SGD", "perceptron", "convolutional"])
def test_peers_learn_from_a_stream(kind):
    if kind == "convolutional":
        pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    labels = np.arange(600) % 10
    images = rng.uniform(0, 0.2, (600, 28, 28)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):  # a bright bar tells the class
        image[4:24, 3 + 2 * label : 5 + 2 * label] = 1
    images = images.reshape(600, 784)
    learners = real_time._learners((), 0)
    learner = next(make() for name, make in learners.items() if name.startswith(kind))
    for start in (*range(0, 400, 100), *range(0, 400, 100)):
        learner.partial_fit(images[start : start + 100], labels[start : start + 100])
    assert np.mean(learner.predict(images[400:]) == labels[400:]) > 0.5


def test_every_learner_is_drawn(monkeypatch):
    none = np.zeros((1, 784), np.float32), np.zeros(1, int)
    monkeypatch.setattr("wetcow.datasets.load", lambda *_, **__: none)
    measured = row("", 1.0, 2.0, 3.0, 4.0)
    del measured["learner"]
    monkeypatch.setattr(real_time, "measure", lambda *_: measured)
    evidence = real_time.run(Effort(quick=False, seed=0, data_dir=None, say=lambda line: None))
    names = [one["learner"] for one in evidence.tables[0].rows]
    assert names[:3] == ["waves, 128 hidden modes", "waves, 32 hidden modes", "linear, SGD"]
    (figure,) = real_time.draw(evidence).values()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == names
