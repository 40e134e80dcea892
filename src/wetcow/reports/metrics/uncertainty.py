"""How sure learners are, of images like those they learned and of images unlike them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from wetcow.reports.evidence import Effort
from wetcow.reports.images.data import OURS, TITLES, Images, Part, load_images, wave
from wetcow.reports.images.letters import letters
from wetcow.reports.metrics.confidence import (
    calibration_bins,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    risk_by_coverage,
    tempered,
    told_apart,
)
from wetcow.reports.peers.line_up import Ensemble, has_torch, small_network
from wetcow.reports.peers.perceptron import Perceptron

VARIANCE = "wetcow, predictive variance"
NETWORK, PERCEPTRON, ENSEMBLE = "convolutional network", "perceptron", "ensemble"
TEMPERED = ", temperature"
COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


class UncertaintySizes(NamedTuple):
    """How much is done.

    Attributes
    ----------
    train, test : int or None
        Images to learn and to score; None: all.
    held_out : int
        Of those to learn, that networks do not see, for their temperature.
    unlike : int
        Images of each kind that are unlike those learned.
    seeds : int
        Wave classifiers.
    members : int
        Of the ensemble.
    steps : int
        Of a network's training.
    passes : int
        Of a perceptron's, if there is no PyTorch.
    modes : int or None
        Hidden modes; None: as the budget has it.
    """

    train: int | None
    test: int | None
    held_out: int
    unlike: int
    seeds: int
    members: int
    steps: int
    passes: int
    modes: int | None


def single() -> str:
    """Name of what the ensemble is made of."""
    return NETWORK if has_torch() else PERCEPTRON


def unlike(name: str, shape: tuple[int, int], count: int, effort: Effort) -> dict[str, np.ndarray]:
    """Return images (count, *shape) of kinds that a data set has none of, by kind."""
    kinds = {}
    if other := {"mnist": "fashion-mnist", "fashion-mnist": "mnist"}.get(name):
        kinds[TITLES[other]] = load_images(other, effort, 1, count).test.images
        kinds["letters"] = letters(count, effort.seed)[0]
    noise = np.random.default_rng(effort.seed).random((count, *shape))
    return {**kinds, "noise": noise.astype(np.float32)}


def ensemble(name: str, n_classes: int, sizes: UncertaintySizes, seed: int) -> Ensemble:
    """Return networks of different seeds that have learned nothing."""
    seeds = range(seed, seed + sizes.members)
    if has_torch():
        return Ensemble([small_network(name, sizes.steps, one) for one in seeds])
    return Ensemble([Perceptron(n_classes, passes=sizes.passes, seed=one) for one in seeds])


def scored(
    labels: np.ndarray, probabilities: np.ndarray, others: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Score probabilities, of which the highest is the confidence.

    Parameters
    ----------
    labels : int array (n,)
        Of test images.
    probabilities : array (n, classes)
        Of the same.
    others : dict of arrays (m, classes)
        Probabilities of images unlike these, by kind.

    Returns
    -------
    dict
        "accuracy", "ece", "nll", "aurc", "risk" (at `COVERAGES`), "bins" and "apart" (AUROC by
        kind, beside the first m test images).
    """
    sure = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    risk = risk_by_coverage(sure, correct)
    return {
        "accuracy": float(correct.mean()),
        "ece": expected_calibration_error(sure, correct),
        "nll": negative_log_likelihood(probabilities, labels),
        "aurc": float(risk.mean()),
        "risk": [float(risk[max(round(part * len(risk)), 1) - 1]) for part in COVERAGES],
        "bins": calibration_bins(sure, correct),
        "apart": {
            kind: told_apart(-sure[: len(found)], -found.max(axis=1))
            for kind, found in others.items()
        },
    }


