"""Networks that are trained for as long as usual, much longer, and at rates far too high."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from wetcow.learning.data.samples import Samples
from wetcow.learning.finetune import training
from wetcow.learning.finetune.linear import solve_linear
from wetcow.learning.finetune.trainable import logits
from wetcow.learning.model.activation import Response
from wetcow.reports.evidence import Effort
from wetcow.reports.images.data import Images, Part, wave
from wetcow.reports.peers.descent import (
    Learner,
    accuracy_of_weights,
    descend,
    largest,
    loss_gradient,
    norm,
)
from wetcow.reports.peers.layers import forward, initial_weights
from wetcow.reports.peers.spiking import STEEPNESS, scores_and_spikes

LONGER = 10  # times as many steps as usual
FACTORS = (1, 10, 100, 1000)  # of the usual learning rate

WAVES, PAPERS, RECTIFIED = "waves, both codes", "waves, rate [28]", "ReLU instead of waves"
PERCEPTRON = "perceptron"
SPIKING, TRUE_SLOPE = "LIF, surrogate slope", "LIF, true slope"
LEARNERS = (WAVES, PAPERS, RECTIFIED, PERCEPTRON, SPIKING, TRUE_SLOPE)

_RESPONSES: dict[str, Response] = {WAVES: "both", PAPERS: "analytic", RECTIFIED: "relu"}
_PEERS_RATE = 1e-3
PEER_UNITS = 128  # units of peers
_IN_GRADIENT = 256  # images of which the gradient is taken at each evaluation


class TrainingSizes(NamedTuple):
    """How much is done.

    Attributes
    ----------
    train, validation : int
        Images.
    modes : int
    steps, evaluations : int
        Steps that are usual, and how often to evaluate meanwhile; LONGER times as often if it takes
        longer.
    learners : tuple of str
        Waves first.
    """

    train: int
    validation: int
    modes: int
    steps: int
    evaluations: int
    learners: tuple[str, ...]


def wave_trainer(
    data: Images, learned: Part, judged: Part, name: str, modes: int, seed: int
) -> Any:
    """Return what trains a constructed network, with images as in the paper: 7×7, framed."""
    classifier = wave(
        data.name,
        seed,
        n_modes=modes,
        patch_size=5,
        n_regions=3,
        frame="seven",
        response=_RESPONSES[name],
    ).fit(learned.images, learned.labels)
    hidden = classifier.hidden_
    samples = Samples(hidden, _rows(learned), labels=learned.labels, n_classes=data.n_classes)
    linear = solve_linear(samples, np.random.default_rng(seed))
    seen = [Part(hidden.images(_rows(part)), part.labels) for part in (learned, judged)]
    return training.Trainer(
        hidden=hidden,
        modes=linear.modes,
        inverse_temperature=linear.inverse_temperature,
        images=seen[0].images,
        labels=seen[0].labels,
        validation=seen[1],
        augmentation=None,
        rate=classifier.learning_rate,
        seed=seed,
    )


def _rows(part: Part) -> np.ndarray:
    return part.images.reshape(len(part.images), -1)


def of_trainer(trainer: training.Trainer) -> Learner:
    """Return the network that a trainer trains, for plain steps."""

    def scores(network: Any, images: Any) -> Any:
        return logits(network, trainer.scaling, images, trainer.plan)

    return Learner(scores=scores, weights=trainer.network, hidden=lambda network: network.layers)


def peers(pixels: int, n_classes: int, seed: int) -> dict[str, Learner]:
    """Return the other networks, of one hidden layer, on the same images as rows."""
    weights = initial_weights(np.random.default_rng(seed), (pixels, PEER_UNITS, n_classes))

    def of(scores: Callable[[Any, Any], Any]) -> Learner:
        return Learner(
            scores=lambda w, images: scores(w, images.reshape(len(images), -1)),
            weights=weights,
            hidden=lambda w: w[:-1],
        )

    spiking = {SPIKING: STEEPNESS, TRUE_SLOPE: None}
    return {PERCEPTRON: of(forward)} | {
        name: of(lambda w, rows, k=k: scores_and_spikes(w, rows, k)[0])
        for name, k in spiking.items()
    }


class Watched:
    """Rows of numbers about a training, one for each evaluation.

    Parameters
    ----------
    learner : Learner
    some : Part
        Images of which the gradient is taken at each evaluation.
    judged : Part
        Validation images.
    labels : dict
        Of each row.
    """

    def __init__(self, learner: Learner, some: Part, judged: Part, labels: dict[str, Any]):
        self.learner, self.some, self.judged, self.labels = learner, some, judged, labels
        self.rows: list[dict[str, Any]] = []
        self.evaluate(0, None, learner.weights)

    def evaluate(self, step: int, loss: float | None, weights: Any, average: Any = None) -> None:
        """Note the step, the loss since the last evaluation, and sizes now; score the average."""
        slopes = loss_gradient(self.learner, weights, self.some)
        whole, size = norm(slopes), largest(weights)
        scored = weights if average is None else average
        self.rows.append(
            {
                **self.labels,
                "step": step,
                "loss": loss,
                "gradient": whole,
                "coupling": size,
                "hidden": norm(self.learner.hidden(slopes)),
                "finite": bool(np.isfinite(whole) and np.isfinite(size)),
                "accuracy": accuracy_of_weights(self.learner, scored, self.judged),
            }
        )


def _by_recipe(trainer: training.Trainer, watched: Watched, steps: int, each: int) -> None:
    """Train waves as `WaveClassifier` does, and evaluate after `each` so many steps."""
    state = trainer.start(steps)
    whole, rest = divmod(each, training.STEPS_PER_CALL)
    calls = [training.STEPS_PER_CALL] * whole + [rest] * (rest > 0)  # few lengths to compile
    for done in range(each, steps + 1, each):
        total = 0.0
        for count in calls:
            state, loss = trainer.advance(state, count)
            total += count * loss
        watched.evaluate(done, total / each, state.network, state.average)


def measure(
    data: Images, sizes: TrainingSizes, effort: Effort
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Train every network for as long as usual and longer, and at too high rates.

    Waves are trained by their own recipe, the others by plain Adam. At high rates it is plain Adam
    for all.

    Returns
    -------
    evaluations : list of dict
        "data", "title", "learner", "steps" in all, "step", "loss", "accuracy" on validation
        images, "gradient" (norm) and "coupling" (largest), "hidden" (norm of the gradient of hidden
        couplings), "finite".
    rates : list of dict
        "data", "title", "learner", "factor", "rate", and "accuracy" and "finite" after as many
        steps as usual.
    """
    learned, judged = data.choosing()
    learned = learned.some(sizes.train, effort.seed)
    judged = judged.some(sizes.validation, effort.seed)
    evaluations: list[dict[str, Any]] = []
    rates: list[dict[str, Any]] = []
    trainer = wave_trainer(data, learned, judged, WAVES, sizes.modes, effort.seed)
    shown = Part(np.asarray(trainer.images), learned.labels)
    framed, some = Part(*trainer.validation), shown.some(_IN_GRADIENT, effort.seed)
    others = peers(shown.images[0].size, data.n_classes, effort.seed)
    each = sizes.steps // sizes.evaluations  # always the same, which is compiled once
    for name in sizes.learners:
        effort.say(f"{data.title}: {name}")
        if name in _RESPONSES:
            if name != WAVES:
                trainer = wave_trainer(data, learned, judged, name, sizes.modes, effort.seed)
            learner, rate = of_trainer(trainer), trainer.plan.rate
        else:
            learner, rate = others[name], _PEERS_RATE
        labels = {"data": data.name, "title": data.title, "learner": name}
        for steps in (sizes.steps, LONGER * sizes.steps):
            watched = Watched(
                learner=learner, some=some, judged=framed, labels={**labels, "steps": steps}
            )
            if name in _RESPONSES:
                _by_recipe(trainer, watched, steps, each)
            else:
                descend(learner, shown, steps, each, rate, effort.seed, watched.evaluate)
            evaluations += watched.rows
        for factor in FACTORS:
            plain = sizes.steps, each, factor * rate, effort.seed
            losses: list[float] = []
            weights = descend(
                learner, shown, *plain, lambda _, loss, __, losses=losses: losses.append(loss)
            )
            finite = bool(np.all(np.isfinite(losses)) and np.isfinite(largest(weights)))
            reached = accuracy_of_weights(learner, weights, framed)
            found = {"rate": factor * rate, "accuracy": reached, "finite": finite}
            rates.append({**labels, "factor": factor, **found})
    return evaluations, rates


