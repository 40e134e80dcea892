"""What estimators with a memory have in common: learning, at once or by and by, and variances."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from wetcow.images.augmentation import check_augmentation
from wetcow.learning import pipeline
from wetcow.learning.data import validation
from wetcow.learning.data.batches import open_batches
from wetcow.learning.data.copies import Copies
from wetcow.learning.data.progress import StartStage
from wetcow.learning.data.samples import Samples, batch_size
from wetcow.learning.estimator.encoding import Encoder
from wetcow.learning.memory import examples as memory
from wetcow.learning.memory.calibration import LeftOut
from wetcow.learning.memory.construction_files import ConstructionFiles
from wetcow.learning.memory.noise import least_noise
from wetcow.learning.memory.scale import find_scales, rescaled
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.memory.stored import Kernel, Memory
from wetcow.learning.model.readout import LinearReadout, MemoryReadout, predictive_variance, recall
from wetcow.learning.settings import checks


class Learner(Encoder):
    """The steps that `fit` and `partial_fit` have in common, and what a memory answers."""

    tolerance: float
    cache_size: float
    readout_: MemoryReadout | LinearReadout
    uncertainty_threshold_: float

    def uncertainty(self, X: Any) -> np.ndarray:
        """Predictive variance of what is read out, float64 (n,), between 0 and 1.

        σ²(x) = κ(1) − k(x)ᵀ(K + λ1)⁻¹k(x), the same for all classes or outputs, with k(x) the
        kernel between x and the stored examples: 1 for an input unlike all of them. It is computed
        by all of at most 2,000 of them, by 1,000 of more, or by all landmarks, which know a little
        less than all examples together. Compare with `uncertainty_threshold_`.

        Parameters
        ----------
        X : array (n, features), (n, height, width) or (n, height, width, channels)
            As in `fit`.
        """
        check_is_fitted(self)
        answer: Any = self.readout_.variance
        if isinstance(self.readout_, MemoryReadout):
            answer = functools.partial(
                predictive_variance, self.readout_.projection, self.readout_.predictive_variance
            )
        return self._predictions(answer, X, None, any_background=True)

    @property
    def memory_(self) -> Memory:
        """Stored examples and their couplings to the modes that are read out."""
        readout = getattr(self, "readout_", None)
        if not isinstance(readout, MemoryReadout):
            raise AttributeError("there is no memory: fit first, anew if this is an old model")
        return readout.memory

    def _recalled(self, X: Any, width: int) -> Any:
        """What the memory answers, (n, width)."""
        check_is_fitted(self)
        answer: Any = self.readout_.criticality
        if isinstance(self.readout_, MemoryReadout):  # only what it needs goes to workers
            answer = functools.partial(recall, self.readout_.projection, self.readout_.memory)
        return self._predictions(answer, X, width)

    def _checked(
        self, X: Any, y: Any, *, first: bool, values: bool = False
    ) -> tuple[Any, np.ndarray]:
        """Return valid data; if it is the first, find what it is and all settings."""
        checks.check_parameters(self)
        X, y, image = pipeline.validate(X, y, self, first=first, values=values)
        if first:
            self._find_settings(image)
        else:  # the hidden modes stay as they are
            self._values_check()(validation.first_rows(X))
            earlier = self.settings_.noise
            self.settings_ = self.settings_._replace(
                noise=earlier if self.noise is None else self.noise, n_memories=self.n_memories
            )
        return X, y

    def _samples(
        self,
        hidden: HiddenModes,
        X: Any,
        labels: np.ndarray,
        weights: np.ndarray | None,
        n_classes: int,
    ) -> Samples:
        count = 0 if self.image_shape_ is None else self.copies
        augmentation = check_augmentation(self.augmentation)
        return Samples(
            hidden=hidden,
            X=X,
            labels=labels,
            weights=weights,
            n_classes=n_classes,
            batch_size=batch_size(X.shape[1]),
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
        rng: np.random.Generator,
        start: StartStage,
        *,
        calibrating: Callable[[LeftOut], Any],
        columns: np.ndarray | None = None,
        noises: Sequence[float] = (),
        files: ConstructionFiles | None = None,
    ) -> Any:
        """Memorize beside what is stored, if `columns` are given; return what calibrates it.

        If there are `noises` to choose from, λ is chosen, and of a table the scales of its columns.
        """
        earlier = None
        plan = self._plan()._replace(files=files)
        if columns is not None and isinstance(self.readout_, MemoryReadout):
            earlier = self.readout_
            count = len(earlier.examples.labels) if earlier.examples is not None else 0
            count += len(samples.labels) * (1 + samples.copies.count)
            if self.noise is None:  # the more examples, the more rounding
                noise = max(plan.kernel.noise, least_noise(count))
                plan = plan._replace(kernel=plan.kernel._replace(noise=noise))
        if noises and self.image_shape_ is None:
            start("scales and noise")
            found = find_scales(samples, plan.kernel, noises, rng)
            plan = plan._replace(kernel=plan.kernel._replace(noise=found.noise))
            samples = samples._replace(hidden=rescaled(samples.hidden, found.scales))
            noises = ()
        with contextlib.closing(open_batches(samples)) as batches:
            self.readout_, known = pipeline.learn(
                batches,
                plan,
                n_components=self.settings_.n_components,
                innate=self.settings_.couplings == "innate",
                rng=rng,
                start=start,
                earlier=earlier,
                columns=columns,
                calibrating=calibrating,
                noises=noises,
            )
        self.hidden_ = samples.hidden
        self.settings_ = self.settings_._replace(noise=self.memory_.kernel.noise)
        return known
