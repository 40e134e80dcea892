"""Damaged and forged files of models: each is refused when loaded, or answers as the original.

Damages change bytes; edits change contents and keep the digest that the writer gave; forgeries have
correct checksums and no digest, as files of earlier versions, but contents that no classifier has.
"""

from __future__ import annotations

import functools
import io
import json
import os
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_wine

from wetcow import WaveClassifier, datasets
from wetcow.learning.io.container import ModelFileError

BASES = ("images", "table")
_BAD: dict[type, tuple[Any, ...]] = {  # in place of a value of this type
    bool: (None, "x", 1, [], {}, 0.5),
    int: (None, "x", -1, 0.5, True, [], {}, float("nan")),
    float: (None, "x", float("nan"), float("inf"), True, [], {}),
    str: (None, 1, "x", [], {}),
    type(None): ("x", -1, [], {}, float("nan")),
    list: (None, "x", 1, [], {}, [None], [1.5, 2]),
    dict: (None, "x", 1, [], {}),
}


class Case(NamedTuple):
    """A file made of a good one.

    Attributes
    ----------
    base : {"images", "table"}
        The good one.
    change : str
        What was done to it, in words.
    content : bytes
        The file.
    """

    base: str
    change: str
    content: bytes


class Good(NamedTuple):
    """A good file and what it answers.

    Attributes
    ----------
    content : bytes
    X : array
        Rows to ask.
    answers : tuple of arrays
        See `_answers`.
    """

    content: bytes
    X: np.ndarray
    answers: tuple[np.ndarray, ...]


@functools.cache
def good(base: str) -> Good:
    """Return a good file, small and with all parts."""
    if base == "images":
        X, y = datasets.load("digits")
        X, y = X[:100], y[:100]
        model = WaveClassifier(n_modes=4, patch_size=(3, 5), frame="handwriting")
    else:
        X, numbers = load_wine(return_X_y=True)
        y = np.array(["first", "second", "third"], dtype=object)[numbers]
        model = WaveClassifier(n_modes=4, response="analytic")
    model.fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model", updatable=True, notes="for tests")
        with open(f"{folder}/model", "rb") as file:
            content = file.read()
    return Good(content, X[:9], _answers(model, X[:9]))


def cases(seed: int, number: int) -> Iterator[Case]:
    """Make `number` files, the same for the same seed."""
    rng = np.random.default_rng(seed)
    kinds = (_damaged, _edited, _forged_header, _forged_array, _forged_array, _forged_header)
    for index in range(number):
        base = BASES[index % 2]
        change, content = kinds[int(rng.integers(len(kinds)))](good(base).content, rng)
        yield Case(base, change, content)


