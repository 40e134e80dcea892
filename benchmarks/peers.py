"""The methods of `learning.py`: ours, and the peers it is compared with.

Each is made by a function that imports what it needs, so that a peer which is not installed costs
nothing, and so that a process holds only the library it measures.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

# Keyword arguments of `wetcow.WaveClassifier`, by the name of their row.
WETCOW: dict[str, dict[str, Any]] = {
    "wetcow": {},
    "wetcow handwriting": {"frame": "handwriting"},
    "wetcow garments": {"mirror": True},
    "wetcow copies": {
        "frame": "handwriting",
        "patch_size": (5, 7, 9),
        "n_modes": 64,
        "copies": 3,
        "augmentation": "handwriting",
    },
    "wetcow seven": {"frame": "seven", "patch_size": (3, 5), "n_modes": 256, "n_regions": 2},
}

_SPIKING_EPOCHS = 2
_RESERVOIR_UNITS = 500
_RESERVOIR_BLOCK = 500  # images whose states are in memory at once


class Learner(Protocol):
    """What all methods have in common; X is float32 (n, pixels), y int64 (n,).

    Results are not annotated closer because the declarations of scikit-learn and LightGBM allow
    for more than the labels (n,) which they return here.
    """

    def fit(self, X: np.ndarray, y: np.ndarray) -> Any: ...

    def predict(self, X: np.ndarray) -> Any: ...


class Effort(NamedTuple):
    """What a method is given beside the images.

    Parameters
    ----------
    data : str
        Name of the data set, from which follows how images may be deformed.
    seed : int
    epochs : int
        Passes of the convolutional network.
    minutes : float
        Time for those that are trained for some.
    """

    data: str
    seed: int
    epochs: int
    minutes: float


class Method(NamedTuple):
    """A row of the comparison.

    Parameters
    ----------
    about : str
        What it is, in a few words.
    make : callable (effort) -> Learner
        Imports what it needs and returns a learner that has seen nothing yet.
    """

    about: str
    make: Callable[[Effort], Learner]


def num_threads() -> int:
    """Return how many threads a peer may use: OMP_NUM_THREADS or, by default, one a core."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def _wave(parameters: dict[str, Any]) -> Method:
    """One configuration of our classifier."""

    def make(effort: Effort) -> Learner:
        from wetcow import WaveClassifier

        return WaveClassifier(random_state=effort.seed, **parameters)

    given = ", ".join(f"{key}={value!r}" for key, value in parameters.items())
    return Method(f"WaveClassifier({given})", make)


def _trained_wave(effort: Effort) -> Learner:
    from wetcow import WaveClassifier
    from wetcow.learning.settings.presets import DATASET_DEFAULTS

    recipe = DATASET_DEFAULTS[effort.data]
    return WaveClassifier(random_state=effort.seed, train_minutes=effort.minutes, **recipe)


def _in_time(name: str) -> Callable[[Effort], Learner]:
    """A convolutional network, trained for minutes on images that are deformed as ours."""

    def make(effort: Effort) -> Learner:
        from wetcow.images.augmentation import NAMED
        from wetcow.learning.settings.presets import DATASET_DEFAULTS
        from wetcow.reports.peers import convolutional
        from wetcow.reports.peers.torch_training import TrainedInTime

        deformed = NAMED[DATASET_DEFAULTS[effort.data]["augmentation"]]
        network = getattr(convolutional, name)
        return TrainedInTime(
            network,
            minutes=effort.minutes,
            learning_rate=2e-3,
            augmentation=deformed,
            seed=effort.seed,
            num_threads=num_threads(),
        )

    return make


def _ridge(effort: Effort) -> Learner:
    from sklearn.linear_model import RidgeClassifier

    return RidgeClassifier()


def _knn(effort: Effort) -> Learner:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=3)


def _svm(effort: Effort) -> Learner:
    from sklearn.svm import SVC

    return SVC(C=10, gamma="scale", cache_size=1000)


def _lightgbm(effort: Effort) -> Learner:
    from lightgbm import LGBMClassifier  # pyright: ignore[reportMissingImports]

    return LGBMClassifier(n_jobs=num_threads(), random_state=effort.seed, verbosity=-1)


def _convnet(effort: Effort) -> Learner:
    from wetcow.reports.peers.convolutional import Convolutional
    from wetcow.reports.peers.torch_training import Trained

    return Trained(
        Convolutional,
        epochs=effort.epochs,
        learning_rate=1e-3,
        seed=effort.seed,
        num_threads=num_threads(),
    )


def _snntorch(effort: Effort) -> Learner:
    from spiking import Spiking

    from wetcow.reports.peers.torch_training import Trained

    return Trained(
        Spiking,
        epochs=_SPIKING_EPOCHS,
        learning_rate=5e-4,
        seed=effort.seed,
        num_threads=num_threads(),
    )


def _reservoirpy(effort: Effort) -> Learner:
    from reservoirpy.nodes import Reservoir, Ridge  # pyright: ignore[reportMissingImports]

    # The best of a few on 3,000 images of MNIST, judged by 1,500 others of the training part.
    chosen: dict[str, Any] = {"lr": 0.5, "sr": 0.9, "input_scaling": 0.3, "input_connectivity": 0.5}
    return _RowByRow(Reservoir(_RESERVOIR_UNITS, seed=effort.seed, **chosen), Ridge(ridge=1e-2))


class _RowByRow:
    """A reservoir that reads an image row by row; the readout sees its last and its mean state."""

    def __init__(self, reservoir: Any, readout: Any):
        self._reservoir = reservoir
        self._readout = readout

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:
        self._readout.fit(self._states(X), np.eye(y.max() + 1)[y])

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self._readout.run(self._states(X)).argmax(axis=1)

    def _states(self, X: np.ndarray) -> np.ndarray:
        """Last and mean states side by side, float64 (n, 2 units)."""
        side = math.isqrt(X.shape[1])
        parts = []
        for start in range(0, len(X), _RESERVOIR_BLOCK):
            if self._reservoir.initialized:
                self._reservoir.reset()  # else it would begin in the last state of another image
            images = X[start : start + _RESERVOIR_BLOCK].reshape(-1, side, side)
            states = self._reservoir.run(images)
            parts.append(np.concatenate([states[:, -1], states.mean(axis=1)], axis=1))
        return np.concatenate(parts)


METHODS: dict[str, Method] = {
    **{name: _wave(parameters) for name, parameters in WETCOW.items()},
    "ridge": Method("ridge regression on pixels", _ridge),
    "knn": Method("3 nearest neighbours", _knn),
    "svm": Method("support vectors, RBF kernel, C = 10; minutes for more than 10,000 images", _svm),
    "lightgbm": Method("gradient-boosted trees, LightGBM's defaults", _lightgbm),
    "wetcow trained": Method("WaveClassifier(train_minutes=MINUTES)", _trained_wave),
    "small convnet": Method("three convolutions, 27,000 parameters", _in_time("Small")),
    "resnet": Method("eight layers, residual, 78,000 parameters", _in_time("Residual")),
    "convnet": Method("convolutional network in PyTorch: 32 and 64 maps, 128 units", _convnet),
    "reservoirpy": Method("500 random recurrent units read the rows; ridge readout", _reservoirpy),
    "snntorch": Method("256 spiking units, 25 steps, 2 epochs, as in its tutorial", _snntorch),
}
