"""Damaged and altered images, b-values, b-vectors and masks: refused, or read to the right numbers.

`cases` yields what is done to which file; `check` says "ok", "refused", or what went wrong.
"""

from __future__ import annotations

import functools
import gzip
import pathlib
import tempfile
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from fuzz import damage

from wetcow.tissue import mri
from wetcow.tissue.errors import TissueError


class Case(NamedTuple):
    """One change of one file: `kind` of change, and where and by how much as numbers in [0, 1)."""

    file: str
    kind: str
    where: float
    what: float


FILES = ("dwi.nii.gz", "dwi.nii", "bvals", "bvecs", "mask.nii.gz")
KINDS = (*damage.KINDS, "header")


def cases(seed: int, number: int) -> Iterator[Case]:
    """Yield `number` cases that follow from the seed."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        file, kind = str(rng.choice(FILES)), str(rng.choice(KINDS))
        yield Case(file=file, kind=kind, where=rng.random(), what=rng.random())


@functools.cache
def _originals() -> dict[str, bytes]:
    """Files of a small volume with known numbers."""
    import nibabel

    rng = np.random.default_rng(0)
    directions = rng.normal(size=(8, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    signal = rng.uniform(100, 500, (3, 4, 5, 9)).astype(np.float32)
    affine = np.diag([-2, 2, 2, 1.0])
    mask = np.ones((3, 4, 5), np.uint8)
    mask[0] = 0
    image = nibabel.Nifti1Image(signal, affine).to_bytes()
    return {
        "dwi.nii.gz": gzip.compress(image, mtime=0),
        "dwi.nii": image,
        "bvals": " ".join(["0"] + ["1000"] * 8).encode(),
        "bvecs": "\n".join(
            " ".join(f"{one:.6f}" for one in row) for row in np.vstack([np.zeros(3), directions]).T
        ).encode(),
        "mask.nii.gz": gzip.compress(nibabel.Nifti1Image(mask, affine).to_bytes(), mtime=0),
    }


def _changed(content: bytes, case: Case) -> bytes:
    in_header = case.kind == "header"
    end = min(348, len(content)) if in_header else len(content)
    kind = "flip" if in_header else case.kind
    return damage.damaged(content, kind, at=int(case.where * end), what=case.what)


def _load(folder: pathlib.Path, dwi: str) -> mri.DiffusionData:
    return mri.load_diffusion(
        folder / dwi, folder / "bvals", folder / "bvecs", folder / "mask.nii.gz"
    )


def check(case: Case) -> str:
    """Return "ok", "refused", or what went wrong."""
    originals = _originals()
    dwi = case.file if case.file.startswith("dwi") else "dwi.nii.gz"
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = pathlib.Path(name)
        for file, content in originals.items():
            (folder / file).write_bytes(content)
        wanted = _load(folder, dwi)
        (folder / case.file).write_bytes(_changed(originals[case.file], case))
        try:
            found = _load(folder, dwi)
        except (TissueError, FileNotFoundError):
            return "refused"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    # A text has no checksum, nor has what is not compressed: there, any sane numbers are right.
    if case.file in ("bvals", "bvecs", "dwi.nii"):
        sane = np.isfinite(found.bvals).all() and np.isfinite(found.affine).all()
        return "ok" if sane and found.mask.any() else "numbers that are not finite"
    same = all(
        np.array_equal(getattr(found, field), getattr(wanted, field), equal_nan=True)
        for field in ("signal", "affine", "bvals", "bvecs", "mask")
    )
    return "ok" if same else "other numbers than were written"
