"""How hidden modes look at images, and what is kept of deciding it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from wetcow.images.frame import HANDWRITING, SEVEN, Frame
from wetcow.learning.model.activation import Response
from wetcow.learning.model.geometry import Encoding

_NAMES = {None: "no frame", HANDWRITING: "frame handwriting", SEVEN: "frame seven"}


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
        frame = _NAMES.get(self.frame, "a frame of its own")
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

    def line(self) -> str:
        """Return what was decided and on how many images, one line.

        Examples
        --------
        >>> Decision(View(), reason="all is given").line()
        'no frame, no mirror: all is given'
        """
        frame, mirror, _, encoding = self.view.describe().split(", ")
        several = any(one.view.encoding != self.view.encoding for one in self.trials)
        seen = ", ".join([frame, mirror] + [encoding] * several)
        why = f"decided on {self.n_images} images" if self.trials else self.reason
        return f"{seen}: {why}"

    def header(self) -> dict[str, Any]:
        """Return it as JSON."""
        trials = [{**one._asdict(), "view": _header(one.view)} for one in self.trials]
        return {
            "view": _header(self.view),
            "trials": trials,
            "n_images": self.n_images,
            "reason": self.reason,
        }


def _header(view: View) -> dict[str, Any]:
    return {**view._asdict(), "frame": view.frame and view.frame._asdict()}


def _view(header: Mapping[str, Any]) -> View:
    return View(**header)._replace(frame=frame_from_header(header["frame"]))


def frame_from_header(header: Mapping[str, Any] | None) -> Frame | None:
    """Return the frame that its `_asdict` described."""
    if header is None:
        return None
    size = header["size"]
    return Frame(**header)._replace(size=None if size is None else (int(size[0]), int(size[1])))


def decision_from_header(header: Mapping[str, Any] | None) -> Decision | None:
    """Return the decision that `Decision.header` described; None of files that have none."""
    if header is None:
        return None
    trials = tuple(Trial(**one)._replace(view=_view(one["view"])) for one in header["trials"])
    return Decision(
        view=_view(header["view"]),
        trials=trials,
        n_images=header["n_images"],
        reason=header["reason"],
    )