def check(case: Case) -> str:
    """Return "ok", "refused", or what is wrong."""
    whole = good(case.base)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        with open(path, "wb") as file:
            file.write(case.content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                model = WaveClassifier.load(path)
        except ModelFileError as error:
            return "refused" if path in str(error) else f"{case.change}: {error} names no file"
        except Exception as error:
            return f"{case.change}: loading raised {error!r}"
        try:
            found = _answers(model, whole.X)
            model.save(f"{path} again", updatable=True)
        except Exception as error:
            return f"{case.change}: failed late, {error!r}"
    same = all(np.array_equal(one, other) for one, other in zip(found, whole.answers, strict=True))
    return "ok" if same else f"{case.change}: answers otherwise"


def _answers(model: WaveClassifier, X: np.ndarray) -> tuple[np.ndarray, ...]:
    model.card()
    return model.predict(X), model.predict_proba(X), model.uncertainty(X)


def _damaged(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    data = bytearray(content)
    # Most bytes are of arrays: half of the damages are where the structure is.
    places = [int(rng.integers(len(data))), int(rng.integers(min(6_000, len(data))))]
    place = places[int(rng.integers(2))]
    length = int(rng.integers(1, 400))
    kind = int(rng.integers(5))
    if kind == 0:
        del data[place:]
        return f"cut off at {place}", bytes(data)
    if kind == 1:
        data[place] ^= 1 << int(rng.integers(8))
        return f"a bit flipped at {place}", bytes(data)
    if kind == 2:
        data[place : place + length] = bytes(len(data[place : place + length]))
        return f"{length} zeros at {place}", bytes(data)
    if kind == 3:
        del data[place : place + length]
        return f"{length} bytes lost at {place}", bytes(data)
    data[place:place] = rng.bytes(length)
    return f"{length} bytes more at {place}", bytes(data)


def _unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        header = json.loads(archive.read("header.json"))
        arrays = {name: np.load(archive.open(f"{name}.npy")) for name in header["arrays"]}
    return header, arrays


def _packed(header: dict[str, Any], arrays: dict[str, np.ndarray], compressed: bool) -> bytes:
    """Return a file with correct checksums, and arrays listed as they are."""
    header["arrays"] = {
        name: {"shape": list(array.shape), "dtype": array.dtype.str}
        for name, array in arrays.items()
    }
    stream = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", kind) as archive:
        archive.writestr("header.json", json.dumps(header))
        for name, array in arrays.items():
            written = io.BytesIO()
            np.save(written, array)
            archive.writestr(f"{name}.npy", written.getvalue())
    return stream.getvalue()


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to everything in a header but what describes the file itself."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inside:
        if path or key not in ("format", "format_version", "wetcow", "arrays", "digest"):
            yield (*path, key)
            if isinstance(part, dict | list):
                yield from _places(part, (*path, key))


def _within(header: dict[str, Any], path: tuple[Any, ...]) -> Any:
    return functools.reduce(lambda part, key: part[key], path, header)


def _edited(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Change a number a little, and leave the digest."""
    header, arrays = _unpacked(content)
    if rng.random() < 0.5:
        name = list(arrays)[int(rng.integers(len(arrays)))]
        array = arrays[name] = arrays[name].copy()
        if array.dtype.kind == "f":
            place = int(rng.integers(array.size))
            array.flat[place] = array.flat[place] * 1.01 + 1e-3
        return f"a number of {name} changed", _packed(header, arrays, False)
    numbers = [
        path for path in _places(header) if type(_within(header, path)) in (int, float, bool)
    ]
    path = numbers[int(rng.integers(len(numbers)))]
    value = _within(header, path)
    new = not value if isinstance(value, bool) else value + 1
    _within(header, path[:-1])[path[-1]] = new
    return f"{path} from {value} to {new}", _packed(header, arrays, False)


def _forged_header(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    header, arrays = _unpacked(content)
    del header["digest"]
    paths = [*_places(header)]
    path = paths[int(rng.integers(len(paths)))]
    part, key = _within(header, path[:-1]), path[-1]
    old = part[key]
    kind = int(rng.integers(8))
    if kind == 0:
        del part[key]
        change = "removed"
    elif kind == 1 and isinstance(part, list):
        part.append(old)
        change = "doubled"
    elif kind == 2 and isinstance(part, dict):
        part[f"{key}_"] = old
        change = "beside one of another name"
    else:
        # Nobody can tell which words were labels.
        choice = [bad for bad in _BAD[type(old)] if bad != "x" or path[0] != "classes"]
        part[key] = choice[int(rng.integers(len(choice)))]
        change = f"{part[key]!r} for {str(old)[:40]!r}"
    return f"{path}: {change}", _packed(header, arrays, rng.random() < 0.05)


def _forged_array(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    header, arrays = _unpacked(content)
    del header["digest"]
    names = list(arrays)
    name, other = (names[int(rng.integers(len(names)))] for _ in range(2))
    array = arrays[name]
    changes = {
        "removed": lambda: None,
        "one dimension more": lambda: array[None],
        "one row less": lambda: array[:-1] if array.ndim else array.reshape(1)[:0],
        "one row more": lambda: np.concatenate([array, array[:1]] if array.ndim else [[array]] * 2),
        "transposed": lambda: array[..., None] if array.ndim < 2 else array.T,
        "empty": lambda: np.empty(0, array.dtype),
        "a scalar": lambda: array.ravel()[0] if array.ndim else array[None, None],
        "complex": lambda: array.astype(complex) if array.dtype.kind == "f" else array[None],
        "text": lambda: array.astype(str) if array.dtype.kind == "f" else array.astype("U1")[None],
        "integers": lambda: array.astype(int) if array.dtype.kind == "f" else array[None],
        "half precision": lambda: array.astype("f2") if array.dtype.kind == "f" else array[None],
        "NaN": lambda: _with(array, np.nan, rng),
        "infinite": lambda: _with(array, np.inf, rng),
        "large and empty": lambda: np.empty((2**40, 0)),
    }
    change = list(changes)[int(rng.integers(len(changes)))]
    found = changes[change]()
    if found is None:
        del arrays[name]
    else:
        arrays[name] = np.asarray(found)
    if name != other and other in arrays and rng.random() < 0.1:
        del arrays[other]
        change += f", {other} removed"
    return f"array {name}: {change}", _packed(header, arrays, rng.random() < 0.05)


def _with(array: np.ndarray, value: float, rng: np.random.Generator) -> np.ndarray:
    """Return floats with one of them replaced, anything else with a further dimension."""
    if array.dtype.kind != "f":
        return array[None]
    changed = np.array(array)
    changed.flat[int(rng.integers(array.size))] = value
    return changed
