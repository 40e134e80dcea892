"""What can be wrong with tissue data; all are ValueErrors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class TissueError(ValueError):
    """Tissue data that cannot be used; the message says where and why."""


class NonPositiveTensorError(TissueError):
    """Tensors with negative eigenvalues (for diffusion: with eigenvalues that are not positive)."""


class GradientTableError(TissueError):
    """b-values or b-vectors that are missing, incomplete or do not fit each other."""


class ShapeMismatchError(TissueError):
    """Arrays or images whose shapes, or places in space, do not fit each other."""


@contextlib.contextmanager
def as_tissue_errors() -> Iterator[None]:
    """Raise what `wetcow.validation` finds wrong as a `TissueError`."""
    try:
        yield
    except TissueError:
        raise
    except ValueError as error:
        raise TissueError(str(error)) from None
