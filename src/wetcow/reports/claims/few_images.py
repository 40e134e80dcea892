"""Few images of each class, and the methods that learn from them."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from wetcow.images.frame import HANDWRITING
from wetcow.reports.images.data import OURS, Part, wave
from wetcow.reports.peers.line_up import OnPixels, has_torch, small_network

_COPIES = {1: 50, 5: 30, 10: 20, 50: 5, 100: 3}  # deformed ones beside each image, by size
QUICK_MODES, _QUICK_COPIES = 32, 10
NETWORK_STEPS = 300


def draw_few(part: Part, per_class: int, seed: int) -> Part:
    """Draw as many images of each class, without repetition.

    Parameters
    ----------
    part : Part
        To draw from.
    per_class : int
    seed : int

    Returns
    -------
    Part
        Class after class.

    Examples
    --------
    >>> part = Part(np.arange(6.0), np.array([0, 1, 0, 1, 0, 1]))
    >>> draw_few(part, 2, seed=0).labels.tolist()
    [0, 0, 1, 1]
    """
    rng = np.random.default_rng([seed, per_class])
    rows = [
        rng.choice(np.flatnonzero(part.labels == label), per_class, replace=False)
        for label in np.unique(part.labels)
    ]
    return Part(part.images[np.concatenate(rows)], part.labels[np.concatenate(rows)])


def learners(name: str, per_class: int, *, quick: bool) -> dict[str, Callable[[int], Any]]:
    """Return how to make every method for a seed, ours first."""
    copies = copies_of(per_class, quick)
    frame = HANDWRITING if name == "mnist" else None
    waves: dict[str, Any] = {"copies": copies}
    if quick:
        waves["n_modes"] = QUICK_MODES

    def nearest(_: int) -> Any:
        return KNeighborsClassifier(1)

    def vectors(_: int) -> Any:
        return SVC(C=10, gamma="scale")

    def pixels(make: Callable[[int], Any], seed: int, **how: Any) -> Any:
        return OnPixels(make(seed), **how, name=name, seed=seed)

    def of(make: Callable[[int], Any], **how: Any) -> Callable[[int], Any]:
        return functools.partial(pixels, make, **how)

    found: dict[str, Callable[[int], Any]] = {OURS: lambda seed: wave(name, seed, **waves)}
    if frame is not None:
        found["1-NN, pixels"] = of(nearest)
        found["SVM, pixels"] = of(vectors)
    found["1-NN"] = of(nearest, frame=frame)
    found["SVM"] = of(vectors, frame=frame)
    found["SVM, copies"] = of(vectors, frame=frame, copies=copies)
    if quick:
        return found
    if has_torch():
        network = functools.partial(_network, name)
        found["convolutional network"] = of(network, frame=frame)
    if importlib.util.find_spec("lightgbm") is not None:
        found["LightGBM"] = of(_trees, frame=frame)
    return found


def _network(name: str, seed: int) -> Any:
    return small_network(name, NETWORK_STEPS, seed, few=True)


def _trees(seed: int) -> Any:
    from lightgbm import LGBMClassifier  # pyright: ignore[reportMissingImports]

    # As many leaves and columns as so few images allow; with its defaults it learns nothing here.
    return LGBMClassifier(
        min_child_samples=5,
        num_leaves=15,
        colsample_bytree=0.3,
        n_jobs=1,
        random_state=seed,
        verbosity=-1,
    )


def copies_of(per_class: int, quick: bool) -> int:
    """Return how many deformed copies are learned beside each image."""
    return min(_COPIES[per_class], _QUICK_COPIES) if quick else _COPIES[per_class]
