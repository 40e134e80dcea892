"""The Virtual Brain's archives, read member by member in memory; nothing is unpacked to disk."""

from __future__ import annotations

import bz2
import io
import lzma
import pathlib
import re
import struct
import zipfile
import zlib

from wetcow.networks.connectome.cells import LARGEST_TEXT, decoded_text
from wetcow.networks.connectome.preparation import ConnectomeError

# What members are called, and what others call them: weights.txt, weights_76.txt, centers.txt, ….
_STEMS = {
    "weights": r"weights?",
    "tract_lengths": r"tract[_-]?lengths?|tracts?",
    "centres": r"cent(re|er)s?",
}
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # of encrypted members
    NotImplementedError,
    OverflowError,
)


def read_archive(path: pathlib.Path) -> dict[str, str | None]:
    """Text of the members with weights, tract lengths and centres; None for those absent."""
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                # What is listed and what is there are compared, which costs no unpacking.
                if not info.is_dir():
                    archive.open(info).close()
            texts = {key: _member(archive, key, path) for key in _STEMS}
    except ConnectomeError:
        raise
    except _DAMAGE as error:
        raise ConnectomeError(f"{path} is damaged or truncated: {error}") from error
    if texts["weights"] is None:
        raise ConnectomeError(f"{path} has no weights.txt, so it is no connectome of TVB")
    return texts


def _member(archive: zipfile.ZipFile, key: str, path: pathlib.Path) -> str | None:
    """Text of the one member that is called `key`, also in a folder or compressed."""
    pattern = re.compile(
        rf"(?P<before>.*[_-])?({_STEMS[key]})(?P<after>[_-].*)?\.(txt|csv|tsv)(\.bz2)?",
        re.IGNORECASE,
    )
    exact, similar = [], []
    for info in archive.infolist():
        place = pathlib.PurePosixPath(info.filename)
        # The Finder's archives have a second file of its own beside each.
        if info.is_dir() or "__MACOSX" in place.parts or place.name.startswith("._"):
            continue
        found = pattern.fullmatch(place.name)
        if found:
            plain = found["before"] is None and found["after"] is None
            (exact if plain else similar).append(info)
    texts = {info.filename: _text(archive, info, path) for info in exact or similar}
    if len(set(texts.values())) > 1:
        raise ConnectomeError(
            f"{path} has several {key}: {sorted(texts)}; keep one of them in the archive"
        )
    return next(iter(texts.values()), None)


def _text(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: pathlib.Path) -> str:
    where = f"{info.filename} in {path}"
    refuse_large(info.file_size, where)
    try:
        with archive.open(info) as file:  # read to its end, where the checksum is compared
            content = file.read(LARGEST_TEXT + 1)
        if info.filename.lower().endswith(".bz2"):
            with bz2.open(io.BytesIO(content)) as file:
                content = file.read(LARGEST_TEXT + 1)
    except _DAMAGE as error:
        raise ConnectomeError(f"{where} is damaged: {error}") from error
    refuse_large(len(content), where)
    return decoded_text(content, where)


def refuse_large(size: int, where: str) -> None:
    """Raise for more text than any connectome has."""
    if size > LARGEST_TEXT:
        raise ConnectomeError(
            f"{where} has more than {LARGEST_TEXT // 10**6} MB of text, which is the limit; save "
            "large matrices as .npy"
        )
