"""How fast one image is classified, and how many images a second are learned, one after another.

Real time is taken to be 30 images a second, as from a camera.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from matplotlib.figure import Figure
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

from wetcow import datasets
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.settings.presets import DATASET_DEFAULTS
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.figures import GREY

RATE = 30.0  # images a second
_BLOCKS = (1, 10, 100, 1000)
_STREAM = 1000  # images in a block of those learned before anything is timed
_CLASSES = np.arange(10)
_LABELS = {
    "learner": "MNIST, one pass",
    "latency": "one image (ms, median)",
    "latency_95": "95 % within (ms)",
    **{f"rate_{size}": f"learned/s, {size} at a time" for size in _BLOCKS},
    "learned": "images learned",
    "accuracy": "test accuracy",
}


class OnlineLearner(Protocol):
    """What is timed."""

    def partial_fit(self, X: np.ndarray, y: np.ndarray) -> Any: ...
    def predict(self, X: np.ndarray) -> np.ndarray: ...


class StreamSizes(NamedTuple):
    """How much is done.

    Attributes
    ----------
    stream : int
        Images learned before updates are timed.
    updates, answers : int
        Updates of each size, and single images, that are timed.
    test : int
        Test images.
    modes : tuple of int
        Hidden modes of wave classifiers.
    """

    stream: int
    updates: int
    answers: int
    test: int
    modes: tuple[int, ...]


_FULL = StreamSizes(stream=48_000, updates=10, answers=500, test=10_000, modes=(128, 32))
_QUICK = StreamSizes(stream=1_000, updates=2, answers=100, test=1_000, modes=(128,))


class _Linear:
    """An estimator of scikit-learn that is told all classes."""

    def __init__(self, estimator: Any):
        self._estimator = estimator

    def partial_fit(self, X: np.ndarray, y: np.ndarray) -> Any:
        return self._estimator.partial_fit(X, y, classes=_CLASSES)

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self._estimator.predict(X)


class _Network:
    """The network of `wetcow.reports.peers.convolutional`, a step of Adam for each block."""

    def __init__(self, seed: int):
        import torch  # pyright: ignore[reportMissingImports]

        from wetcow.reports.peers.convolutional import Convolutional

        self._torch = torch
        torch.manual_seed(seed)
        torch.set_num_threads(os.cpu_count() or 1)
        self._network = Convolutional(784, len(_CLASSES))
        self._adam = torch.optim.Adam(self._network.parameters(), lr=1e-3)

    def partial_fit(self, X: np.ndarray, y: np.ndarray) -> Any:
        self._network.train()
        for start in range(0, len(X), 100):
            some = slice(start, start + 100)
            images, labels = map(self._torch.from_numpy, (X[some], y[some]))
            self._adam.zero_grad()
            self._network.loss(images, labels).backward()
            self._adam.step()

    def predict(self, X: np.ndarray) -> np.ndarray:
        self._network.eval()
        with self._torch.inference_mode():
            blocks = self._torch.from_numpy(X).split(500)
            return np.concatenate([self._network(some).argmax(1).numpy() for some in blocks])


def _learners(modes: tuple[int, ...], seed: int) -> dict[str, Callable[[], OnlineLearner]]:
    def waves(count: int) -> Callable[[], OnlineLearner]:
        return lambda: WaveClassifier(n_modes=count, random_state=seed, **DATASET_DEFAULTS["mnist"])

    def linear(estimator: Any) -> Callable[[], OnlineLearner]:
        return lambda: _Linear(estimator)

    found = {f"waves, {count} hidden modes": waves(count) for count in modes}
    found["linear, SGD"] = linear(SGDClassifier(loss="log_loss", random_state=seed))
    found["perceptron, 128 units, Adam"] = linear(MLPClassifier((128,), random_state=seed))
    if importlib.util.find_spec("torch") is not None:
        found["convolutional network, Adam"] = lambda: _Network(seed)
    return found


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(learner: OnlineLearner, train: Any, test: Any, sizes: StreamSizes) -> dict[str, float]:
    """Let a learner see a stream of images, time updates and answers, and test it once.

    Parameters
    ----------
    learner : OnlineLearner
    train, test : pairs of arrays
        Images (n, 784) and labels.
    sizes : StreamSizes
    """
    (X, y), (test_images, test_labels) = train, test
    for start in range(0, sizes.stream, _STREAM):
        learner.partial_fit(X[start : start + _STREAM], y[start : start + _STREAM])
    seen, rates = sizes.stream, {}
    for block in _BLOCKS:
        taken = []
        for _ in range(sizes.updates):
            some = slice(seen, seen + block)
            taken.append(_seconds(lambda some=some: learner.partial_fit(X[some], y[some])))
            seen += block
        rates[f"rate_{block}"] = block / float(np.median(taken))
    ones = [X[index : index + 1] for index in range(sizes.answers)]
    learner.predict(ones[0])  # compiles
    latency = [1e3 * _seconds(lambda one=one: learner.predict(one)) for one in ones]
    answers = learner.predict(test_images[: sizes.test])
    return {
        "latency": float(np.median(latency)),
        "latency_95": float(np.quantile(latency, 0.95)),
        **rates,
        "learned": seen,
        "accuracy": float(np.mean(answers == test_labels[: sizes.test])),
    }


def run(effort: Effort) -> Evidence:
    """Time waves and peers on MNIST, one after the other."""
    sizes = _QUICK if effort.quick else _FULL
    train, test = (
        datasets.load("mnist", split, flat=True, data_dir=effort.data_dir)
        for split in ("train", "test")
    )
    rows = []
    for name, make in _learners(sizes.modes, effort.seed).items():
        effort.say(f"real time: {name}")
        rows.append({"learner": name, **measure(make(), train, test, sizes)})
    caption = (
        f"After {sizes.stream:,} images in blocks of {_STREAM:,}: medians of {sizes.updates} "
        f"updates of each size and of {sizes.answers} answers. {sizes.test:,} test images "
        "are scored once."
    )
    texts = [
        "An update of the wave classifier solves its class modes exactly, for one image or for a "
        "thousand, so that blocks are learned at a higher rate than single images. Those of the "
        "others are steps of gradient descent, which forget. Times depend on what else runs."
    ]
    if importlib.util.find_spec("torch") is None:
        texts.append(
            'The convolutional network was left out: PyTorch is not installed (pip install "wetcow'
            '[bench]").'
        )
    table = EvidenceTable(name="real_time", rows=rows, labels=_LABELS, caption=caption)
    return Evidence(
        title="Real time: answers and updates", claims=_claims(rows), tables=[table], texts=texts
    )


def _claims(rows: list[dict[str, Any]]) -> list[Claim]:
    ours, smaller = rows[0], [row for row in rows[1:] if row["learner"].startswith("waves")]
    others = [row for row in rows if not row["learner"].startswith("waves")]
    within = 1e3 / RATE
    beside = "; ".join(f"{row['learner']}: {row['latency']:.2g} ms" for row in others)
    best = max(ours[f"rate_{block}"] for block in _BLOCKS)
    less = "; ".join(
        f"{row['learner']}: {_number(row['rate_1'])} images/s singly" for row in smaller + others
    )
    single, in_100, in_1000 = (_number(ours[f"rate_{block}"]) for block in (1, 100, 1000))
    return [
        Claim(
            claim=f"Decisions in real time (an image in {within:.0f} ms)",
            where="abstract, conclusion",
            verdict=by_rule(ours["latency_95"] <= within, ours["latency"] <= within),
            measured=f"One image takes {ours['latency']:.2g} ms (median), 95 % within "
            f"{ours['latency_95']:.2g} ms. {beside}.",
        ),
        Claim(
            claim=f"Learning in real time ({RATE:.0f} images a second)",
            where="abstract, conclusion",
            verdict=by_rule(ours["rate_1"] >= RATE, best >= RATE),
            measured=f"{single} images/s one at a time, {in_100} in blocks of 100, {in_1000} in "
            f"blocks of 1000. {less}.",
        ),
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Draw the time of an answer, and the rate of learning against the size of blocks."""
    rows = evidence.tables[0].rows
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    answers, updates = figure.subplots(1, 2)
    for place, row in enumerate(rows):
        (line,) = updates.plot(
            _BLOCKS, [row[f"rate_{block}"] for block in _BLOCKS], "o-", ms=4, label=row["learner"]
        )
        answers.plot([row["latency"], row["latency_95"]], [place] * 2, color=line.get_color())
        answers.plot(row["latency"], place, "o", color=line.get_color())
    answers.axvline(1e3 / RATE, color=GREY, ls="--", lw=1)
    updates.axhline(RATE, color=GREY, ls="--", lw=1)
    answers.set(xscale="log", xlabel="one image (ms): median, to the 95th percentile")
    answers.set_yticks(range(len(rows)), [row["learner"] for row in rows])
    answers.invert_yaxis()
    updates.set(xscale="log", yscale="log", xlabel="images in a block", ylabel="images learned/s")
    updates.set_title(f"dashed: {RATE:.0f} images a second", fontsize=8, color=GREY, loc="right")
    updates.legend(fontsize=7, frameon=False)
    for axis in (answers, updates):
        axis.spines[["top", "right"]].set_visible(False)
    return {"real_time": figure}
