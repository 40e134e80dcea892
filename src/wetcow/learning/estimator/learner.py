"""What learning is made of, whether at once or by and by."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from wetcow.learning import pipeline
from wetcow.learning.data import validation
from wetcow.learning.data.batches import open_batches
from wetcow.learning.data.copies import Copies
from wetcow.learning.data.samples import Samples
from wetcow.learning.estimator.prediction import Answers
from wetcow.learning.memory import examples as memory
from wetcow.learning.memory.calibration import Calibration
from wetcow.learning.model.geometry import find_image_shape
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.memory.stored import Kernel
from wetcow.learning.model.readout import MemoryReadout
from wetcow.learning.progress import StartStage
from wetcow.learning.settings import checks
from wetcow.learning.settings.presets import Settings
from wetcow.learning.settings.view import Decision

logger = logging.getLogger(__name__)

_NUM_TRIED = (2000, 1000)  # images on which is decided how to look at them; of budget "seconds"


class Learner(Answers):
    """The steps that `fit` and `partial_fit` of `wetcow.WaveClassifier` have in common."""

    budget: str
    image_shape: Any
    n_features_in_: int
    n_members: int
    copies: int
    augmentation: Any
    tolerance: float
    cache_size: float
    random_state: Any
    settings_: Settings
    decision_: Decision | None
    residual_variance_: float
    uncertainty_threshold_: float

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(check_random_state(self.random_state).randint(2**31))

    def _checked(self, X: Any, y: Any, *, first: bool) -> tuple[Any, np.ndarray]:
        """Return valid data; if it is the first, find what it is and all settings."""
        checks.check_parameters(self)
        X, y, image = pipeline.validate(X, y, self, first=first)
        if first:
            shape = find_image_shape(self.image_shape, self.n_features_in_, image)
            self.image_shape_ = shape
            self.settings_ = checks.find_settings(self, shape)
        else:  # the hidden modes stay as they are
            self._values_check()(validation.first_rows(X))
            wanted = checks.find_settings(self, self.image_shape_)
            self.settings_ = self.settings_._replace(
                noise=wanted.noise, n_memories=wanted.n_memories
            )
        return X, y

    def _construct(
        self, X: Any, labels: np.ndarray, rng: np.random.Generator, start: StartStage
    ) -> list[HiddenModes]:
        shape = self.image_shape_
        decision = pipeline.look(
            X,
            labels,
            shape,
            checks.alternatives(self, shape),
            rng,
            n_images=_NUM_TRIED[self.budget == "seconds"],
            start=start,
        )
        self.settings_ = chosen = checks.find_settings(self, shape, decision.view.encoding)
        view = decision.view._replace(response=chosen.response)
        self.decision_ = dataclasses.replace(decision, view=view)
        logger.info("%s", self.decision_.line())
        start("hidden modes")
        members, self.convention_ = pipeline.construct(
            X,
            checks.member_geometries(self.n_members, chosen, shape, view),
            rng,
            image=shape,
            view=view,
            settings=chosen,
        )
        return members

    def _samples(self, hidden: HiddenModes, X: Any, labels: np.ndarray, n_classes: int) -> Samples:
        count = 0 if self.image_shape_ is None else self.copies
        augmentation = checks.shared_augmentation(self.augmentation)
        return Samples(
            hidden=hidden,
            X=X,
            labels=labels,
            n_classes=n_classes,
            batch_size=self.batch_size,
            copies=Copies(count=count, augmentation=augmentation),
        )

    def _plan(self) -> memory.Plan:
        return memory.Plan(
            kernel=Kernel(noise=self.settings_.noise),
            n_memories=self.settings_.n_memories,
            tolerance=self.tolerance,
            cache_size=self.cache_size,
        )

    def _check_room(self, X: Any, n_classes: int, first: bool) -> None:
        """Raise before work starts if the memory that X leads to does not fit."""
        settings, stored = self.settings_, 0
        copies = 0 if self.image_shape_ is None else self.copies
        if not first and isinstance(self.readout_, MemoryReadout):
            if self.readout_.examples is None:
                return
            stored = len(self.readout_.examples.labels)
        columns = settings.n_components if self.image_shape_ is not None else X.shape[1] + 1
        count = stored + len(X) * (1 + copies)
        memory.check_room(count, columns, n_classes, self._plan())

    def _learn(
        self,
        samples: Samples,
        classes: np.ndarray,
        rng: np.random.Generator,
        start: StartStage,
        columns: np.ndarray | None = None,
    ) -> Calibration:
        """Memorize and calibrate, beside what is stored if `columns` are given, and keep all."""
        earlier = None
        if columns is not None and isinstance(self.readout_, MemoryReadout):
            earlier = self.readout_
        with contextlib.closing(open_batches(samples)) as batches:
            self.readout_, known = pipeline.learn(
                batches,
                self._plan(),
                n_components=self.settings_.n_components,
                innate=self.settings_.couplings == "innate",
                rng=rng,
                start=start,
                earlier=earlier,
                columns=columns,
            )
        self.hidden_, self.classes_ = samples.hidden, classes
        self.inverse_temperature_ = known.inverse_temperature
        self.residual_variance_ = known.residual_variance
        self.uncertainty_threshold_ = known.uncertainty_threshold
        return known
