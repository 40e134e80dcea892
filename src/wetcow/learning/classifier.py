"""The one-shot wave classifier, a scikit-learn estimator."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from wetcow.images.augmentation import Deformation
from wetcow.images.frame import Frame
from wetcow.learning.data import convention
from wetcow.learning.data.channels import one_channels_last
from wetcow.learning.data.progress import StartStage, stages
from wetcow.learning.data.samples import Samples, some_samples
from wetcow.learning.data.weights import check_weights, class_weights, distinct, present
from wetcow.learning.estimator.former_names import refuses_removed, renamed
from wetcow.learning.estimator.keeping import Kept
from wetcow.learning.estimator.prediction import ClassAnswers
from wetcow.learning.io.record import counted, make_record, trained
from wetcow.learning.memory.calibration import Calibration, calibrate
from wetcow.learning.memory.construction_files import ConstructionFiles, construction_files
from wetcow.learning.memory.noise import NOISES
from wetcow.learning.model.activation import Response
from wetcow.learning.model.geometry import Encoding
from wetcow.learning.model.readout import (
    LinearReadout,
    MemoryReadout,
    check_updatable,
)
from wetcow.learning.settings import checks
from wetcow.learning.settings.presets import Budget, Couplings

if TYPE_CHECKING:
    from wetcow.learning.dynamics.network import LearnedNetwork


class WaveClassifier(ClassAnswers, Kept, ClassifierMixin, BaseEstimator):
    """A shallow network of wave modes with a memory of examples, nothing of it trained.

    Hidden modes see contrast-normalised patches through couplings sampled from training images.
    They answer by their mean amplitude or their spiking frequency [28], or both, which are pooled
    over regions. A continuum of random modes looks at the pooled codes, and one mode per class is
    coupled to all of them, in closed form, so that it becomes critical for every stored example of
    its own class and stays at rest for the others [26, 27]: each example is a memory that resonates
    with what is like it (theory: the wave kernel). The class read out is that of the mode nearest
    to its critical point, from below: of highest criticality.

    Parameters
    ----------
    budget : {"seconds", "minute", "minutes", "hour"}
        Time for construction from 60,000 images of 28×28 pixels on two cores. It chooses every
        parameter below that is None (`wetcow.learning.settings.presets`). For smaller images and
        tables all budgets are the same.
    n_modes : int, optional
        Hidden modes, for each patch size.
    patch_size : int or sequence of int, optional
        Height and width of the patches; several sizes give several banks of `n_modes`. Ignored for
        tables.
    n_regions : int, optional
        Codes are pooled over a grid of n_regions × n_regions regions. Ignored for tables.
    image_shape : "auto", (int, int), (int, int, int) or None
        Height and width of the images in the rows of X, and their channels if they have several,
        which are then last. "auto": those of X itself if it is a stack (n, height, width) or (n,
        height, width, channels); square and grey if the number of columns is a square of at least
        7²; else None. None: the rows are a table, not images; standardised columns are compared as
        they are, without hidden modes.
    channel_axis : "auto", None, -1 or 1
        Where the channels of a stack are: last, -1, or first, 1, which is (n, channels, height,
        width); None: images are grey. "auto": last if there are two to four and the sides are
        larger, or if there is one; what could be read in two ways is refused.
    frame : "auto", "handwriting", "seven", Frame or None
        Common reference system into which images are brought first (`wetcow.images.frame`):
        without their background, centred, scaled and deskewed at 20×20 pixels, or at 7×7 as in the
        paper; None leaves images as they are. "auto": that of handwriting if some of the images are
        recognised better in it (`wetcow.learning.views.decide`), which takes a second or two; none
        for fewer than 200 images, smaller ones than the frame, or images with channels, which no
        frame takes.
    mirror : bool or "auto"
        Whether an image and its mirror image (left and right swapped) are the same. Right for
        garments, wrong for writing. "auto": decided together with the frame.
    response : {"both", "amplitude", "rate", "analytic"}, optional
        Codes of the hidden modes. "analytic" is the paper's [28] alone.
    encoding : {"brightness", "root", "both"}, optional
        What hidden modes see: brightness, its square root, in which the dark is lighter, or both,
        by modes of their own. None: brightness, but with budget "minute" both if some of the images
        are recognised better so.
    couplings : {"sampled", "innate"}, optional
        Where hidden modes have their couplings from: patches of the training images, or of two
        photographs that wetcow brings along (`wetcow.learning.model.innate`). With innate ones the
        projection is made from the photographs, too. Nothing then depends on which data come
        first: `partial_fit`, in any order, equals `fit`. Tables have no hidden modes. The
        photographs are grey: innate modes do not see channels.
    threshold : float, optional
        Drive below which a hidden mode is silent, in units of the mean norm of whitened patches.
    omega : float, optional
        Frequency of hidden modes, in the same units. Not used by "analytic".
    noise : float, optional
        λ of the memory: how much less than critical a mode may stay for a stored example of its
        class. Of images it hardly matters between 0.003 and 0.1. None: that of the budget; of a
        table, others are taken if they answer examples better that are left out, together with
        scales of the columns (`wetcow.learning.memory.scale`), which are 1 if λ is given.
    n_memories : int, optional
        Most examples that are stored. Of more, so many become landmarks that stand for all of them
        (`wetcow.learning.memory.examples`), which takes less memory. None: all that `fit` learns.
        That is a random part of more than 12,000 images of 28×28 pixels with budget "seconds", of
        more than 41,000 with "minute", and else all; `partial_fit` learns all it is given.
    tolerance : float
        Relative residual to which the system for stored examples is solved. A looser one hardly
        changes predictions; a tighter one makes learning on equal to learning at once.
    copies : int
        Randomly deformed copies of each image to learn beside it
        (`wetcow.learning.data.copies`); they need an `augmentation`. Ignored for tables.
    train_minutes : float
        Time for which `fit` refines what was constructed by gradient
        (`wetcow.learning.finetune.training`); 0: not at all. A tenth of the samples, at most
        5,000, then tells whether to keep that, and what came out makes the codes that are
        memorized. Ctrl-C ends training early.
    learning_rate : float
        Largest step of training, in units of the root mean square of what changes.
    augmentation : "handwriting", "garments", Augmentation or None
        How images are deformed at random, in copies and while training
        (`wetcow.images.augmentation`).
    checkpoint : path, optional
        With `train_minutes`, a file that keeps the state of training. Without, two files of that
        name and ``.codes`` and ``.solution`` keep what `fit` has computed of all examples, if it
        stores all of them and they are no Dask arrays; 4 bytes for each number of the memory. If
        there are such files `fit` goes on from them, with the same result. They stay: remove them
        when the model is saved.
    class_weight : dict, "balanced" or None
        Weights of classes, by which those of their samples are multiplied; 1 for labels that are
        not in the dict. "balanced": all classes have the same weight in all, so that rare ones are
        heard; only in `fit`, which knows all samples.
    cache_size : float
        Bytes of the kernel's values between stored examples that may be kept while class modes are
        solved; never more than is free. What is not kept is computed again in each iteration.
    progress : bool
        Whether `fit` and `partial_fit` show the stages of their work and the time these take.
    random_state : int, RandomState instance or None
        Seed of the sampled couplings, and of what is drawn to calibrate with.

    Attributes
    ----------
    classes_ : array (n_classes,)
        Labels.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : array of str (n_features_in_,)
        Their names; only if X was a DataFrame whose columns all have one.
    image_shape_ : (int, int), (int, int, int) or None
        Of the images, channels last if there are several; None for a table.
    convention_ : Convention or None
        Values of the images: their range, and whether they are light on dark
        (`wetcow.learning.data.convention`). None for a table, and for a file of a version that kept
        none.
    settings_ : Settings
        Sizes and levels in use, from the parameters and the budget.
    decision_ : Decision or None
        Which frame, mirror and encoding were taken, and the accuracies behind it. None if it was
        loaded from a file of a version that decided nothing.
    hidden_ : HiddenModes
        Hidden modes; none for a table.
    readout_ : MemoryReadout or LinearReadout
        From codes to criticalities: the memory, or of a file of an earlier version its linear
        class modes.
    memory_ : Memory
        Stored examples and their couplings, with the residual of their solution.
    inverse_temperature_ : float
        Of the probabilities; `sharpness_` until now.
    residual_variance_ : float
        Mean squared error of left-out criticalities; `noise_` until now.
    uncertainty_threshold_ : float
        Exceeded by the `uncertainty` of 1 % of images like those learned; `usual_uncertainty_`
        until now.
    refined_ : Refined or None
        What training came to in the last `fit`, if there was any.
    record_ : Record or None
        How it was learned: samples of each class, the date, the accuracy on left-out samples. None
        if it was loaded from a file of a version that kept none.

    Notes
    -----
    Samples that are equal, with equal labels, are one example that counts as often as they came;
    with `sample_weight` it counts as much as it says. Left out, to calibrate, is all of it. So
    weights and repetition are the same. (Samples of Dask arrays and memory maps are not compared:
    for them the same holds but for what is drawn at random and calibrated.)

    `fit` goes through `wetcow.learning.pipeline`, whose steps can be called one by one. The page
    "The learner" of the documentation says what data may be (arrays of NumPy, JAX, PyTorch,
    DataFrames, DataArrays, memory maps, Dask arrays), how much memory is needed, which values
    images may have, and how probabilities are calibrated. What is returned is NumPy, or Dask if X
    is. Codes and the kernel are computed in single precision, class modes solved in double.

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
    readout_: MemoryReadout | LinearReadout
    residual_variance_: float
    sharpness_ = renamed("sharpness_", "inverse_temperature_")
    noise_ = renamed("noise_", "residual_variance_")
    usual_uncertainty_ = renamed("usual_uncertainty_", "uncertainty_threshold_")
    _kind: ClassVar[str] = "classifier"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = checks.CONSTRAINTS

    @refuses_removed
    def __init__(
        self,
        budget: Budget = "seconds",
        *,
        n_modes: int | None = None,
        patch_size: int | Sequence[int] | None = None,
        n_regions: int | None = None,
        image_shape: Literal["auto"] | tuple[int, ...] | None = "auto",
        channel_axis: Literal["auto", -1, 1] | None = "auto",
        frame: Literal["auto", "handwriting", "seven"] | Frame | None = "auto",
        mirror: bool | Literal["auto"] = "auto",
        response: Response | None = None,
        encoding: Encoding | None = None,
        couplings: Couplings | None = None,
        threshold: float | None = None,
        omega: float | None = None,
        noise: float | None = None,
        n_memories: int | None = None,
        tolerance: float = 1e-2,
        copies: int = 0,
        train_minutes: float = 0.0,
        learning_rate: float = 0.004,
        augmentation: Deformation = None,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        checkpoint: str | os.PathLike | None = None,
        cache_size: float = 8e9,
        progress: bool = False,
        random_state: Any = 0,
    ):
        self.budget: Budget = budget
        self.n_modes = n_modes
        self.patch_size = patch_size
        self.n_regions = n_regions
        self.image_shape = image_shape
        self.channel_axis = channel_axis
        self.frame = frame
        self.mirror = mirror
        self.response: Response | None = response
        self.encoding: Encoding | None = encoding
        self.couplings: Couplings | None = couplings
        self.threshold = threshold
        self.omega = omega
        self.noise = noise
        self.n_memories = n_memories
        self.tolerance = tolerance
        self.copies = copies
        self.train_minutes = train_minutes
        self.learning_rate = learning_rate
        self.augmentation: Deformation = augmentation
        self.class_weight = class_weight
        self.checkpoint = checkpoint
        self.cache_size = cache_size
        self.progress = progress
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> WaveClassifier:
        """Construct the network from training data, anew.

        If it fails or is interrupted, what was learned before stays as it was.

        Parameters
        ----------
        X : array (n, features), (n, height, width) or (n, height, width, channels)
            Images, flat or not, or the rows of a table; an array of any kind, also of Dask.
        y : array (n,)
            Labels of any kind.
        sample_weight : array (n,), optional
            How often each sample counts, not negative. A sample of weight 2 is the same as the
            sample twice, one of weight 0 as none.

        Returns
        -------
        WaveClassifier
            Itself.

        Raises
        ------
        ValueError
            For parameters out of range, an image shape that does not fit X or the patches, or
            values that are too large to compute with; for several labels of a sample, which
            wrappers of scikit-learn have.
        """
        with checks.all_or_nothing(self), stages(self.progress) as start:
            X, y = self._checked(X, y, first=True)
            X, y, weights = self._weighted(X, y, sample_weight, least=2)
            counts = np.unique(y, return_counts=True)[1]
            rng = self._rng()
            X, y, weights = some_samples(X, y, weights, self.settings_.n_examples, rng)
            if len(y) < counts.sum():
                counts = np.unique(y, return_counts=True)[1]
            if not self.train_minutes:  # which knows no weights
                X, y, weights = distinct(X, y, weights)
            classes, labels = np.unique(y, return_inverse=True)
            self._check_room(X, len(classes), first=True)
            files = construction_files(self, X, labels, weights)
            hidden = self._construct(X, labels, weights, rng, start)
            samples = self._samples(hidden, X, labels, weights, len(classes))
            self.refined_ = None
            if self.train_minutes:
                from wetcow.learning.finetune.refine import refine_classifier

                self.refined_ = refine_classifier(self, samples, self._plan(), rng, start)
                samples = samples._replace(hidden=self.refined_.hidden)
            noises = self._noises()
            known = self._memorize(samples, classes, rng, start, files=files, noises=noises)
            self.record_ = make_record(known, counts, trained(self.refined_))
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> WaveClassifier:
        """Learn more data and forget nothing, not even the order matters.

        New examples come beside those stored, and class modes are solved again for all of them,
        beginning from what they were. What results is, up to `tolerance`, what `fit` of all samples
        so far at once gives with the same hidden modes and projection. Both are those of the first
        call, which should be of some thousand images: there is one component for ten of them. Once
        there are more than `n_memories` examples, so many of those stored become landmarks, to
        whose sums all others add.

        Parameters
        ----------
        X, y, sample_weight : arrays
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
            For labels that were not declared, a model that cannot learn on, or images whose
            values are plainly of another convention than those of the first call.
        """
        first = not hasattr(self, "readout_")
        if not first:
            check_updatable(self.readout_)
        with checks.all_or_nothing(self), stages(self.progress) as start:
            X, y = self._checked(X, y, first=first)
            known = None if first else self.classes_
            wanted = checks.find_classes(y, classes, known)
            columns = None if known is None else np.searchsorted(wanted, known)
            labels = checks.find_labels(y, wanted)
            X, labels, weights = self._weighted_part(X, labels, wanted, sample_weight, first)
            counts = np.bincount(labels, minlength=len(wanted))
            X, labels, weights = distinct(X, labels, weights)
            self._check_room(X, len(wanted), first=first)
            rng = self._rng()
            hidden = self._construct(X, labels, weights, rng, start) if first else self.hidden_
            samples = self._samples(hidden, X, labels, weights, len(wanted))
            before = None if first else self.record_
            noises = self._noises() if first else ()
            errors = self._memorize(samples, wanted, rng, start, columns, noises=noises)
            if first or before is not None:  # of a file without a record nobody knows what was
                counts = counted(counts, before, columns)
                self.record_ = make_record(errors, counts, () if before is None else before.trained)
        return self

    def _weighted(
        self, X: Any, y: np.ndarray, sample_weight: Any, least: int
    ) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """Samples that count, and how much, from the user's weights and those of classes."""
        weights = check_weights(sample_weight, len(y))
        classes, labels = np.unique(y, return_inverse=True)
        weights = class_weights(self.class_weight, classes, labels, weights)
        if weights is not None and self.train_minutes:
            raise ValueError(
                "training by gradient knows no weights of samples: leave train_minutes at 0, or "
                "repeat samples"
            )
        return present(X, y, weights, least)

    def _weighted_part(
        self, X: Any, labels: np.ndarray, classes: np.ndarray, sample_weight: Any, first: bool
    ) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """The same for a part of all data."""
        if isinstance(self.class_weight, str):
            raise ValueError(
                "class_weight='balanced' needs all samples at once: use fit, or give partial_fit "
                "weights as a dict or as sample_weight"
            )
        weights = check_weights(sample_weight, len(labels))
        weights = class_weights(self.class_weight, classes, labels, weights)
        return present(X, labels, weights, 2 if first else 1)

    def _noises(self) -> Sequence[float]:
        """λ to choose from: of images, that of the budget is as good as any."""
        return NOISES if self.noise is None and self.image_shape_ is None else ()

    def _memorize(
        self,
        samples: Samples,
        classes: np.ndarray,
        rng: np.random.Generator,
        start: StartStage,
        columns: np.ndarray | None = None,
        files: ConstructionFiles | None = None,
        noises: Sequence[float] = (),
    ) -> Calibration:
        """Learn, and keep what is known of errors."""
        known = self._learn(
            samples,
            rng,
            start,
            calibrating=calibrate,
            columns=columns,
            files=files,
            noises=noises,
        )
        self.classes_ = classes
        self.inverse_temperature_ = known.inverse_temperature
        self.residual_variance_ = known.residual_variance
        self.uncertainty_threshold_ = known.uncertainty_threshold
        return known

    def to_network(self, x: Any, n_random: int = 2048) -> LearnedNetwork:
        """The network of hidden, random and class modes for one input, a System to `simulate`.

        Parameters
        ----------
        x : array (features,), (height, width) or (height, width, channels)
            One input; with ``channel_axis=1`` (channels, height, width).
        n_random : int
            Random modes in place of the continuum; the more, the better they agree with it. Class
            modes are solved for them in each call: for many inputs, draw them once by
            `wetcow.learning.dynamics.random_modes.draw_random_modes`.

        Returns
        -------
        LearnedNetwork
            See `wetcow.learning.dynamics.build.build_network`.
        """
        check_is_fitted(self)
        from wetcow.learning.dynamics.build import build_network, one_sample
        from wetcow.learning.dynamics.random_modes import draw_random_modes

        x = one_channels_last(x, self.channel_axis, self.image_shape_)
        self._values_check()(one_sample(self.hidden_, x))
        random = draw_random_modes(self.readout_, n_random)
        return build_network(self.hidden_, random, self.classes_, x)
