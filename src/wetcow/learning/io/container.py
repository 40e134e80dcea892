"""Files of models: a JSON header and named arrays in a zip, nothing that could run code.

A member ``header.json`` comes first, then ``README.md`` for people, if there is one, then one
``.npy`` for each array, all stored uncompressed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from wetcow.files import whole_file
from wetcow.version import __version__

FORMAT, FORMAT_VERSION = "wetcow-model", 6
_HEADER = "header.json"  # first in the file, so that a part of a file can be told from others
_README = "README.md"
_OURS = ("format", "format_version", "wetcow", "arrays")  # fields of the header that are set here
_DIGEST = "digest"  # in the header; files of earlier versions have none
LARGEST_HEADER = 64_000_000  # bytes
_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*", re.ASCII)
KINDS = "biufcU"  # of dtypes that a .npy file keeps without pickle and names by one short string
_FOREIGN = "save a model with WaveClassifier.save and give that file"
DAMAGED_ADVICE = "copy it again from where it came from, or save the model again"

# What the standard library and NumPy raise for damaged bytes. ValueError has errors of JSON,
# Unicode and .npy headers; RuntimeError an encryption that a flipped bit pretends.
_DAMAGE = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error),
    *(EOFError, KeyError, IndexError, OverflowError, ValueError, RuntimeError),
)


class ModelFileError(ValueError):
    """A file is no model, is damaged, or was written by a newer version."""


def write_model(
    path: str | os.PathLike,
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    readme: str | None = None,
) -> None:
    """Write a header and arrays to one file, which appears only when it is complete.

    Equal contents give equal files, byte by byte.

    Parameters
    ----------
    path : path
        The file; one that exists is replaced.
    header : dict
        What JSON can hold; NumPy values become numbers and lists, paths text. The fields format,
        format_version, wetcow (its version), arrays (their shapes and dtypes) and digest (of all
        contents) are added.
    arrays : dict of arrays
        Numbers, bools or strings; names are letters, digits and ``_ . -``, with ``/`` between
        parts.
    readme : str, optional
        Text for people, which `read_model` does not need.

    Raises
    ------
    ValueError
        For NaN or infinity in the header, fields that are added here, or unfit names of arrays.
    TypeError
        For arrays of objects or other dtypes that only pickle could keep, and for values in the
        header that JSON does not know.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_model(f"{folder}/model.wetcow", {"ridge": 0.1}, {"gamma": np.zeros(3)})
    ...     header, arrays = read_model(f"{folder}/model.wetcow")
    >>> header["ridge"], arrays["gamma"].shape
    (0.1, (3,))
    """
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"names of arrays are letters, digits and _ . - with / between parts, got {name!r}"
            )
        if array.dtype.kind not in KINDS:
            raise TypeError(
                f"array {name!r} has dtype {array.dtype}; only numbers, bools and strings of fixed "
                "width can be saved: convert it, or put it into the header"
            )
    if taken := sorted({*_OURS, _DIGEST} & set(header)):
        raise ValueError(f"fields {taken} of the header are set by write_model; rename yours")
    own = dict(
        zip(_OURS, (FORMAT, FORMAT_VERSION, __version__, _described(arrays)), strict=True),
    )
    try:
        # As it will be read, so that the digest is of the same.
        full = json.loads(json.dumps({**own, **header}, allow_nan=False, default=_simple))
    except ValueError as error:
        raise ValueError(
            f"the header cannot be saved: {error}; put NaN and infinity into an array"
        ) from error
    text = json.dumps({**full, _DIGEST: _digest(full, arrays)}, indent=1)
    if len(text) > LARGEST_HEADER:
        raise ValueError(f"the header has {len(text):,} bytes, at most {LARGEST_HEADER:,} are read")
    with whole_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(_HEADER), text)
        if readme is not None:
            archive.writestr(zipfile.ZipInfo(_README), readme)
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # with a fixed date
            member.file_size = array.nbytes  # from 2 GB on, sizes need more room
            with archive.open(member, "w") as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)


def read_model(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a file of `write_model`; nothing in it is executed.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    header : dict
        As written, with the fields that `write_model` added but for the digest.
    arrays : dict of arrays
        All of them, checked against the shapes and dtypes in the header.

    Raises
    ------
    ModelFileError
        If the file is of another kind, truncated, damaged, changed after it was written, or of a
        newer format. A header of more than `LARGEST_HEADER` bytes, and arrays that claim more
        bytes than the file has, are not read.
    OSError
        If it is missing (FileNotFoundError) or cannot be read.
    """
    with open(path, "rb") as file:
        start = file.read(30 + len(_HEADER))
        if start[:4] != b"PK\3\4" or start[30:] != _HEADER.encode():
            raise ModelFileError(
                f"{path} is {'not a wetcow model' if start else 'empty'}; {_FOREIGN}"
            )
        with _damage_explained(path), zipfile.ZipFile(file) as archive:
            header = _read_header(path, archive)
            size = os.fstat(file.fileno()).st_size
            arrays, left = {}, size
            for name, listed in header["arrays"].items():
                arrays[name] = _read_array(archive, name, listed, left)
                left -= arrays[name].nbytes  # members that share bytes do not fill the memory
            digest = header.pop(_DIGEST, None)
            if digest is not None and digest != _digest(header, arrays):
                raise ModelFileError(
                    "its contents are not those that were saved: they were changed afterwards; "
                    f"{DAMAGED_ADVICE}"
                )
            return header, arrays


