"""The one-shot wave classifier, a scikit-learn estimator."""

from __future__ import annotations

import contextlib
import functools
import os
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import scipy.special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from wetcow.images.augmentation import Deformation
from wetcow.images.frame import Frame
from wetcow.learning import checks, pipeline
from wetcow.learning.calibration import Calibration
from wetcow.learning.data import convention, validation
from wetcow.learning.data.batches import open_batches
from wetcow.learning.data.copies import Copies
from wetcow.learning.data.predictions import by_row, nearest_class, predictions
from wetcow.learning.data.samples import Samples
from wetcow.learning.io.model import load, save
from wetcow.learning.model import ridge as closed_form
from wetcow.learning.model.activation import Response
from wetcow.learning.model.geometry import find_image_shape
from wetcow.learning.model.hidden_modes import HiddenModes, united
from wetcow.learning.model.statistics import Statistics
from wetcow.learning.presets import Budget
from wetcow.learning.progress import StartStage, stages
from wetcow.learning.record import counted, make_record, trained
from wetcow.process import check_process

if TYPE_CHECKING:
    from wetcow.learning.dynamics.network import LearnedNetwork


def _renamed(old: str, new: str) -> Any:
    """Return a property that gives what another attribute has, and says so."""

    def get(self: Any) -> Any:
        value = getattr(self, new)
        warnings.warn(f"{old} is called {new} now; the old name will go", FutureWarning, 2)
        return value

    return property(get, doc=f"Deprecated name of `{new}`.")


