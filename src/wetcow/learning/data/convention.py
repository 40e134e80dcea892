"""Which values images have: their range, and whether light is on dark or dark on light.

A network answers to images as it learned them. The same images in another range, or inverted, would
be answered wrongly and with confidence; they are refused where that is plain, and what is known of
pictures brings those into the right values. Of images with channels this is asked of all channels
together, and the range of values of each channel as well, since channels may have units of their
own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from wetcow.images.background import edge, level_and_noise
from wetcow.learning.model.geometry import sides_and_channels
from wetcow.validation import number

LARGER = 3.0  # ranges beyond the one learned are plainly another, such as 0 to 255 for 0 to 1
SMALLER = 1 / 12  # of the range learned; what is below is plainly another, such as 0 to 1 for 16
SCALED = 1 / 4  # the same, for images that still begin where those learned do, and so are scaled
BEGINS = 0.05  # of an image's own range may be between its darkest pixel and that beginning
NEGATIVE = 1 / 2  # of the range learned, below zero where no image learned went: standardised
OTHER_BACKGROUND = 0.75  # of the range learned is between backgrounds that are plainly opposite
ENDS = 1 / 4  # of an image's own range; backgrounds at different ends of it are opposite, too
_TAIL = 0.01  # of the images learned may be odd
_MOST_ROWS, _MOST_ELEMENTS = 500, 2**22  # of what is looked at
FULL_SCALES = (1, 16, 255, 65_535)  # usual largest values of pixels


class Convention(NamedTuple):
    """Values of the images that were learned.

    Attributes
    ----------
    low, high : float
        Darkest and lightest pixels of nearly all of them.
    background : (float, float, float)
        Median of the border of an image: that of hardly any image is below, of the middle one, and
        of hardly any above.
    dimmest : float
        The lightest pixel of the dimmest image that is not blank.
    channels : tuple of Convention
        Of each channel by itself; empty for grey images.
    """

    low: float
    high: float
    background: tuple[float, float, float]
    dimmest: float
    channels: tuple[Convention, ...] = ()

    def header(self) -> dict[str, Any]:
        """Return it as JSON, in which files, cards and ONNX call the background ground."""
        fields = self._asdict()
        channels = [one.header() for one in fields.pop("channels")]
        named = {"ground" if name == "background" else name: fields[name] for name in fields}
        return {**named, "channels": channels} if channels else named

    @property
    def light_on_dark(self) -> bool:
        """Whether the background is at the dark end of the range."""
        return self.background[1] - self.low <= self.high - self.background[1]

    def describe(self) -> str:
        """Return the convention in words.

        Examples
        --------
        >>> Convention(0.0, 255.0, (0.0, 0.0, 0.0), 200.0).describe()
        'values from 0 to 255, light on dark'
        """
        kind = "light on dark" if self.light_on_dark else "dark on light"
        kind = f"{len(self.channels)} channels" if self.channels else kind
        return f"values from {self.low:g} to {self.high:g}, {kind}"

    def check(self, rows: np.ndarray, shape: tuple[int, ...], *, background: bool) -> None:
        """Raise for images whose values are plainly of another convention.

        Parameters
        ----------
        rows : array (n, height·width) or (n, height·width·channels)
            Real numbers. Blank images say nothing; of others, more than half must disagree.
        shape : (int, int) or (int, int, int)
            Height and width, and channels if there are several.
        background : bool
            Whether dark on light differs from light on dark.

        Raises
        ------
        ValueError
            With what was learned, what X has, and how to bring it there.
        """
        some = _some(rows)
        if not len(some):
            return
        self._check_range("X", some)
        for place, one in enumerate(self.channels):
            name = f"channel {place} of X (the first is 0)"
            one._check_range(name, some[:, place :: len(self.channels)])
        if background:
            self._check_background(some, shape)

    def _check_range(self, name: str, some: np.ndarray) -> None:
        """Raise for rows of values that are plainly scaled or shifted."""
        span, (drawn, darkest, lightest) = self.high - self.low, _drawn(some)
        if not span > 0 or not drawn.any():
            return
        beyond = np.maximum(lightest - self.high, self.low - darkest) > LARGER * span
        middle = (self.low + self.dimmest) / 2
        faint = min(self.low + SMALLER * span, middle)
        within = (lightest <= faint) & (darkest >= self.low - SMALLER * span)
        begins = np.abs(darkest - self.low) <= BEGINS * (lightest - darkest)
        scaled = begins & (lightest <= min(self.low + SCALED * span, middle))
        negative = (self.low >= 0) & (darkest < -NEGATIVE * span)
        if _most(beyond | within | scaled | negative):
            least, largest = float(darkest.min()), float(lightest.max())
            raise ValueError(
                f"{name} has values from {least:g} to {largest:g}, but the model learned images "
                f"with {self.describe()}: bring {name} into that range"
                f"{self._scaling(least, largest)}"
            )

    def _check_background(self, some: np.ndarray, shape: tuple[int, ...]) -> None:
        """Raise for rows that are plainly inverted."""
        span, (drawn, darkest, lightest) = self.high - self.low, _drawn(some)
        if not span > 0 or not drawn.any():
            return
        seen = backgrounds(some, shape)[drawn]
        lowest, _, highest = self.background
        other = np.maximum(lowest - seen, seen - highest) > OTHER_BACKGROUND * span
        place = (seen - darkest) / (lightest - darkest)
        first, last = (lowest - self.low) / span, (highest - self.low) / span
        other |= (last <= ENDS) & (place >= 1 - ENDS) & (seen > highest)
        other |= (first >= 1 - ENDS) & (place <= ENDS) & (seen < lowest)
        if _most(other):
            kind = "dark on light" if self.light_on_dark else "light on dark"
            takes_away = (
                ""
                if self.channels
                else (", or learn with frame='handwriting', which takes away any background")
            )
            raise ValueError(
                f"X seems to be {kind}, with a background of about {np.median(seen):g}, but the "
                f"model learned images with {self.describe()}: invert X, as by "
                f"{self.low + self.high:g} - X{takes_away}"
            )

    def of_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """Give pictures of 0 (background) to 1 (ink), as of `read_picture`, the values learned.

        Examples
        --------
        >>> Convention(0.0, 255.0, (255.0, 255.0, 255.0), 255.0).of_pictures(np.array([0.0, 1.0]))
        array([255.,   0.])
        """
        background = self.background[1]
        ink = self.high if self.light_on_dark else self.low
        kind = pictures.dtype.type
        return pictures * kind(ink - background) + kind(background)

    def _scaling(self, darkest: float, lightest: float) -> str:
        """Say how to scale X, if that is plain."""
        if self.low != 0:
            return ""
        if darkest < 0:
            whole = max(-darkest, lightest) <= 1
            return f", as by (X + 1) * {self.high / 2:g} if it is from -1 to 1" if whole else ""
        scale = next((scale for scale in FULL_SCALES if lightest <= scale), None)
        if scale is None or lightest <= 0:
            return ""
        return f", as by X * ({self.high:g} / {scale}) if it is from 0 to {scale}"


def learned(rows: np.ndarray, shape: tuple[int, ...]) -> Convention:
    """Return the convention of images to learn.

    Parameters
    ----------
    rows : array (n, height·width) or (n, height·width·channels)
        Real, finite numbers.
    shape : (int, int) or (int, int, int)
        Height and width, and channels if there are several.

    Examples
    --------
    >>> image = np.zeros((1, 9))
    >>> image[0, 4] = 255
    >>> learned(image, (3, 3))[:-1]
    (0.0, 255.0, (0.0, 0.0, 0.0), 255.0)
    """
    darkest, lightest = rows.min(axis=1).astype(float), rows.max(axis=1).astype(float)
    drawn = lightest[lightest > darkest]
    shares = (_TAIL, 0.5, 1 - _TAIL)
    below, middle, above = np.quantile(backgrounds(rows, shape), shares, method="nearest").tolist()
    sides, count = sides_and_channels(shape)
    channels = (learned(rows[:, number::count], sides) for number in range(count))
    return Convention(
        low=float(np.quantile(darkest, _TAIL, method="lower")),
        high=float(np.quantile(lightest, 1 - _TAIL, method="higher")),
        background=(below, middle, above),
        dimmest=float(drawn.min() if len(drawn) else lightest.max()),
        channels=tuple(channels) if count > 1 else (),
    )


def backgrounds(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Medians of the outermost pixels of images in rows, of all channels, float64 (n,).

    Examples
    --------
    >>> backgrounds(np.array([[1, 1, 1, 1, 5, 1, 1, 1, 1]]), (3, 3))
    array([1.])
    """
    sides, count = sides_and_channels(shape)
    outermost = np.flatnonzero(np.repeat(edge(sides), count))
    level, _ = level_and_noise(rows[:, outermost].astype(float))
    return level


