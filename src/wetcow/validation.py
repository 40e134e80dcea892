"""What numbers and arrays must be before any work starts: the one place that checks them.

Each function returns the value in the form that the package works with, or raises a ValueError that
names the argument, what was given and what was expected.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

LARGEST_ARRAY = 2**40  # bytes; larger sizes are typing errors or damaged files


def number(
    name: str,
    value: Any,
    *,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    instead: str = "",
) -> float:
    """Return a finite real number as a float.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : object
        A real number, or an array that holds one.
    minimum, above, maximum : float, optional
        Smallest value allowed, bound that must be exceeded, largest value allowed.
    instead : str
        What else would be allowed, such as "'gcv' or ".

    Raises
    ------
    ValueError
        For anything else: booleans, text, masked, complex, infinite or out of range.

    Examples
    --------
    >>> number("dt", 1, above=0)
    1.0
    """
    if isinstance(value, np.ndarray | np.generic) or hasattr(value, "__jax_array__"):
        refuse_masked(name, value)
    single = value.item() if getattr(value, "shape", None) == () else value
    if not isinstance(single, Real) or isinstance(single, bool):
        raise ValueError(f"{name} must be {instead}a number, got {value!r}")
    try:
        found = float(single)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ValueError(f"{name} must be {instead}a finite number, got {value!r}")
    if above is not None and found <= above:
        wanted = "positive" if above == 0 else f"larger than {above:g}"
        raise ValueError(f"{name} must be {instead}finite and {wanted}, got {value!r}")
    if minimum is not None and found < minimum:
        wanted = "must not be negative" if minimum == 0 else f"must be at least {minimum:g}"
        raise ValueError(f"{name} {wanted}, got {value!r}")
    if maximum is not None and found > maximum:
        raise ValueError(f"{name} must be at most {maximum:g}, got {value!r}")
    return found


def integer(
    name: str, value: Any, *, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Return a whole number as an int; whole floats such as 2001.0 are allowed.

    Raises
    ------
    ValueError
        For fractions, booleans, text, NaN, infinity, or out of range.

    Examples
    --------
    >>> integer("num_samples", 11.0, minimum=2)
    11
    """
    wanted = "an integer" if minimum is None else f"an integer of at least {minimum}"
    single = value.item() if getattr(value, "shape", None) == () else value
    whole = isinstance(single, Integral) or (isinstance(single, float) and single.is_integer())
    if not whole or isinstance(single, bool) or np.ma.is_masked(value):
        raise ValueError(f"{name} must be {wanted}, got {value!r}")
    found = int(single)
    if minimum is not None and found < minimum:
        raise ValueError(f"{name} must be {wanted}, got {value!r}")
    if maximum is not None and found > maximum:
        raise ValueError(f"{name} must be at most {maximum}, got {value!r}")
    return found


def refuse_masked(name: str, value: Any) -> None:
    """Raise for a masked array with masked entries: they are not numbers.

    Raises
    ------
    ValueError
        That says to fill them.
    """
    if np.ma.is_masked(value):
        raise ValueError(
            f"{name} has {np.ma.count_masked(value)} masked entries, which are not numbers: "
            "fill them (numpy.ma.filled) or leave them out"
        )


def array(
    name: str,
    value: Any,
    *,
    dtype: Any = np.float64,
    ndim: int | tuple[int, ...] | None = None,
    finite: bool = True,
    empty: bool = False,
) -> np.ndarray:
    """Return numbers as a NumPy array of `dtype`.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : array_like
        Numbers; not masked, not text, not objects.
    dtype : NumPy dtype
        float64 or complex128, for instance. Complex values are refused for a real dtype.
    ndim : int or tuple of int, optional
        Allowed numbers of dimensions.
    finite : bool
        Whether NaN and infinity are refused.
    empty : bool
        Whether an array without entries is allowed.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> array("gamma", [1, 2], ndim=(0, 1))
    array([1., 2.])
    """
    refuse_masked(name, value)
    try:
        given = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers: {error}") from None
    if given.dtype.kind not in "biufc":
        raise ValueError(
            f"{name} must be an array of numbers, got {type(value).__name__} of {given.dtype}"
        )
    if given.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        raise ValueError(f"{name} must be real, got complex numbers")
    if ndim is not None:
        allowed = (ndim,) if isinstance(ndim, int) else ndim
        if given.ndim not in allowed:
            wanted = " or ".join(str(one) for one in allowed)
            raise ValueError(f"{name} must have {wanted} dimensions, got shape {given.shape}")
    if not empty and given.size == 0:
        raise ValueError(f"{name} is empty, got shape {given.shape}")
    with np.errstate(over="ignore"):
        found = given.astype(dtype)
    if finite and not np.all(np.isfinite(found)):
        raise ValueError(
            f"{name} must be finite, got {value!r}"
            if found.ndim == 0
            else f"{name} must be finite; it has NaN or infinite entries"
        )
    return found


def indices(name: str, value: Any, size: int) -> np.ndarray:
    """Return whole numbers in [0, size) as an int64 array.

    Raises
    ------
    ValueError
        For fractions, booleans, text, and numbers out of range.

    Examples
    --------
    >>> indices("modes", [0, 2], 3).tolist()
    [0, 2]
    """
    refuse_masked(name, value)
    given = np.asarray(value)
    if given.size == 0:
        return given.astype(np.int64)
    if given.dtype.kind not in "iuf" or np.any(given != np.floor(given)):
        raise ValueError(f"{name} must be whole numbers, got {given.dtype} {given.ravel()[:5]}")
    if np.any(given < 0) or np.any(given >= size):
        raise ValueError(f"{name} must lie in [0, {size}), got {given.min():g} to {given.max():g}")
    return given.astype(np.int64)


def reasonable_size(name: str, num_bytes: float, advice: str, limit: float = LARGEST_ARRAY) -> None:
    """Raise before memory beyond `limit` bytes is asked for; `advice` says what to do instead.

    Raises
    ------
    ValueError
        With both sizes in gigabytes.
    """
    if not num_bytes <= limit:
        raise ValueError(
            f"{name} would need {num_bytes / 1e9:.3g} GB, more than the limit of "
            f"{limit / 1e9:.3g} GB: {advice}"
        )


def refuse_unknown(unknown: dict[str, Any], known: Iterable[str], synonyms: dict[str, str]) -> None:
    """Raise for unknown keyword arguments, and name the one that was probably meant.

    Raises
    ------
    TypeError
        If there is any.
    """
    for name in unknown:
        raise TypeError(f"unknown argument {name!r}{did_you_mean(name, known, synonyms)}")


def did_you_mean(name: str, known: Iterable[str], synonyms: dict[str, str]) -> str:
    """End of a message about a wrong name, with the one that was probably meant, if any."""
    close = [synonyms[name]] if name in synonyms else difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
