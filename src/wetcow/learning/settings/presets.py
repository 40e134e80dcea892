"""How large a network to construct for the time at hand.

What is compared by ``benchmarks/search.py``, on validation images: the last 10,000 training images
of MNIST and Fashion-MNIST. The smaller budgets learn fewer examples, since codes are what takes
time, and a memory of some is better than one of landmarks that stand for all at equal time.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, NamedTuple, get_args

from wetcow.learning.model.activation import Response
from wetcow.learning.model.geometry import Encoding

Budget = Literal["seconds", "minute", "minutes", "hour"]
Couplings = Literal["sampled", "innate"]
BUDGETS: tuple[str, ...] = get_args(Budget)

DATASET_DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {"frame": None, "mirror": False, "augmentation": "handwriting"},
    "mnist": {
        "frame": "handwriting",
        "mirror": False,
        "response": "amplitude",
        "augmentation": "handwriting",
    },
    "fashion-mnist": {
        "frame": None,
        "mirror": True,
        "augmentation": "garments",
        "learning_rate": 0.001,
    },
}
"""Parameters of `WaveClassifier` that follow from what the images of a data set are.

Frame and mirror are found by `WaveClassifier` itself, of some hundred images or more.
"""

_SMALL = 16  # pixels of the shorter side below which one size of patch sees everything


class Settings(NamedTuple):
    """Sizes and levels of a network; but for two, the fields are parameters of `WaveClassifier`.

    Attributes
    ----------
    n_modes : int
    patch_size : tuple of int
    n_regions : int
    response : str
    threshold, omega : float
    noise : float
    n_memories : int or None
    n_components : int
        Principal components of pooled codes that are compared; no parameter.
    n_examples : int or None
        Most examples that `fit` learns, drawn at random, since codes are what takes time; no
        parameter. None: all.
    encoding : {"brightness", "root", "both"}
    couplings : {"sampled", "innate"}
    """

    n_modes: int
    patch_size: tuple[int, ...]
    n_regions: int
    response: Response
    threshold: float
    omega: float
    noise: float
    n_memories: int | None
    n_components: int
    n_examples: int | None
    encoding: Encoding = "brightness"
    couplings: Couplings = "sampled"


_SECONDS = Settings(
    n_modes=32,
    patch_size=(5, 7, 9),
    n_regions=4,
    response="amplitude",
    threshold=0.1,
    omega=0.2,
    noise=0.1,  # as good as 0.03, in half the iterations
    n_memories=None,
    n_components=400,
    n_examples=12_000,
)
_MINUTE = _SECONDS._replace(n_modes=64, n_components=600, n_examples=41_000)
_MINUTES = _MINUTE._replace(patch_size=(3, 5, 7), n_regions=6, response="both", n_examples=None)
_IMAGES = {
    "seconds": _SECONDS,
    "minute": _MINUTE,
    "minutes": _MINUTES,
    "hour": _MINUTES._replace(n_modes=96, n_components=1_000),
}
# For images that are better recognised so.
_WITH_ROOTS = {
    "minute": _MINUTE._replace(n_modes=32, patch_size=(3, 5, 7), encoding="both", n_components=450),
    "hour": _IMAGES["hour"]._replace(encoding="both"),
}
_SMALL_IMAGES = _SECONDS._replace(
    n_modes=128,
    patch_size=(5,),
    n_regions=3,
    response="both",
    noise=0.03,
    n_components=250,
    n_examples=None,
)


def encodings(budget: Budget, image: tuple[int, ...] | None) -> tuple[Encoding, ...]:
    """Encodings that a budget has settings for, the simplest first; see `settings`.

    Examples
    --------
    >>> encodings("minute", (28, 28)), encodings("minute", None)
    (('brightness', 'both'), ('brightness',))
    """
    several = image is not None and min(image[:2]) >= _SMALL and budget in _WITH_ROOTS
    return ("brightness", "both") if several else ("brightness",)


def settings(
    budget: Budget, image: tuple[int, ...] | None, encoding: Encoding = "brightness"
) -> Settings:
    """Settings for a budget and images of a size, or None for a table, seen in an encoding.

    Examples
    --------
    >>> settings("seconds", (28, 28)).patch_size, settings("seconds", None).n_modes
    ((5, 7, 9), 128)
    """
    if image is None or min(image[:2]) < _SMALL:
        return _SMALL_IMAGES
    return _WITH_ROOTS[budget] if encoding in encodings(budget, image)[1:] else _IMAGES[budget]


def training_defaults(dataset: str) -> dict[str, Any]:
    """Those of `DATASET_DEFAULTS` that no classifier finds by itself: for copies and training.

    Examples
    --------
    >>> training_defaults("mnist")
    {'augmentation': 'handwriting'}
    """
    known = DATASET_DEFAULTS[dataset]
    return {name: known[name] for name in ("augmentation", "learning_rate") if name in known}


def __getattr__(name: str) -> Any:
    if name == "RECIPES":
        warnings.warn(
            "wetcow.learning.presets.RECIPES is called DATASET_DEFAULTS now; the old name will go",
            FutureWarning,
            stacklevel=2,
        )
        return DATASET_DEFAULTS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