def _digest(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of a header as JSON gives it back, and of the bytes of arrays."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for array in arrays.values():
        whole = np.ascontiguousarray(array).reshape(-1)
        digest.update(whole.view(np.uint8).data if whole.nbytes else b"")
    return digest.hexdigest()


def _described(arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Shapes and dtypes of arrays, as the header lists them."""
    return {
        name: {"shape": list(array.shape), "dtype": array.dtype.str}
        for name, array in arrays.items()
    }


def _simple(value: Any) -> Any:
    """Give JSON what it does not know, as `files.plain` does, but leave NaN to be refused."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return str(value)
    raise TypeError(f"the header cannot hold {value!r} of type {type(value).__name__}")


@contextmanager
def _damage_explained(path: str | os.PathLike) -> Iterator[None]:
    """Say of all errors that damaged bytes can cause that the file is damaged."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error.__cause__
    except _DAMAGE as error:
        raise ModelFileError(
            f"{path} is truncated or damaged ({error or type(error).__name__}); {DAMAGED_ADVICE}"
        ) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # which is what an impossible offset in the file gives
            raise
        raise ModelFileError(f"{path} is truncated or damaged; {DAMAGED_ADVICE}") from error


def _read_header(path: str | os.PathLike, archive: zipfile.ZipFile) -> dict[str, Any]:
    """Read and check the header; the version comes first, as a newer one may differ in the rest."""
    member = archive.getinfo(_HEADER)
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > LARGEST_HEADER:
        raise ModelFileError(
            f"its header says to be of {member.file_size:,} bytes, compressed or more than "
            f"{LARGEST_HEADER:,}, which is never written; {DAMAGED_ADVICE}"
        )
    header = json.loads(archive.read(member))
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ModelFileError(f"it is not a wetcow model, though a zip with a header; {_FOREIGN}")
    version = header.get("format_version")
    if type(version) is not int or version < 1:
        raise ModelFileError(f"its format_version is {version!r}, not a positive integer")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"it has format {version}, written by wetcow {header.get('wetcow')}; wetcow "
            f"{__version__} reads formats up to {FORMAT_VERSION}: pip install -U wetcow"
        )
    if not isinstance(header.get("arrays"), dict):
        raise ModelFileError(f"its header lists no arrays; {DAMAGED_ADVICE}")
    return header


def _read_array(archive: zipfile.ZipFile, name: str, listed: Any, size: int) -> np.ndarray:
    """Read an array that is as the header lists it, in a file of `size` bytes."""
    try:
        member = archive.getinfo(f"{name}.npy")
    except KeyError:
        raise ModelFileError(f"array {name!r} is missing; {DAMAGED_ADVICE}") from None
    # Uncompressed, an array is not larger than the file: sizes that lie do not fill the memory.
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > size:
        raise ModelFileError(f"array {name!r} is not stored uncompressed; {DAMAGED_ADVICE}")
    with archive.open(member) as stream:
        _check_listed(stream, name, listed, member.file_size)
    # Opened again, not rewound, after which zipfile would no longer compare checksums.
    with archive.open(member) as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False)
        stream.read(1)  # at the end of an empty array, too, the checksum is compared
    return array


def _check_listed(stream: IO[bytes], name: str, listed: Any, size: int) -> None:
    """Raise unless the head of a .npy file has the listed shape and dtype, and `size` fits."""
    formats = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, _, dtype = formats[np.lib.format.read_magic(stream)](stream)
    if dtype.kind not in KINDS:
        raise ModelFileError(
            f"array {name!r} has dtype {dtype}, which is never saved; {DAMAGED_ADVICE}"
        )
    found = {"shape": list(shape), "dtype": dtype.str}
    if found != listed:
        raise ModelFileError(
            f"array {name!r} has {found}, but its header lists {listed}; {DAMAGED_ADVICE}"
        )
    if stream.tell() + math.prod(shape) * dtype.itemsize != size:
        raise ModelFileError(f"array {name!r} is not as long as its shape says; {DAMAGED_ADVICE}")
