"""What estimators have in common: settings, hidden modes and their construction, codes."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from wetcow.learning import pipeline
from wetcow.learning.data import convention, validation
from wetcow.learning.data.predictions import predictions
from wetcow.learning.data.progress import StartStage
from wetcow.learning.model.geometry import find_image_shape
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.settings import checks
from wetcow.learning.settings.channels import check_channels
from wetcow.learning.settings.presets import Settings
from wetcow.learning.settings.view import Decision
from wetcow.process import check_process

logger = logging.getLogger(__name__)

_NUM_TRIED = (2000, 1000)  # images on which is decided how to look at them; of budget "seconds"
_NUM_BINS = 10  # of values, which are told apart when it is decided how to look at images


class Encoder:
    """Settings, hidden modes, and the codes of rows.

    The attributes below are parameters of estimators; those that an estimator does not have are as
    they are here.
    """

    budget: str
    image_shape: Any
    channel_axis: Any
    random_state: Any
    copies: int = 0
    train_minutes: float = 0
    augmentation: Any = None
    noise: float | None = None
    n_memories: int | None = None
    n_features_in_: int
    image_shape_: tuple[int, ...] | None
    settings_: Settings
    decision_: Decision | None
    convention_: convention.Convention | None
    hidden_: HiddenModes

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(check_random_state(self.random_state).randint(2**31))

    def _find_settings(self, image: tuple[int, ...] | None) -> None:
        """Find what the first data are, and all settings."""
        shape = find_image_shape(self.image_shape, self.n_features_in_, image)
        check_channels(self, shape)
        self.image_shape_ = shape
        self.settings_ = checks.find_settings(self, shape)

    def _construct(
        self,
        X: Any,
        labels: np.ndarray | None,
        weights: np.ndarray | None,
        rng: np.random.Generator,
        start: StartStage,
    ) -> HiddenModes:
        """Decide how to look at rows, and construct hidden modes.

        Labels may be values, or None: without any, images are seen as the simplest alternative.
        """
        shape = self.image_shape_
        alternatives = checks.alternatives(self, shape)
        if labels is None:
            labels = np.zeros(len(X), int)
            alternatives = {name: some[:1] for name, some in alternatives.items()}
        decision = pipeline.look(
            X,
            labels if labels.ndim == 1 else _binned(labels[:, 0]),
            shape,
            alternatives,
            rng,
            n_images=_NUM_TRIED[self.budget == "seconds"],
            start=start,
        )
        self.settings_ = chosen = checks.find_settings(self, shape, decision.view.encoding)
        view = decision.view._replace(response=chosen.response)
        self.decision_ = dataclasses.replace(decision, view=view)
        logger.info("%s", self.decision_.line())
        start("hidden modes")
        hidden, self.convention_ = pipeline.construct(
            X,
            checks.geometries(chosen, shape, view),
            rng,
            image=shape,
            view=view,
            settings=chosen,
            weights=weights,
        )
        return hidden

    def _predictions(
        self,
        function: Callable[[np.ndarray], np.ndarray],
        X: Any,
        width: int | None,
        *,
        any_background: bool = False,
    ) -> Any:
        """What a function makes of the codes of rows, batch by batch."""
        check_process()
        X = validation.check_rows(self, X)
        check = self._values_check(any_background=any_background)
        return predictions(function, self.hidden_, X, width=width, check=check)

    def _values_check(self, *, any_background: bool = False) -> Callable[[np.ndarray], None]:
        """Return what raises for rows with values of another convention than those learned."""
        background = self.hidden_.frame is None and not any_background  # which a frame takes away
        return convention.checker(self.convention_, self.image_shape_, background=background)


def _binned(values: np.ndarray) -> np.ndarray:
    """Return which of equally frequent bins each value is in, as classes to tell apart."""
    edges = np.quantile(values, np.arange(1, _NUM_BINS) / _NUM_BINS)
    return np.unique(np.searchsorted(edges, values), return_inverse=True)[1]
