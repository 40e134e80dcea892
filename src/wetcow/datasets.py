"""Labelled images, as arrays."""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

_NAMES = ("digits", "mnist", "fashion-mnist")
_SPLITS = ("train", "test")

_DIGITS_TEST_SIZE = 450
_DIGITS_SPLIT_SEED = 0  # part of the data set's definition: never vary it with a model's seed
_DIGITS_LARGEST_VALUE = np.float32(16)

_DATA_DIR_VARIABLE = "WETCOW_DATA_DIR"
_IDX_PREFIX = {"train": "train", "test": "t10k"}
_IDX_UNSIGNED_BYTE = 8  # the third byte of an IDX file: the type of its values
_IDX_LARGEST_VALUE = np.float32(255)

# Tried in this order. Every folder holds the four files of its data set, gzipped.
_MIRRORS = {
    "mnist": (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    "fashion-mnist": (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
}

# Size in bytes and SHA-256 of the unpacked files: a gzip wrapping differs from mirror to mirror,
# and the two data sets have the same file names and sizes.
_FILES = {
    "mnist/train-images-idx3-ubyte": (
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "mnist/train-labels-idx1-ubyte": (
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "mnist/t10k-images-idx3-ubyte": (
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "mnist/t10k-labels-idx1-ubyte": (
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "fashion-mnist/train-images-idx3-ubyte": (
        47_040_016,
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    "fashion-mnist/train-labels-idx1-ubyte": (
        60_008,
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    "fashion-mnist/t10k-images-idx3-ubyte": (
        7_840_016,
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    "fashion-mnist/t10k-labels-idx1-ubyte": (
        10_008,
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}


def _digits(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the UCI digits which ship with scikit-learn, split once and for all."""
    images, labels = load_digits(return_X_y=True)
    train, test = train_test_split(
        np.arange(len(labels)),
        test_size=_DIGITS_TEST_SIZE,
        random_state=_DIGITS_SPLIT_SEED,
        stratify=labels,
    )
    chosen = train if split == "train" else test
    images = np.asarray(images, dtype=np.float32).reshape(-1, 8, 8) / _DIGITS_LARGEST_VALUE
    return images[chosen], np.asarray(labels, dtype=np.int64)[chosen]


def _idx_images(name: str, split: str, data_dir: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Read one part of a data set that is kept as IDX files."""

    def read(kind: str, n_dims: int) -> np.ndarray:
        key = f"{name}/{_IDX_PREFIX[split]}-{kind}-idx{n_dims}-ubyte"
        content = _download(key) if data_dir is None else _read_local(data_dir, key)
        return _parse_idx(content, n_dims)

    images = read("images", 3).astype(np.float32)
    images /= _IDX_LARGEST_VALUE
    return images, read("labels", 1).astype(np.int64)


def _parse_idx(content: bytes, n_dims: int) -> np.ndarray:
    """Interpret the bytes of an IDX file: two zeros, type, rank, big-endian sizes, values."""
    start = 4 + 4 * n_dims
    if len(content) < start or content[:4] != bytes((0, 0, _IDX_UNSIGNED_BYTE, n_dims)):
        raise ValueError(
            f"not an IDX file of bytes in {n_dims} dimensions: "
            f"it begins with {content[:4].hex(' ')!r}"
        )
    shape = tuple(np.frombuffer(content, ">u4", count=n_dims, offset=4).tolist())
    if len(content) != start + math.prod(shape):
        raise ValueError(
            f"an IDX file of shape {shape} has {start + math.prod(shape)} bytes, got {len(content)}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _unpack(path: Path, key: str) -> bytes:
    """Read a file, gzipped or not, and refuse it unless it unpacks to the known bytes."""
    size, digest = _FILES[key]
    expected = f"expected {key}, {size:,} bytes with SHA-256 {digest[:12]}…"
    # What claims to be larger is not read to its end, nor unpacked: it is another file.
    with path.open("rb") as file:
        content = file.read(2 * size)
    if content[:2] == b"\x1f\x8b":  # the name does not tell: some servers unpack what they send
        try:
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(size + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(
                f"damaged gzip file of {len(content):,} bytes ({error}); {expected}"
            ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        known = [other for other, (_, its_digest) in _FILES.items() if its_digest == found]
        that_is = f", which is {known[0]}" if known else ""
        count = f"more than {size:,}" if len(content) > size else f"{len(content):,}"
        raise ValueError(
            f"found {count} unpacked bytes with SHA-256 {found[:12]}…{that_is}; {expected}"
        )
    return content


def _read_local(data_dir: Path, key: str) -> bytes:
    """Read a file from the user's own folder, and never download it instead."""
    candidates = (data_dir / key, data_dir / f"{key}.gz")
    for path in candidates:
        if path.is_file():
            try:
                return _unpack(path, key)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from error
    raise FileNotFoundError(
        f"neither {candidates[0]} nor {candidates[1]} exists: data_dir (or {_DATA_DIR_VARIABLE}) "
        f"must name the folder that holds {key}, gzipped or not; without it, files are downloaded"
    )


def _download(key: str) -> bytes:
    """Read a file from the cache, after downloading it from the first mirror that has it whole."""
    import pooch

    name, file = f"{key}.gz".split("/")
    folder = Path(pooch.os_cache("wetcow")) / name
    path = folder / file
    failures = []
    if path.exists():
        try:
            return _unpack(path, key)
        except ValueError as error:
            failures.append(f"{path} (removed): {error}")
            path.unlink(missing_ok=True)

    def download(url: str, output_file: str, store: pooch.Pooch) -> None:
        # Checked while the file still has its temporary name: pooch moves it only if this returns.
        pooch.HTTPDownloader()(url, output_file, store)
        _unpack(Path(output_file), key)

    for mirror in _MIRRORS[name]:
        store = pooch.create(folder, base_url=mirror, registry={file: None})
        try:
            # pooch's own annotation of a downloader names the parameters of something else.
            store.fetch(file, downloader=download)  # pyright: ignore[reportArgumentType]
            return _unpack(path, key)
        except (OSError, ValueError) as error:  # the exceptions of requests are OSErrors
            failures.append(f"{mirror}{file}: {error}")
    raise OSError(
        f"could not download {key}:\n"
        + "".join(f"  {failure}\n" for failure in failures)
        + f"Get the file by other means and set data_dir (--data-dir) or {_DATA_DIR_VARIABLE} to "
        f"the folder that holds {key}.gz"
    )


def load(
    name: str,
    split: Literal["train", "test"] = "train",
    *,
    flat: bool = False,
    data_dir: str | os.PathLike[str] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Load a data set by name.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion-mnist"}
        - "digits": 1,797 handwritten digits of 8×8 pixels, embedded in scikit-learn; 1,347 for
          training and 450 for testing, a fixed split with equal shares of the ten classes.
        - "mnist": handwritten digits of 28×28 pixels, 60,000 for training and 10,000 for testing
          [1]_.
        - "fashion-mnist": articles of clothing in ten classes, as many and as large as in "mnist"
          [2]_.
    split : {"train", "test"}
        Which part.
    flat : bool
        Return each image as one row, as most scikit-learn estimators want it.
    data_dir : path, optional
        Folder that holds ``mnist/`` and ``fashion-mnist/``, each with its four IDX files under
        their canonical names (``train-images-idx3-ubyte`` and so on), with ``.gz`` or without.
        Default: the environment variable ``WETCOW_DATA_DIR``; if that is not set either, the
        files are downloaded once into the user's cache. "digits" needs no folder.

    Returns
    -------
    X : float32 array (n, height, width), or (n, height·width) if `flat`
        Grey values from 0 (background) to 1 (ink).
    y : int64 array (n,)
        Labels.

    Raises
    ------
    ValueError
        For an unknown name or split, or a file in `data_dir` that is not the one known by that
        name: damaged, or of another data set.
    FileNotFoundError
        If `data_dir` lacks a file.
    OSError
        If no mirror gives a file.

    Notes
    -----
    Every file is checked against the SHA-256 of its unpacked bytes each time it is read. The last
    10,000 training images of "mnist" and "fashion-mnist" serve for validation by convention.

    References
    ----------
    .. [1] Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits"
       (CC BY-SA 3.0).
    .. [2] H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
       machine learning algorithms", arXiv:1708.07747 (MIT licence).

    Examples
    --------
    >>> X, y = load("digits", split="test")
    >>> X.shape, X.dtype.name, y.shape
    ((450, 8, 8), 'float32', (450,))
    """
    if name not in _NAMES:
        raise ValueError(f"there is no data set {name!r}; name must be one of {[*_NAMES]}")
    if split not in _SPLITS:
        raise ValueError(f"split must be one of {[*_SPLITS]}, got {split!r}")
    if name == "digits":
        images, labels = _digits(split)
    else:
        folder = os.environ.get(_DATA_DIR_VARIABLE) if data_dir is None else data_dir
        images, labels = _idx_images(name, split, Path(folder).expanduser() if folder else None)
    return (images.reshape(len(images), -1) if flat else images), labels


def check_folder(data_dir: str | os.PathLike[str] | None = None) -> tuple[Path, dict[str, str]]:
    """Check what `load` would find, without downloading anything or raising errors.

    Parameters
    ----------
    data_dir : path, optional
        As in `load`.

    Returns
    -------
    folder : Path
        Where it looks: `data_dir`, that of the environment, or the user's cache.
    problems : dict of str
        By the name of each data set that is kept in files: what is wrong with the first file that
        is missing or damaged; empty if all are as they should be.
    """
    import pooch

    given = os.environ.get(_DATA_DIR_VARIABLE) if data_dir is None else data_dir
    folder = Path(given or pooch.os_cache("wetcow")).expanduser()
    problems = dict.fromkeys(_MIRRORS, "")
    for key in _FILES:
        name = key.split("/")[0]
        try:
            if not problems[name]:
                _read_local(folder, key)
        except FileNotFoundError:
            problems[name] = f"{folder / key} does not exist, nor does {key}.gz"
        except (OSError, ValueError) as error:
            problems[name] = str(error)
    return folder, problems