def summarise(
    evaluations: Sequence[dict[str, Any]], rates: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return a row for each network: the usual training beside the long one, and high rates.

    Parameters
    ----------
    evaluations, rates : sequences of dict
        From `measure`.
    """
    rows = []
    for name, learner in dict.fromkeys((row["data"], row["learner"]) for row in evaluations):
        of = [row for row in evaluations if (row["data"], row["learner"]) == (name, learner)]
        usual, longer = min(row["steps"] for row in of), max(row["steps"] for row in of)
        short = [row for row in of if row["steps"] == usual]
        long = [row for row in of if row["steps"] == longer]
        first = long[0]
        at = [row for row in rates if (row["data"], row["learner"]) == (name, learner)]
        curve = [
            {
                "step": row["step"],
                "loss": _finite(row["loss"]),
                "accuracy": row["accuracy"],
                "gradient": _finite(row["gradient"] / first["gradient"]),
                "coupling": _finite(row["coupling"] / first["coupling"]),
            }
            for row in long
        ]
        rows.append(
            {
                "data": name,
                "title": first["title"],
                "learner": learner,
                "usual": short[-1]["accuracy"],
                "longer": long[-1]["accuracy"],
                "least": min(row["accuracy"] for row in long[len(long) // 2 :]),
                "loss": curve[-1]["loss"],
                "gradient": _largest_known([row["gradient"] for row in curve]),
                "coupling": _largest_known([row["coupling"] for row in curve]),
                "hidden": first["hidden"],
                "finite": all(row["finite"] for row in of),
                **{f"at_{row['factor']}": row["accuracy"] for row in at},
                "finite_rates": all(row["finite"] for row in at),
                "curve": curve,
            }
        )
    return rows


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _largest_known(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return max(found) if len(found) == len(values) else None
