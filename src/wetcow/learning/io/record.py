"""What a classifier keeps of how it was learned, beside what it answers with."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wetcow.learning.memory.calibration import Calibration
from wetcow.version import __version__

if TYPE_CHECKING:
    from wetcow.learning.finetune.refine import Refined


class Trained(NamedTuple):
    """What training by gradient came to.

    Attributes
    ----------
    constructed, trained : float
        Accuracies on samples that were not learned, of which the higher one tells what is kept.
    seconds : float
    complete : bool
        Whether no one interrupted it.
    """

    constructed: float
    trained: float
    seconds: float
    complete: bool


class Record(NamedTuple):
    """How a classifier was learned.

    Attributes
    ----------
    counts : tuple of int
        Samples of each class, without deformed copies.
    date : str
        Day of the last `fit` or `partial_fit`, UTC, as 2026-11-27.
    wetcow : str
        Version that learned it.
    left_out : int
        Number of samples whose class was found by class modes that were solved without them.
    left_out_accuracy : float
        Share of these found right. The hidden modes have seen them, but no labels.
    together : bool
        Whether they were left out all at once; else each alone.
    trained : tuple of Trained
        One if it was trained. (Files of earlier versions may have several, of networks that were
        trained apart.)
    notes : str
        What the user said of the data.
    """

    counts: tuple[int, ...]
    date: str
    wetcow: str
    left_out: int
    left_out_accuracy: float
    together: bool
    trained: tuple[Trained, ...]
    notes: str = ""

    def header(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**self._asdict(), "trained": [one._asdict() for one in self.trained]}


def make_record(calibration: Calibration, counts: np.ndarray, trained: Sequence[Trained]) -> Record:
    """Return the record of what has been learned just now."""
    return Record(
        counts=tuple(int(count) for count in counts),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        wetcow=__version__,
        left_out=calibration.n_left_out,
        left_out_accuracy=calibration.left_out_accuracy,
        together=calibration.together,
        trained=tuple(trained),
    )


def from_header(header: Mapping[str, Any] | None) -> Record | None:
    """Return the record that `Record.header` described; None of files that have none."""
    if header is None:
        return None
    trained = tuple(Trained(**one) for one in header["trained"])
    fields = dict(header, counts=tuple(header["counts"]), trained=trained)
    if "margins" in fields:  # of files of earlier versions
        fields["together"] = fields.pop("margins")
    return Record(**fields)


def trained(refined: Refined | None) -> tuple[Trained, ...]:
    """Return what is kept of training, if there was any."""
    if refined is None:
        return ()
    known = Trained(
        constructed=refined.constructed,
        trained=refined.trained,
        seconds=refined.seconds,
        complete=refined.complete,
    )
    return (known,)


def counted(counts: np.ndarray, earlier: Record | None, columns: Any) -> np.ndarray:
    """Add earlier samples of each class, which are in `columns` now, to those counted."""
    counts = counts.copy()
    if earlier is not None:
        counts[columns] += np.asarray(earlier.counts)
    return counts
