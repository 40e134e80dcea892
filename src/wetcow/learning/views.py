"""How hidden modes look at images, and what is kept of deciding it (`wetcow.learning.decide`)."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from wetcow.images.frame import HANDWRITING, Frame
from wetcow.learning.model.activation import Response
from wetcow.learning.model.geometry import Encoding


class View(NamedTuple):
    """How hidden modes look at images.

    Attributes
    ----------
    frame : Frame or None
        Into which images are brought first.
    mirror : bool
        Whether an image and its mirror image are the same.
    response : {"amplitude", "both", "rate", "analytic", "relu"}
        Codes of the hidden modes.
    encoding : {"brightness", "root", "both"}
        Of brightness, see `wetcow.learning.model.geometry.encoded`.
    """

    frame: Frame | None = None
    mirror: bool = False
    response: Response = "amplitude"
    encoding: Encoding = "brightness"

    def describe(self) -> str:
        """Return it in words.

        Examples
        --------
        >>> View(HANDWRITING, response="both").describe()
        'frame handwriting, no mirror, codes both, encoding brightness'
        """
        own = "frame handwriting" if self.frame == HANDWRITING else "a frame of its own"
        frame = "no frame" if self.frame is None else own
        mirror = "mirror" if self.mirror else "no mirror"
        return f"{frame}, {mirror}, codes {self.response}, encoding {self.encoding}"


class Trial(NamedTuple):
    """One view that was tried.

    Attributes
    ----------
    view : View
    accuracy : float
        Share of the images that are recognised by a quarter of the others.
    gain, error : float
        Over the view that it was last compared with, and its standard error; 0 if with none.
    """

    view: View
    accuracy: float
    gain: float
    error: float


@dataclasses.dataclass(frozen=True)
class Decision:
    """What was decided, and what on.

    Attributes
    ----------
    view : View
        To be used.
    trials : tuple of Trial
        In the order in which they were tried; none if there was nothing to decide or to decide on.
    n_images : int
        How many images they were tried on.
    reason : str
        Why nothing was tried; empty if something was.
    """

    view: View
    trials: tuple[Trial, ...] = ()
    n_images: int = 0
    reason: str = ""

    def describe(self) -> str:
        """Return the decision and the accuracies behind it, some lines of text."""
        if not self.trials:
            return f"{self.view.describe()}: {self.reason}"
        tried = "".join(f"\n  {one.accuracy:.4f} {one.view.describe()}" for one in self.trials)
        return f"{self.view.describe()}, decided on {self.n_images} images:{tried}"