def measure(data: Images, sizes: UncertaintySizes, effort: Effort) -> list[dict[str, Any]]:
    """Score every method on one data set.

    Returns
    -------
    list of dict
        A row for each method, means over seeds or members: "data", "title", "method", what
        `scored` returns with AUROC as "apart_" and the kind and "apart" their mean, "seconds" of
        learning, and "spread" (standard deviations by measure). `VARIANCE` has only AUROC.
    """
    others = unlike(data.name, data.test.images.shape[1:], sizes.unlike, effort)
    found: dict[str, list[dict[str, Any]]] = {OURS: [], VARIANCE: []}
    for number in range(sizes.seeds):
        effort.say(f"{data.title}: {OURS}, {number + 1} of {sizes.seeds}")
        chosen = {} if sizes.modes is None else {"n_modes": sizes.modes}
        ours = wave(data.name, effort.seed + number, **chosen)
        seconds = _fitted(ours, data.train)
        rest = {kind: ours.predict_proba(images) for kind, images in others.items()}
        one = scored(data.test.labels, ours.predict_proba(data.test.images), rest)
        found[OURS].append({**one, "seconds": seconds})
        usual = ours.uncertainty(data.test.images[: sizes.unlike])
        apart = {kind: told_apart(usual, ours.uncertainty(x)) for kind, x in others.items()}
        found[VARIANCE].append({"apart": apart})
    for label, one in _of_networks(data, others, sizes, effort):
        found.setdefault(label, []).append(one)
    return [
        {"data": data.name, "title": data.title, "method": label, **_mean(several)}
        for label, several in found.items()
    ]


def _fitted(learner: Any, part: Part) -> float:
    start = time.perf_counter()
    learner.fit(*part)
    return time.perf_counter() - start


def _of_networks(
    data: Images, others: dict[str, np.ndarray], sizes: UncertaintySizes, effort: Effort
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Score each network and their ensemble, as they are and with a temperature."""
    order = np.random.default_rng(effort.seed).permutation(len(data.train.labels))
    kept, held = (
        Part(data.train.images[rows], data.train.labels[rows])
        for rows in (order[sizes.held_out :], order[: sizes.held_out])
    )
    asked = {"held": held.images, "test": data.test.images, **others}
    members = ensemble(data.name, data.n_classes, sizes, effort.seed).members
    seconds, answers = [], []
    for number, member in enumerate(members):
        effort.say(f"{data.title}: {single()}, {number + 1} of {len(members)}")
        seconds.append(_fitted(member, kept))
        answers.append({kind: member.predict_proba(images) for kind, images in asked.items()})
    both = Ensemble(members)
    cases = [(single(), *one) for one in zip(seconds, answers, strict=True)]
    mean = {kind: both.averaged([answer[kind] for answer in answers]) for kind in asked}
    for label, took, answer in [*cases, (ENSEMBLE, sum(seconds), mean)]:
        temperature = fit_temperature(answer["held"], held.labels)
        for name, value in ((label, 1.0), (label + TEMPERED, temperature)):
            rest = {kind: tempered(answer[kind], value) for kind in others}
            one = scored(data.test.labels, tempered(answer["test"], value), rest)
            yield name, {**one, "seconds": took}


def _mean(several: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean over seeds of what `scored` returns; bins are those of the first."""
    numbers = [key for key, value in several[0].items() if isinstance(value, float)]
    kinds = several[0]["apart"]
    apart = {kind: float(np.mean([one["apart"][kind] for one in several])) for kind in kinds}
    row: dict[str, Any] = {key: float(np.mean([one[key] for one in several])) for key in numbers}
    row |= {f"apart_{kind}": value for kind, value in apart.items()}
    row["apart"] = float(np.mean([*apart.values()]))
    if "risk" in several[0]:
        row["risk"] = np.mean([one["risk"] for one in several], axis=0).tolist()
        row["bins"] = several[0]["bins"]
    if len(several) > 1:
        row["spread"] = {
            key: float(np.std([one[key] for one in several], ddof=1)) for key in numbers
        }
    return row
