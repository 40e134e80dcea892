"""Files of connectomes, well formed in many forms or damaged: read exactly, or refused.

`cases` yields how a known matrix is written and what is done to the file; `check` says "ok",
"refused", or what went wrong.
"""

from __future__ import annotations

import bz2
import io
import pathlib
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

import h5py
import numpy as np
import scipy.io
from fuzz import damage

from wetcow.networks.connectome import ConnectomeError, load_connectome


class Case(NamedTuple):
    """A file's form, and its damage: `kind`, and where and by how much as numbers in [0, 1)."""

    form: str
    delimiter: str
    names: str
    encoding: str
    style: str
    kind: str
    where: float
    what: float


FORMS = ("text", "text", "edges", "npy", "zip", "zip.bz2", "graphml", "npz", "mat", "h5")
DELIMITERS = (",", ";", "\t", " ")
NAMES = ("none", "columns", "rows", "both", "corner", "counted")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1")
STYLES = ("plain", "quoted", "decimal comma", "trailing", "comments", "windows")
KINDS = ("none", *damage.KINDS)
REGIONS = ("V1", "Gehör", "MT", "F.F 2")
WEIGHTS = np.array([[0, 1.5, 0, 2.25], [3.0, 0, 0.5, 0], [0, 7.0, 0, 1e-3], [0.125, 4.0, 0, 0]])
LENGTHS = np.where(WEIGHTS > 0, np.round(20 + 30 * WEIGHTS, 3), 0)
UNSAFE = ("zip", "zip.bz2", "npz", "mat")  # have checksums: what is read must be what was written


def cases(seed: int, number: int) -> Iterator[Case]:
    """Yield `number` cases that follow from the seed."""
    rng = np.random.default_rng(seed)
    choices = (FORMS, DELIMITERS, NAMES, ENCODINGS, STYLES, KINDS)
    for _ in range(number):
        chosen = [str(rng.choice(some)) for some in choices]
        yield Case(*chosen, where=rng.random(), what=rng.random())


def _names(case: Case) -> tuple[str, ...]:
    """Names as they can be written: with a space only between quotes or other delimiters."""
    spaced = case.style == "quoted" or case.delimiter != " "
    return tuple(name if spaced else name.replace(" ", "_") for name in REGIONS)


def _cell(value: float, case: Case) -> str:
    text = repr(float(value))
    return text.replace(".", ",") if _commas(case) else text


def _commas(case: Case) -> bool:
    return case.style == "decimal comma" and case.delimiter in ";\t"


def _lines(rows: list[list[str]], case: Case) -> bytes:
    ending = case.delimiter if case.style == "trailing" else ""
    lines = [case.delimiter.join(row) + ending for row in rows]
    if case.style == "comments":
        lines = ["# a comment, with; all\tdelimiters", *(f"{line} # more" for line in lines)]
    text = ("\r\n" if case.style == "windows" else "\n").join(lines) + "\n"
    return text.encode(case.encoding)


def _text(case: Case) -> bytes:
    quote = '"' if case.style == "quoted" else ""
    names = [f"{quote}{name}{quote}" for name in _names(case)]
    rows = [[_cell(value, case) for value in row] for row in WEIGHTS]
    # A corner without quotes would vanish where white space divides.
    corner = '""' if case.delimiter == " " else ""
    if case.names == "counted":
        names = [str(number + 1) for number in range(4)]
    if case.names in ("rows", "both", "corner", "counted"):
        rows = [[name, *row] for name, row in zip(names, rows, strict=True)]
    if case.names in ("columns", "both", "corner", "counted"):
        rows.insert(0, [corner, *names] if case.names in ("corner", "counted") else names)
    return _lines(rows, case)


def _edges(case: Case) -> bytes:
    quote = '"' if case.style == "quoted" else ""
    names = [f"{quote}{name}{quote}" for name in _names(case)]
    rows = [[names[j], names[i], _cell(WEIGHTS[i, j], case)] for i, j in np.argwhere(WEIGHTS)]
    return _lines([["from", "to", "weight"], *rows] if case.names == "both" else rows, case)