def checker(
    convention: Convention | None, shape: tuple[int, ...] | None, *, background: bool
) -> Callable[[np.ndarray], None]:
    """Return what raises for rows of another convention; for nothing if none is known.

    Parameters
    ----------
    convention : Convention or None
        Of the images learned.
    shape : (int, int), (int, int, int) or None
        Of these images; None for a table.
    background : bool
        See `Convention.check`.
    """
    if convention is None or shape is None:
        return _accept
    return functools.partial(convention.check, shape=shape, background=background)


def _accept(rows: np.ndarray) -> None:
    """Nothing is known that rows could contradict."""


def from_header(header: Mapping[str, Any] | None) -> Convention | None:
    """Return the convention that `Convention.header` described; None of files that have none.

    Raises
    ------
    ValueError
        For what no images have.
    """
    if header is None:
        return None
    fields = dict(header)
    below, middle, above = (number("ground", one) for one in fields.pop("ground"))
    channels = tuple(map(_of_channel, fields.pop("channels", ())))
    found = Convention(background=(below, middle, above), channels=channels, **fields)
    for name in ("low", "high", "dimmest"):
        number(name, getattr(found, name))
    if not found.low <= found.high:
        raise ValueError(f"a range of images is damaged: {found}")
    return found


def _of_channel(header: Mapping[str, Any]) -> Convention:
    """Return the convention of one channel, which has no channels itself."""
    found = from_header(header)
    if found is None or found.channels:
        raise ValueError(f"the range of a channel is damaged: {header}")
    return found


def _drawn(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which rows are not blank, and the smallest and largest values of these."""
    darkest, lightest = rows.min(axis=1).astype(float), rows.max(axis=1).astype(float)
    drawn = lightest > darkest
    return drawn, darkest[drawn], lightest[drawn]


def _some(rows: np.ndarray) -> np.ndarray:
    """Rows at equal distances, as many as tell what all are like."""
    wanted = min(_MOST_ROWS, max(_MOST_ELEMENTS // max(rows.shape[1], 1), 1))
    return rows[:: max(-(-len(rows) // wanted), 1)]


def _most(flags: np.ndarray) -> bool:
    return bool(2 * np.count_nonzero(flags) > len(flags))
