"""Labelled images, as arrays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from wetcow import idx_files

_NAMES = ("digits", "mnist", "fashion-mnist")
_SPLITS = ("train", "test")

_DIGITS_TEST_SIZE = 450
_DIGITS_SPLIT_SEED = 0  # part of the data set's definition: never vary it with a model's seed
_DIGITS_LARGEST_VALUE = np.float32(16)

_IDX_PREFIX = {"train": "train", "test": "t10k"}
_IDX_LARGEST_VALUE = np.float32(255)


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
        content = (
            idx_files.download(key) if data_dir is None else idx_files.read_local(data_dir, key)
        )
        return idx_files.parse_idx(content, n_dims)

    images = read("images", 3).astype(np.float32)
    images /= _IDX_LARGEST_VALUE
    return images, read("labels", 1).astype(np.int64)


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
        folder = os.environ.get(idx_files.DATA_DIR_VARIABLE) if data_dir is None else data_dir
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

    given = os.environ.get(idx_files.DATA_DIR_VARIABLE) if data_dir is None else data_dir
    folder = Path(given or pooch.os_cache("wetcow")).expanduser()
    problems = dict.fromkeys(idx_files.MIRRORS, "")
    for key in idx_files.FILES:
        name = key.split("/")[0]
        try:
            if not problems[name]:
                idx_files.read_local(folder, key)
        except FileNotFoundError:
            problems[name] = f"{folder / key} does not exist, nor does {key}.gz"
        except (OSError, ValueError) as error:
            problems[name] = str(error)
    return folder, problems