def _zip(compressed: bool) -> bytes:
    texts = {
        "tract_lengths_4.txt": "\n".join(" ".join(f"{x:.17g}" for x in row) for row in LENGTHS),
        "centers.txt": "\n".join(f"r{i} {i} {2 * i} 0" for i in range(4)),
        "__MACOSX/._weights.txt": "\0",
        "weights.txt": "\n".join(" ".join(f"{x:.17g}" for x in row) for row in WEIGHTS),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            content = text.encode()
            if compressed and not name.startswith("__"):
                name, content = f"{name}.bz2", bz2.compress(content)
            archive.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


def _arrays(form: str) -> bytes:
    """The same arrays as NumPy, MATLAB and h5py write them."""
    names = [f"r{i}" for i in range(4)]
    file = io.BytesIO()
    if form == "npz":
        np.savez_compressed(file, weights=WEIGHTS, tract_lengths=LENGTHS, labels=names)
    elif form == "mat":
        labels = np.array(names, dtype=object)
        arrays = {"weights": WEIGHTS, "tract_lengths": LENGTHS, "labels": labels}
        scipy.io.savemat(file, arrays, do_compression=True)
    else:
        with h5py.File(file, "w") as written:
            written["weights"], written["tract_lengths"] = WEIGHTS, LENGTHS
            written["labels"] = names
    return file.getvalue()


def _graphml() -> bytes:
    nodes = "".join(f'<node id="n{i}"><data key="a">{REGIONS[i]}</data></node>' for i in range(4))
    edges = "".join(
        f'<edge source="n{j}" target="n{i}"><data key="b">{float(WEIGHTS[i, j])!r}</data></edge>'
        for i, j in np.argwhere(WEIGHTS)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><graphml xmlns="http://graphml.graphdrawing.org/'
        'xmlns"><key id="a" for="node" attr.name="name"/><key id="b" for="edge" '
        f'attr.name="weight"/><graph edgedefault="directed">{nodes}{edges}</graph></graphml>'
    ).encode()


def _written(case: Case) -> tuple[str, bytes]:
    if case.form == "npy":
        file = io.BytesIO()
        np.save(file, WEIGHTS)
        return "a.npy", file.getvalue()
    if case.form in ("npz", "mat", "h5"):
        return f"a.{case.form}", _arrays(case.form)
    if case.form in UNSAFE:
        return "a.zip", _zip(case.form == "zip.bz2")
    if case.form == "graphml":
        return "a.graphml", _graphml()
    return "a.txt", _edges(case) if case.form == "edges" else _text(case)


def _changed(content: bytes, case: Case) -> bytes:
    if case.kind == "none":
        return content
    return damage.damaged(content, case.kind, at=int(case.where * len(content)), what=case.what)


def check(case: Case) -> str:
    """Return "ok", "refused", or what went wrong."""
    name, content = _written(case)
    options: dict = {"kind": "edges", "symmetric": False} if case.form == "edges" else {}
    options |= {"weight": "weight"} if case.form == "graphml" else {}
    changed = _changed(content, case)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        path = pathlib.Path(folder) / name
        path.write_bytes(changed)
        try:
            found = load_connectome(path, normalisation="none", **options)
        except ConnectomeError as error:
            return "refused" if changed != content else f"refused what is well formed: {error}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    if changed != content and case.form not in UNSAFE:
        # These have no checksum: any sane numbers are right.
        sane = np.isfinite(found.weights).all() and (found.weights >= 0).all()
        return "ok" if sane else "numbers that make no sense"
    weights, names = WEIGHTS, _names(case)
    if case.form == "edges":
        order = [names.index(name) for name in found.regions or ()]
        weights, names = WEIGHTS[np.ix_(order, order)], tuple(names[one] for one in order)
    elif case.form in (*UNSAFE, "h5"):
        names = tuple(f"r{i}" for i in range(4))
    elif case.form == "graphml":
        names = REGIONS
    elif case.form == "npy" or case.names in ("none", "counted"):
        names = tuple(f"region_{i:03d}" for i in range(4))
    if not np.array_equal(found.weights, weights):
        return "other weights than were written"
    if found.regions != names:
        return f"other names than were written: {found.regions}"
    if case.form in UNSAFE and not np.array_equal(found.tract_lengths, LENGTHS):
        return "other lengths than were written"
    return "ok"
