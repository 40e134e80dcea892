"""The tables that `tables.py` compares methods on: those of scikit-learn, and those of river.

Of river's are taken those in its wheel that have numbers in their columns, one target, and no more
than 6,000 rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn import datasets

FRIEDMAN_ROWS = 400
CLASSES = ("breast_cancer", "wine", "iris", "digits", "phishing", "bananas", "image_segments")
VALUES = (
    *("diabetes", "linnerud", "friedman1", "friedman2", "friedman3"),
    *("trump_approval", "chick_weights"),
)
_RIVER = {
    "phishing": "Phishing",
    "bananas": "Bananas",
    "image_segments": "ImageSegments",
    "trump_approval": "TrumpApproval",
    "chick_weights": "ChickWeights",
}


class Problem(NamedTuple):
    """A table, and what is to be found.

    Attributes
    ----------
    X : float array (n, columns)
    y : array (n,) or (n, outputs)
    classes : bool
        Whether y has labels, and not values.
    """

    X: np.ndarray
    y: np.ndarray
    classes: bool


def load(name: str) -> Problem:
    """Return a problem by its name."""
    if name in _RIVER:
        X, y = _of_river(_RIVER[name])
    elif name.startswith("friedman"):
        make = getattr(datasets, f"make_{name}")
        noise = {"friedman1": 1.0, "friedman2": 100.0, "friedman3": 0.1}[name]
        X, y = make(FRIEDMAN_ROWS, noise=noise, random_state=0)
    else:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return Problem(X, y, name in CLASSES)


def _of_river(name: str) -> tuple[np.ndarray, np.ndarray]:
    """All rows of a stream of river, in their order."""
    from river import datasets as streams

    rows: list[tuple[dict[str, Any], Any]] = list(getattr(streams, name)())
    columns = sorted(rows[0][0])
    X = np.array([[float(x[column]) for column in columns] for x, _ in rows])
    return X, np.array([y for _, y in rows])
