"""Mutated pictures and strange arrays: each is refused with a word, or has a sound answer.

Files go through `read_picture`, arrays through a classifier of digits from 0 to 1, light on dark.
"""

from __future__ import annotations

import functools
import io
import os
import struct
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from wetcow import WaveClassifier, datasets
from wetcow.images.pictures import PictureError, read_picture

SHAPE = (8, 8)
_FORMATS = ("png", "jpeg", "gif", "bmp", "tiff", "webp", "ppm", "npy")
_MODES = ("L", "RGB", "RGBA", "P", "1", "LA", "I;16", "F")
SAME, REFUSED, ANY = "the same answers", "an error", "an error or probabilities"


class Case(NamedTuple):
    """A file or an array.

    Attributes
    ----------
    change : str
        What was done, in words.
    content : bytes or object
        A file, or what stands for an array.
    expected : str
        For arrays: `SAME`, `REFUSED` or `ANY`.
    """

    change: str
    content: Any
    expected: str = ANY


@functools.cache
def digits() -> tuple[WaveClassifier, np.ndarray, np.ndarray]:
    """Return a small classifier, images to ask, and their probabilities."""
    X, y = datasets.load("digits")
    model = WaveClassifier(n_modes=4, patch_size=3).fit(X[:200], y[:200])
    asked = X[200:209]
    return model, asked, model.predict_proba(asked)


def cases(seed: int, number: int) -> Iterator[Case]:
    """Make `number` files and arrays, the same for the same seed."""
    rng = np.random.default_rng(seed)
    for index in range(number):
        yield (_file if index % 2 else _array)(rng)


