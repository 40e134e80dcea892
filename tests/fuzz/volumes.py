"""Damaged volumes, masks and gradient tables: refused, or read as what they are. Seeded."""

from __future__ import annotations

import gzip
import pathlib
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

import nibabel
import numpy as np

from wetcow.tissue.mri import load_diffusion

FILES = ("d.nii.gz", "d.nii", "m.nii.gz", "bvals", "bvecs")
KINDS = ("flip", "cut", "header")
_DATA = 352  # where the values of a NIfTI image start


class Case(NamedTuple):
    """One damage: of which file, of which kind, by which seed."""

    file: str
    kind: str
    seed: int


def cases(seed: int, number: int) -> Iterator[Case]:
    """`number` damages, the same for the same seed."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        yield Case(str(rng.choice(FILES)), str(rng.choice(KINDS)), int(rng.integers(2**31)))


def _whole(folder: pathlib.Path) -> np.ndarray:
    rng = np.random.default_rng(0)
    signal = rng.uniform(100, 900, (3, 4, 5, 8)).astype(np.float32)
    affine = np.diag([-2.0, 2, 2, 1])
    directions = rng.normal(size=(8, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    directions[0] = 0
    for name in ("d.nii.gz", "d.nii"):
        nibabel.save(nibabel.Nifti1Image(signal, affine), folder / name)
    nibabel.save(nibabel.Nifti1Image(np.ones((3, 4, 5), np.uint8), affine), folder / "m.nii.gz")
    np.savetxt(folder / "bvals", [[0, *[1000] * 7]])
    np.savetxt(folder / "bvecs", directions.T)
    return signal


def _damage(content: bytes, case: Case) -> bytes:
    rng = np.random.default_rng(case.seed)
    if case.kind == "cut":
        return content[: rng.integers(len(content))]
    packed = case.kind == "header" and case.file.endswith(".gz")
    data = bytearray(gzip.decompress(content) if packed else content)
    # In an unpacked image nothing tells a changed value from another: only the header is damaged.
    header = case.kind == "header" or case.file == "d.nii"
    end = min(len(data), _DATA) if header else len(data)
    data[rng.integers(end)] ^= 1 << rng.integers(8)
    return gzip.compress(bytes(data)) if packed else bytes(data)


def check(case: Case) -> str:
    """ "ok", "refused", or what went wrong."""
    with tempfile.TemporaryDirectory() as name, np.errstate(all="ignore"):
        folder = pathlib.Path(name)
        signal = _whole(folder)
        path = folder / case.file
        path.write_bytes(_damage(path.read_bytes(), case))
        image = folder / ("d.nii" if case.file == "d.nii" else "d.nii.gz")
        try:
            found = load_diffusion(image, folder / "bvals", folder / "bvecs", folder / "m.nii.gz")
        except (ValueError, FileNotFoundError):
            return "refused"
        except Exception as error:  # what no caller expects
            return f"{type(error).__name__}: {error}"
    if case.file in ("bvals", "bvecs"):
        lengths = np.linalg.norm(found.bvecs[found.bvals > found.b0_threshold], axis=1)
        return "ok" if np.allclose(lengths, 1) else "vectors without unit length"
    # A header that still fits may name another type, scale or place: no reader can know.
    if case.kind == "header" or case.file == "d.nii":
        return "ok" if found.signal.shape == signal.shape else "another shape"
    return "ok" if np.array_equal(found.signal, signal) and found.mask.all() else "other values"
