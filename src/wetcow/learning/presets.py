"""How large a network to construct for the time at hand.

The sizes were compared by ``benchmarks/search.py`` on validation images, the last 10,000 training
images of MNIST and Fashion-MNIST.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

from wetcow.learning.model.activation import Response

Budget = Literal["seconds", "minute", "minutes"]
Sizes = tuple[int, ...] | tuple[tuple[int, ...], ...]  # of patches; of those of each member
BUDGETS: tuple[str, ...] = get_args(Budget)

RECIPES: dict[str, dict[str, Any]] = {
    "digits": {"augmentation": "handwriting"},
    "mnist": {"frame": "handwriting", "augmentation": "handwriting"},
    "fashion-mnist": {"mirror": True, "augmentation": "garments", "learning_rate": 0.001},
}
"""Parameters of `WaveClassifier` that follow from what the images of a data set are."""

_SMALL = 16  # pixels of the shorter side below which one size of patch sees everything


class Settings(NamedTuple):
    """Sizes and levels of a network; the fields are parameters of `WaveClassifier`.

    Attributes
    ----------
    n_modes : int
    patch_size : tuple of int, or one such tuple for each member
    n_regions : int
    response : str
    threshold, omega : float
    ridge : float or "gcv"
    margin_passes : int
    """

    n_modes: int
    patch_size: Sizes
    n_regions: int
    response: Response
    threshold: float
    omega: float
    ridge: float | Literal["gcv"]
    margin_passes: int


_IMAGES = {
    "seconds": Settings(128, (7,), 4, "amplitude", 0.1, 0.2, 1e-3, 15),
    "minute": Settings(96, (5, 7, 9), 4, "amplitude", 0.1, 0.2, 1e-3, 15),
    "minutes": Settings(96, (3, 5, 7), 6, "amplitude", 0.1, 0.2, 1e-3, 30),
}
_SMALL_IMAGES = Settings(128, (5,), 3, "both", 0.1, 0.2, "gcv", 0)


def settings(budget: Budget, image: tuple[int, int] | None) -> Settings:
    """Settings for a budget and images of a size, or None for a table.

    Examples
    --------
    >>> settings("seconds", (28, 28)).patch_size, settings("seconds", None).n_modes
    ((7,), 128)
    """
    if image is None or min(image) < _SMALL:
        return _SMALL_IMAGES
    return _IMAGES[budget]