def check(case: Case) -> str:
    """Return "ok", "refused", or what is wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow, that a file is odd
        if isinstance(case.content, bytes):
            return _check_file(case)
        return _check_array(case)


def _check_file(case: Case) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture")
        with open(path, "wb") as file:
            file.write(case.content)
        for crop in (True, False):
            try:
                image = read_picture(path, SHAPE, crop=crop)
            except PictureError as error:
                return "refused" if path in str(error) else f"{case.change}: {error} names no file"
            except Exception as error:
                return f"{case.change}: raised {error!r}"
            sound = image.shape == SHAPE and np.isfinite(image).all()
            if not (sound and image.min() >= 0 and image.max() <= 1 + 1e-6):
                return f"{case.change}: no image from 0 to 1"
    return "ok"


def _check_array(case: Case) -> str:
    model, asked, expected = digits()
    try:
        found = model.predict_proba(case.content)
    except (ValueError, TypeError) as error:
        if case.expected == SAME or not str(error):
            return f"{case.change}: refused with {error!r}"
        return "refused"
    except Exception as error:
        return f"{case.change}: raised {error!r}"
    if case.expected == REFUSED:
        return f"{case.change}: answered"
    if not (np.isfinite(found).all() and np.allclose(found.sum(axis=1), 1)):
        return f"{case.change}: no probabilities"
    if case.expected == SAME and not (len(found) == len(asked) and np.array_equal(found, expected)):
        return f"{case.change}: answers otherwise"
    return "ok"


def _file(rng: np.random.Generator) -> Case:
    kind = _FORMATS[int(rng.integers(len(_FORMATS)))]
    mode = _MODES[int(rng.integers(len(_MODES)))]
    page = np.full((24, 20), 250, np.uint8)
    page[4:20, int(rng.integers(3, 9)) : int(rng.integers(10, 17))] = 10
    stream = io.BytesIO()
    if kind == "npy":
        np.save(stream, page)
    else:
        try:
            Image.fromarray(page).convert(mode.split(";")[0]).save(stream, kind)
        except (OSError, ValueError, KeyError):  # which no such format keeps
            stream, kind, mode = io.BytesIO(), "png", "L"
            Image.fromarray(page).save(stream, kind)
    data, name = bytearray(stream.getvalue()), f"{kind} of {mode}"
    change = int(rng.integers(6))
    if change == 0:
        return Case(f"{name}, whole", bytes(data))
    if change == 1:
        length = int(rng.integers(len(data)))
        return Case(f"{name}, cut off at {length}", bytes(data[:length]))
    if change == 2 and kind == "png":
        width, height = (int(10 ** rng.uniform(0, 9)) for _ in range(2))
        return Case(f"{name}, declared {width} × {height}", _declared(data, width, height))
    if change == 3:
        side = int(10 ** rng.uniform(0, 5.5))
        size = (side, 1) if rng.random() < 0.5 else (1, side)
        return Case(f"a line of {size}", _line(size))
    for _ in range(int(rng.integers(1, 10))):
        data[int(rng.integers(len(data)))] = int(rng.integers(256))
    return Case(f"{name}, bytes changed", bytes(data))


def _declared(data: bytearray, width: int, height: int) -> bytes:
    """Return a PNG that claims another size, with a correct checksum."""
    header = b"IHDR" + struct.pack(">II", width % 2**31, height % 2**31) + bytes(data[24:29])
    return bytes(data[:12]) + header + struct.pack(">I", zlib.crc32(header)) + bytes(data[33:])


def _line(size: tuple[int, int]) -> bytes:
    """Return a PNG, long and thin, half black and half white."""
    stream = io.BytesIO()
    image = Image.new("1", size, 1)
    image.paste(0, (0, 0, max(size[0] // 2, 1), max(size[1] // 2, 1)))
    image.save(stream, "png")
    return stream.getvalue()


def _array(rng: np.random.Generator) -> Case:
    _, X, _ = digits()
    rows = X.reshape(len(X), -1)
    place = int(rng.integers(X.size))
    power = float(rng.uniform(-40, 40))
    scale = 10**power
    plainly = scale > 4 or scale < 1 / 13
    changes: dict[str, Callable[[], tuple[Any, str]]] = {
        "flat": lambda: (rows, SAME),
        "a last channel": lambda: (X[..., None], SAME),
        "a first channel": lambda: (X[:, None], SAME),
        "float64": lambda: (X.astype(float), SAME),
        "other order": lambda: (np.asfortranarray(X), SAME),
        "other bytes": lambda: (X.astype(">f8"), SAME),
        "lists": lambda: (X.tolist(), SAME),
        "backwards twice": lambda: (X[::-1].copy()[::-1], SAME),
        "nothing masked": lambda: (np.ma.masked_invalid(X), SAME),
        "inverted": lambda: (1 - X, REFUSED),
        "from 0 to 255": lambda: (np.round(X * 255).astype(np.uint8), REFUSED),
        "red, green, blue": lambda: (np.stack([X] * 3, axis=-1), REFUSED),
        "channels first": lambda: (np.stack([X] * 3, axis=1), REFUSED),
        "masked": lambda: (np.ma.masked_greater(X, 0.9), REFUSED),
        "masked rows in a list": lambda: ([*np.ma.masked_greater(X, 0.9)], REFUSED),
        "other sides": lambda: (X.reshape(-1, 4, 16), REFUSED),
        "a row of pixels less": lambda: (X[:, 1:], REFUSED),
        "no rows": lambda: (X[:0], REFUSED),
        "no columns": lambda: (X[:, :0], REFUSED),
        "one image without its axis": lambda: (rows[0], REFUSED),
        "a number": lambda: (3.0, REFUSED),
        "nothing": lambda: (None, REFUSED),
        "words": lambda: (rows.astype(str).tolist(), ANY),
        "complex": lambda: (X * 1j, REFUSED),
        "objects": lambda: (rows.astype(object), ANY),
        "None inside": lambda: (_put(rows.astype(object), place, None), REFUSED),
        "NaN inside": lambda: (_put(X, place, np.nan), REFUSED),
        "infinity inside": lambda: (_put(X, place, -np.inf), REFUSED),
        "1e30 inside": lambda: (_put(X, place, 1e30), REFUSED),
        "dates": lambda: (rows.astype("M8[s]"), REFUSED),
        "ragged": lambda: ([[0.0] * 64, [0.0] * 63], REFUSED),
        f"times {scale:.3g}": lambda: (X * np.float64(scale), REFUSED if plainly else ANY),
        f"times -{scale:.3g}": lambda: (X * -np.float64(scale), REFUSED if scale > 4 else ANY),
        "noise": lambda: (rng.normal(0.5, abs(power), X.shape), ANY),
        "blank": lambda: (np.full_like(X, scale if scale < 1e9 else 0), ANY),
    }
    change = list(changes)[int(rng.integers(len(changes)))]
    content, expected = changes[change]()
    return Case(change, content, expected)


def _put(array: np.ndarray, place: int, value: Any) -> np.ndarray:
    changed = np.array(array)
    changed.flat[place] = value
    return changed
