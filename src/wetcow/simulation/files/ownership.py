"""Which zarr folders are this package's, so that they may be replaced or moved."""

from __future__ import annotations

import json
import pathlib

from wetcow.simulation.files.checkpoint import CHECKPOINT
from wetcow.simulation.files.packing import CONTENTS

_OWN = (CONTENTS, "identity", "wetcow_version")  # attributes, one of which each version writes
_OF_RUNS = ("mode", "a_real")  # arrays, one of which each run has
_CHECKPOINT = CHECKPOINT.rpartition("/")[2]


def check_ours(path: pathlib.Path) -> None:
    """Check that a folder may be replaced: that all of it was written by this package.

    Raises
    ------
    FileExistsError
        If not.
    """
    advice = "it is not replaced; choose another path"
    if not path.is_dir():
        raise FileExistsError(f"{path} is not a folder of results: {advice}")
    if not _says_ours(path):
        raise FileExistsError(f"{path} was not written by wetcow: {advice}")
    for found in path.iterdir():
        if found.name != "zarr.json" and not (found / "zarr.json").is_file():
            raise FileExistsError(
                f"{path} holds {found.name}, which wetcow did not write: {advice}"
            )


def is_damaged_run(path: pathlib.Path) -> bool:
    """Whether a folder has what is left of a run of this package, and nothing else.

    It holds nothing but arrays of zarr, and its description says that it is this package's; or it
    cannot be read or is missing, but one of the arrays is one that each run has.
    """
    if not path.is_dir():
        return False
    arrays = [found for found in path.iterdir() if found.name != "zarr.json"]
    if not all(map(_holds_an_array, arrays)):
        return False
    says = _says_ours(path)
    return any(found.name in _OF_RUNS for found in arrays) if says is None else says


def _says_ours(path: pathlib.Path) -> bool | None:
    """Whether the description of a folder says that this package wrote it; None: unreadable."""
    try:
        about = json.loads((path / "zarr.json").read_text())
        group, attributes = about["node_type"] == "group", about["attributes"].keys()
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return group and not attributes.isdisjoint(_OWN)


def _holds_an_array(path: pathlib.Path) -> bool:
    """Whether a folder has nothing but the files of a zarr array, and a checkpoint."""
    return path.is_dir() and all(
        one.name in ("zarr.json", "c") or _CHECKPOINT in one.name for one in path.iterdir()
    )
