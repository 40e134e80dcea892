"""Files of images as MNIST has them: where they are, what they hold, and how they are read.

A file is believed only if it unpacks to the bytes known by its name.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import zlib
from pathlib import Path

import numpy as np

DATA_DIR_VARIABLE = "WETCOW_DATA_DIR"
_UNSIGNED_BYTE = 8  # the third byte of an IDX file: the type of its values

# Tried in this order. Every folder holds the four files of its data set, gzipped.
MIRRORS = {
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
FILES = {
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


def parse_idx(content: bytes, n_dims: int) -> np.ndarray:
    """Interpret the bytes of an IDX file: two zeros, type, rank, big-endian sizes, values."""
    start = 4 + 4 * n_dims
    if len(content) < start or content[:4] != bytes((0, 0, _UNSIGNED_BYTE, n_dims)):
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
    size, digest = FILES[key]
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
        known = [other for other, (_, its_digest) in FILES.items() if its_digest == found]
        that_is = f", which is {known[0]}" if known else ""
        count = f"more than {size:,}" if len(content) > size else f"{len(content):,}"
        raise ValueError(
            f"found {count} unpacked bytes with SHA-256 {found[:12]}…{that_is}; {expected}"
        )
    return content


def read_local(data_dir: Path, key: str) -> bytes:
    """Read a file from the user's own folder, and never download it instead."""
    candidates = (data_dir / key, data_dir / f"{key}.gz")
    for path in candidates:
        if path.is_file():
            try:
                return _unpack(path, key)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from error
    raise FileNotFoundError(
        f"neither {candidates[0]} nor {candidates[1]} exists: data_dir (or {DATA_DIR_VARIABLE}) "
        f"must name the folder that holds {key}, gzipped or not; without it, files are downloaded"
    )


def download(key: str) -> bytes:
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

    def checked(url: str, output_file: str, store: pooch.Pooch) -> None:
        # Checked while the file still has its temporary name: pooch moves it only if this returns.
        pooch.HTTPDownloader()(url, output_file, store)
        _unpack(Path(output_file), key)

    for mirror in MIRRORS[name]:
        store = pooch.create(folder, base_url=mirror, registry={file: None})
        try:
            # pooch's own annotation of a downloader names the parameters of something else.
            store.fetch(file, downloader=checked)  # pyright: ignore[reportArgumentType]
            return _unpack(path, key)
        except (OSError, ValueError) as error:  # the exceptions of requests are OSErrors
            failures.append(f"{mirror}{file}: {error}")
    raise OSError(
        f"could not download {key}:\n"
        + "".join(f"  {failure}\n" for failure in failures)
        + f"Get the file by other means and set data_dir (--data-dir) or {DATA_DIR_VARIABLE} to "
        f"the folder that holds {key}.gz"
    )