class WaveClassifier(ClassifierMixin, BaseEstimator):
    """A shallow network of wave modes, constructed in one pass without back-propagation.

    Hidden modes see contrast-normalised patches through couplings sampled from training images.
    Each answers in two codes, its mean amplitude and its spiking frequency [28], which
    are pooled over regions. One mode per class is coupled to the pooled codes, in closed form, so
    that it becomes critical for its own class and stays at rest otherwise [26, 27]. The class read
    out is that of the mode nearest to its critical point, from below: of highest criticality.

    Parameters
    ----------
    budget : {"seconds", "minute", "minutes"}
        Time for construction from 60,000 images of 28×28 pixels on two cores. It chooses every
        parameter below that is None (`wetcow.learning.presets`). For smaller images and tables all
        budgets are the same.
    n_modes : int, optional
        Hidden modes, for each patch size.
    patch_size : int, sequence of int, or one of these for each member, optional
        Height and width of the patches; several sizes give several banks of `n_modes`. A sequence
        with a sequence in it, as in ``[[5, 7], [9]]``, has the sizes of each member. Ignored for
        tables.
    n_regions : int, optional
        Codes are pooled over a grid of n_regions × n_regions regions. Ignored for tables.
    padding : int, optional
        Rows and columns of zeros around an image; None: half the patch, so that there are as many
        positions as pixels (for odd patches). Ignored for tables.
    image_shape : "auto", (int, int) or None
        Height and width of the images in the rows of X. "auto": those of X itself if it is a stack
        (n, height, width); square if the number of columns is a square of at least 7²; else None.
        None: the rows are a table, not images; one patch is the whole row, standardised by column.
    frame : "handwriting", "seven", Frame or None
        Common reference system into which images are brought first (`wetcow.images.frame`):
        without their background, centred, scaled and deskewed at 20×20 pixels, or at 7×7 as in the
        paper; None leaves images as they are.
    mirror : bool
        Whether an image and its mirror image (left and right swapped) are the same. Right for
        garments, wrong for writing.
    response : {"both", "amplitude", "rate", "analytic"}, optional
        Codes of the hidden modes. "analytic" is the paper's [28] alone.
    threshold : float, optional
        Drive below which a hidden mode is silent, in units of the mean norm of whitened patches.
    omega : float, optional
        Frequency of hidden modes, in the same units. Not used by "analytic".
    ridge : float or "gcv", optional
        Penalty λ of the couplings of class modes, in units of the variance of a feature; "gcv"
        chooses it by generalised cross-validation among `wetcow.learning.model.ridge.RIDGES`.
    margin_passes : int, optional
        Repetitions of the closed form in `fit` with [26] as an inequality
        (`wetcow.learning.model.hinge`). 0: the plain closed form, which `partial_fit` always uses.
    copies : int
        Randomly deformed copies of each image to learn beside it
        (`wetcow.learning.data.copies`); they need an `augmentation`. Ignored for tables.
    n_members : int
        Networks whose hidden modes are constructed, and trained if `train_minutes`, apart from each
        other. They differ by what is drawn at random and, if given for each, by `patch_size` and
        `augmentation`. Class modes are solved for all of them together, so that it remains one
        network with the hidden modes of all.
    train_minutes : float
        Time for which `fit` refines what was constructed by gradient
        (`wetcow.learning.finetune.training`), in equal parts for the members; 0: not at all. A
        tenth of the samples, at most 5,000, then tells whether to keep that, and with what came out
        class modes are solved for all samples as ever. Ctrl-C ends training early.
    learning_rate : float
        Largest step of training, in units of the root mean square of what changes.
    augmentation : "handwriting", "garments", Augmentation or None, or a list of these
        How images are deformed at random, in copies and while training
        (`wetcow.images.augmentation`). A list has that of each member; copies cannot use one.
    checkpoint : path, optional
        File that keeps the state of training. If there is one, training goes on from it. Members
        but the first have files of their own beside it, with their number at the end of the name.
    batch_size : int
        Images whose features are computed at once. Does not change the result beyond rounding.
    cache_size : float
        Bytes of features which may be kept for the margin passes; others are computed again in
        each pass.
    warm_start : bool
        Whether `fit` keeps the hidden modes of an earlier `fit` or `partial_fit`.
    progress : bool
        Whether `fit` and `partial_fit` show the stages of their work and the time these take.
    random_state : int, RandomState instance or None
        Seed of the sampled couplings.
    block_size : int
        Deprecated name of `batch_size`.

    Attributes
    ----------
    classes_ : array (n_classes,)
        Labels.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : array of str (n_features_in_,)
        Their names; only if X was a DataFrame whose columns all have one.
    image_shape_ : (int, int) or None
        Of the images; None for a table.
    convention_ : Convention or None
        Values of the images: their range, and whether they are light on dark
        (`wetcow.learning.data.convention`). None for a table, and for a file of a version that kept
        none.
    settings_ : Settings
        Sizes and levels in use, from the parameters and the budget.
    hidden_ : HiddenModes
        Hidden modes.
    statistics_ : Statistics or None
        Sums over all samples seen; None if they were left out of a saved model.
    class_modes_ : ClassModes
        Couplings of the class modes.
    ridge_ : float
        λ used.
    inverse_temperature_ : float
        Of the probabilities; `sharpness_` until now.
    residual_variance_ : float
        Mean squared error of left-out criticalities; `noise_` until now.
    uncertainty_threshold_ : float
        Exceeded by the `uncertainty` of 1 % of images like those learned; `usual_uncertainty_`
        until now.
    refined_ : list of Refined
        What training came to in the last `fit`, one for each member that was trained.
    record_ : Record or None
        How it was learned: samples of each class, the date, the accuracy on left-out samples. None
        if it was loaded from a file of a version that kept none.

    Notes
    -----
    `fit` goes through `wetcow.learning.pipeline`, whose steps can be called one by one. The page
    "The learner" of the documentation says what data may be (arrays of NumPy, JAX, PyTorch,
    DataFrames, DataArrays, memory maps, Dask arrays), how much memory is needed, which values
    images may have, and how probabilities are calibrated. What is returned is NumPy, or Dask if X
    is. Features are computed in single precision, the class modes solved in double.

    Examples
    --------
    >>> from wetcow import datasets
    >>> X, y = datasets.load("digits")
    >>> clf = WaveClassifier(n_modes=32).fit(X[:600], y[:600])
    >>> bool(clf.score(X[600:], y[600:]) > 0.9)
    True
    >>> clf.predict_proba(X[:2]).shape
    (2, 10)
    """

    n_features_in_: int  # set by validate_data
    convention_: convention.Convention | None
    statistics_: Statistics | None
    sharpness_ = _renamed("sharpness_", "inverse_temperature_")
    noise_ = _renamed("noise_", "residual_variance_")
    usual_uncertainty_ = _renamed("usual_uncertainty_", "uncertainty_threshold_")
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = checks.CONSTRAINTS

    def __init__(
        self,
        budget: Budget = "seconds",
        *,
        n_modes: int | None = None,
        patch_size: int | Sequence[int | Sequence[int]] | None = None,
        n_regions: int | None = None,
        padding: int | None = None,
        image_shape: Literal["auto"] | tuple[int, int] | None = "auto",
        frame: Literal["handwriting", "seven"] | Frame | None = None,
        mirror: bool = False,
        response: Response | None = None,
        threshold: float | None = None,
        omega: float | None = None,
        ridge: Literal["gcv"] | float | None = None,
        margin_passes: int | None = None,
        copies: int = 0,
        n_members: int = 1,
        train_minutes: float = 0.0,
        learning_rate: float = 0.004,
        augmentation: Deformation | Sequence[Deformation] = None,
        checkpoint: str | os.PathLike | None = None,
        batch_size: int = 4096,
        cache_size: float = 4e9,
        warm_start: bool = False,
        progress: bool = False,
        random_state: Any = 0,
        block_size: int | Literal["deprecated"] = "deprecated",
    ):
        self.budget: Budget = budget
        self.n_modes = n_modes
        self.patch_size = patch_size
        self.n_regions = n_regions
        self.padding = padding
        self.image_shape = image_shape
        self.frame = frame
        self.mirror = mirror
        self.response: Response | None = response
        self.threshold = threshold
        self.omega = omega
        self.ridge = ridge
        self.margin_passes = margin_passes
        self.copies = copies
        self.n_members = n_members
        self.train_minutes = train_minutes
        self.learning_rate = learning_rate
        self.augmentation: Deformation | Sequence[Deformation] = augmentation
        self.checkpoint = checkpoint
        self.batch_size = batch_size
        self.cache_size = cache_size
        self.warm_start = warm_start
        self.progress = progress
        self.random_state = random_state
        self.block_size: int | Literal["deprecated"] = block_size

    def fit(self, X: Any, y: Any) -> WaveClassifier:
        """Construct the network from training data.

        If it fails or is interrupted, what was learned before stays as it was.

        Parameters
        ----------
        X : array (n, features) or (n, height, width)
            Images, flat or not, or the rows of a table; an array of any kind, also of Dask.
        y : array (n,)
            Labels of any kind.

        Returns
        -------
        WaveClassifier
            Itself.

        Raises
        ------
        ValueError
            For parameters out of range, an image shape that does not fit X or the patches, or
            values that are too large to compute with.
        """
        keep = self.warm_start and hasattr(self, "hidden_")
        with checks.all_or_nothing(self), stages(self.progress) as start:
            X, y = self._checked(X, y, first=not keep)
            classes, labels = np.unique(y, return_inverse=True)
            rng = self._rng()
            members = [self.hidden_] if keep else self._construct(X, rng, start)
            samples = self._samples(members[0], X, labels, len(classes))
            self.refined_ = []
            if self.train_minutes:
                from wetcow.learning.finetune.refine import refine_members

                self.refined_ = refine_members(self, members, samples, rng, start)
            members[: len(self.refined_)] = [refined.hidden for refined in self.refined_]
            passes = self.settings_.margin_passes
            samples = samples._replace(
                hidden=united(members), cache_size=self.cache_size if passes else 0
            )
            known = self._learn(samples, classes, passes, rng, start)
            counts = counted(labels, len(classes))
            self.record_ = make_record(known, counts, passes > 0, trained(self.refined_))
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> WaveClassifier:
        """Learn more data and forget nothing, not even the order matters.

        The sums over samples grow; the class modes are solved again from them. What results is what
        `fit` of all samples so far at once gives with the same hidden modes and ``margin_passes=0``
        (margin passes would need the earlier images again). The hidden modes are those of the first
        call, which should be of some hundred images or more.

        Parameters
        ----------
        X, y : arrays
            As in `fit`.
        classes : array, optional
            All labels that may occur. Needed in the first call unless `y` has all of them; later,
            those not known yet are added.

        Returns
        -------
        WaveClassifier
            Itself.

        Raises
        ------
        ValueError
            For labels that were not declared, a model saved without its sums, or images whose
            values are plainly of another convention than those of the first call.
        """
        first = not hasattr(self, "statistics_")
        if not first and self.statistics_ is None:
            raise ValueError(
                "this model was saved without the sums that learning on needs; save it with "
                "updatable=True, or fit again"
            )
        with checks.all_or_nothing(self), stages(self.progress) as start:
            X, y = self._checked(X, y, first=first)
            known = None if first else self.classes_
            wanted = checks.find_classes(y, classes, known)
            labels = checks.find_labels(y, wanted)
            rng = self._rng()
            hidden = united(self._construct(X, rng, start)) if first else self.hidden_
            samples = self._samples(hidden, X, labels, len(wanted))._replace(cache_size=0)
            # Of a file without a record it is not known what went before.
            before = None if first else self.record_
            counts, earlier = counted(labels, len(wanted)), None
            if known is not None:
                columns = np.searchsorted(wanted, known)
                if before is not None:
                    counts = counted(labels, len(wanted), before.counts, columns)
                statistics = self.statistics_
                earlier = statistics and statistics.with_classes(columns, len(wanted))
            errors = self._learn(samples, wanted, 0, rng, start, earlier)
            if first or before is not None:
                self.record_ = make_record(
                    errors, counts, False, () if before is None else before.trained
                )
        return self

    def criticality(self, X: Any) -> np.ndarray:
        """Criticality cr of the class modes, float64 (n, n_classes); 1 at the critical point.

        Raises
        ------
        ValueError
            For what does not fit, as in `fit`, and for images whose values are plainly of another
            convention than those learned. So do all methods that follow from this one.
        """
        check_is_fitted(self)
        # Without the factor, which is large and not needed.
        modes = self.class_modes_._replace(factor=np.empty((0, 0)))
        return self._predictions(modes.criticality, X, len(self.classes_))

    def decision_function(self, X: Any) -> np.ndarray:
        """Criticalities of the class modes, or for two classes their difference.

        Parameters
        ----------
        X : array (n, features) or (n, height, width)
            As in `fit`.

        Returns
        -------
        float64 array (n, n_classes), or (n,) for two classes
            For two classes positive where the second is predicted.
        """
        criticality = self.criticality(X)
        return criticality[:, 1] - criticality[:, 0] if len(self.classes_) == 2 else criticality

    def predict(self, X: Any) -> np.ndarray:
        """Label of the class mode nearest to criticality, array (n,); `X` as in `fit`."""
        criticality = self.criticality(X)
        nearest = functools.partial(nearest_class, self.classes_)
        return by_row(nearest, criticality, self.classes_.dtype, dropped=1)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities of the classes, float64 (n, n_classes); rows sum to one."""
        criticality = self.criticality(X)
        softmax = functools.partial(scipy.special.softmax, axis=1)
        return by_row(softmax, self.inverse_temperature_ * criticality, np.float64)

    def uncertainty(self, X: Any) -> np.ndarray:
        """Predictive variance of the criticalities, float64 (n,).

        σ²·(1/n + (x − x̄)ᵀ(Σ(x − x̄)(x − x̄)ᵀ + nλ)⁻¹(x − x̄)), the same for all classes, with σ² the
        mean squared error of left-out training images. Large for images unlike those learned;
        compare with `uncertainty_threshold_`.

        Parameters
        ----------
        X : array (n, features) or (n, height, width)
            As in `fit`.
        """
        check_is_fitted(self)
        leverage = functools.partial(closed_form.leverage, self.class_modes_)
        return self.residual_variance_ * self._predictions(leverage, X, None, any_background=True)

    def to_network(self, x: Any) -> LearnedNetwork:
        """The network of hidden and class modes for one input, a System to `simulate`.

        Parameters
        ----------
        x : array (features,) or (height, width)
            One input.

        Returns
        -------
        LearnedNetwork
            See `wetcow.learning.dynamics.build.build_network`.
        """
        check_is_fitted(self)
        from wetcow.learning.dynamics.build import build_network, one_sample

        self._values_check()(one_sample(self.hidden_, x))
        return build_network(self.hidden_, self.class_modes_, self.classes_, x)

    def card(self) -> str:
        """Say what it was learned from, what was measured, what it is for and its limits.

        Returns
        -------
        str
            Markdown. `save` puts it into the file, too, where any program that opens zip archives
            finds it as README.md.
        """
        check_is_fitted(self)
        from wetcow.learning.io.card import model_card

        return model_card(self)

    def save(
        self, path: str | os.PathLike, *, updatable: bool = False, notes: str | None = None
    ) -> None:
        """Save to a file of a JSON header, a card to read and arrays, atomically; see `load`.

        Parameters
        ----------
        path : path
            File to write.
        updatable : bool
            Whether to keep the sums over samples, 4·d² bytes for d features, with which
            `partial_fit` can go on.
        notes : str, optional
            What the card is to say of the data: where they are from, who may use them. None: what
            it said when loaded, if anything.
        """
        check_is_fitted(self)
        save(self, path, updatable=updatable, notes=notes)

    def to_onnx(self, path: str | os.PathLike) -> None:
        """Write a model of ONNX from rows to probabilities, to run without Python.

        Parameters
        ----------
        path : path
            File to write; see `wetcow.learning.io.onnx.save_onnx` for what is in it.
        """
        from wetcow.learning.io.onnx import save_onnx

        save_onnx(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> WaveClassifier:
        """Load what `save` wrote. Nothing in the file is executed.

        Raises
        ------
        ModelFileError
            For damaged or foreign files, and those of a newer version.
        """
        return load(cls, path)

    def _predictions(
        self,
        function: Callable[[np.ndarray], np.ndarray],
        X: Any,
        width: int | None,
        *,
        any_background: bool = False,
    ) -> Any:
        check_process()
        X = validation.check_rows(self, X)
        check = self._values_check(any_background=any_background)
        size = checks.find_batch_size(self)
        return predictions(function, self.hidden_, X, batch_size=size, width=width, check=check)

    def _values_check(self, *, any_background: bool = False) -> Callable[[np.ndarray], None]:
        """Return what raises for rows with values of another convention than those learned."""
        background = self.hidden_.frame is None and not any_background  # which a frame takes away
        return convention.checker(self.convention_, self.image_shape_, background=background)

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
                ridge=wanted.ridge, margin_passes=wanted.margin_passes
            )
        return X, y

    def _construct(self, X: Any, rng: np.random.Generator, start: StartStage) -> list[HiddenModes]:
        start("hidden modes")
        shape = self.image_shape_
        members, self.convention_ = pipeline.construct(
            X,
            checks.member_geometries(self, self.settings_, shape),
            rng,
            image=shape,
            frame=None if shape is None else checks.find_frame(self.frame),
            settings=self.settings_,
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
            batch_size=checks.find_batch_size(self),
            cache_size=self.cache_size,
            copies=Copies(count=count, augmentation=augmentation),
        )

    def _learn(
        self,
        samples: Samples,
        classes: np.ndarray,
        margin_passes: int,
        rng: np.random.Generator,
        start: StartStage,
        earlier: Statistics | None = None,
    ) -> Calibration:
        """Solve and calibrate the class modes, and keep all."""
        with contextlib.closing(open_batches(samples)) as batches:
            sums, modes, known = pipeline.learn(
                batches,
                ridge=self.settings_.ridge,
                margin_passes=margin_passes,
                rng=rng,
                start=start,
                earlier=earlier,
            )
        self.hidden_, self.classes_, self.statistics_ = samples.hidden, classes, sums
        self.class_modes_ = modes._replace(factor=modes.factor.astype(np.float32))
        self.ridge_ = modes.ridge
        self.inverse_temperature_ = known.inverse_temperature
        self.residual_variance_ = known.residual_variance
        self.uncertainty_threshold_ = known.uncertainty_threshold
        return known
