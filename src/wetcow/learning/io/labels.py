"""Labels of classes in model files: arrays, or objects that JSON gives back as they were."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wetcow.learning.io.container import DAMAGED_ADVICE, KINDS, ModelFileError

_SIMPLE = (str, int, float, bool, type(None))


def pack_labels(classes: Any) -> np.ndarray | dict[str, Any]:
    """Prepare labels for a model file, so that they come back with their values and dtype.

    Parameters
    ----------
    classes : array (n,)
        Labels: numbers, bools, strings, or objects that are str, int, float, bool or None.

    Returns
    -------
    array or dict
        An array belongs into the arrays of `write_model`, a dict (labels of dtype object) into
        its header.

    Raises
    ------
    TypeError
        For labels of other types, and for NaN and infinity among objects.

    Examples
    --------
    >>> pack_labels(np.array(["cat", "dog"], dtype=object))
    {'dtype': 'object', 'labels': ['cat', 'dog']}
    >>> unpack_labels(pack_labels(np.array([3, 5])))
    array([3, 5])
    """
    classes = np.asarray(classes)
    if classes.dtype.kind in KINDS:
        return classes
    if classes.dtype != object or classes.ndim != 1:
        raise TypeError(_unfit_labels(f"an array of dtype {classes.dtype}, shape {classes.shape}"))
    # Scalars of NumPy among objects equal those of Python, which JSON knows.
    labels = [label.item() if isinstance(label, np.generic) else label for label in classes]
    for label in labels:
        # The exact type: an enum that is an int, say, would come back as something else.
        if type(label) not in _SIMPLE or (isinstance(label, float) and not math.isfinite(label)):
            raise TypeError(_unfit_labels(f"{label!r} of type {type(label).__name__}"))
    return {"dtype": "object", "labels": labels}


def unpack_labels(packed: Any) -> np.ndarray:
    """Return the labels that `pack_labels` prepared, array (n,) with equal values and dtype.

    Raises
    ------
    ModelFileError
        If `packed` is not from `pack_labels`.
    """
    if isinstance(packed, np.ndarray):
        return packed
    labels = packed.get("labels") if isinstance(packed, dict) else None
    if not isinstance(labels, list) or any(type(label) not in _SIMPLE for label in labels):
        raise ModelFileError(f"the labels in the file are damaged; {DAMAGED_ADVICE}")
    return np.array(labels, dtype=object)


def _unfit_labels(what: str) -> str:
    return (
        "labels that can be saved are numbers, bools, strings, or objects that are str, int, "
        f"float (finite), bool or None; got {what}: encode the labels, as integers for example"
    )
