"""What is to be known of an HDF5 file before libhdf5 reads it."""

from __future__ import annotations

import mmap
import pathlib
import struct

HEAP = b"GCOL\x01\x00\x00\x00"  # how a heap of texts begins; its size and objects follow
OBJECT_HEADER = 16


def refuse_endless_texts(path: pathlib.Path) -> None:
    """Raise a ValueError for HDF5 with texts that libhdf5 would read for ever.

    It walks through a heap of texts by the sizes of its objects. In damaged files free space may
    have the size zero, from which it never gets on.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(HEAP)
        while 0 <= start <= len(content) - OBJECT_HEADER:
            (size,) = struct.unpack_from("<Q", content, start + len(HEAP))
            end, at = min(start + size, len(content)), start + OBJECT_HEADER
            while at + OBJECT_HEADER <= end:
                index, length = struct.unpack_from("<H6xQ", content, at)
                if not index and length < OBJECT_HEADER:
                    raise ValueError("its texts have no end")
                at += OBJECT_HEADER + (length + 7) // 8 * 8 if index else length
            start = content.find(HEAP, start + len(HEAP))
