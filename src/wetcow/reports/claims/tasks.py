"""A data set as a sequence of tasks, and learning them in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wetcow.learning.classifier import WaveClassifier
from wetcow.reports.images.data import Part

CLASSES_PER_TASK = 2


def tasks_of(part: Part, n_classes: int) -> list[Part]:
    """Divide images into tasks of two classes, in the order of labels."""
    tasks = []
    for first in range(0, n_classes, CLASSES_PER_TASK):
        rows = (part.labels >= first) & (part.labels < first + CLASSES_PER_TASK)
        tasks.append(Part(part.images[rows], part.labels[rows]))
    return tasks


def learn_in_turn(learner: Any, tasks: Sequence[Part], test: Part) -> dict[str, Any]:
    """Learn tasks in turn, each image once.

    Parameters
    ----------
    learner : object with `partial_fit` and `predict`
    tasks : sequence of Part
        To learn.
    test : Part
        To score, images of all tasks.

    Returns
    -------
    dict
        "curve": accuracy over the classes seen so far, after each task; "first": accuracy over
        the first task's classes in the end.
    """
    curve, right, which = [], np.empty(0), np.empty(0)
    for number, task in enumerate(tasks):
        learner.partial_fit(task.images, task.labels)
        right = learner.predict(test.images) == test.labels
        which = test.labels // CLASSES_PER_TASK
        curve.append(float(right[which <= number].mean()))
    return {"curve": curve, "first": float(right[which == 0].mean())}


class InTurn:
    """Our classifier, told of a task's classes when they first occur."""

    def __init__(self, model: WaveClassifier):
        self.model = model

    def partial_fit(self, X: np.ndarray, y: np.ndarray) -> None:
        self.model.partial_fit(X, y, classes=np.unique(y))

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.model.predict(X)

    def kept_bytes(self) -> int:
        """Size of the rows of the memory."""
        return self.model.memory_.rows.nbytes
