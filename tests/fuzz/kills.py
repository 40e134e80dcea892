"""Writers that are killed at any time: the old result or the new one is there, whole.

`cases` yields when which writer is killed; `check` says "ok" or what went wrong.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

import wetcow as wc

LONGEST = 0.5  # seconds, some times what one writing takes
WRITER = """
import sys
import numpy as np, xarray as xr
import wetcow as wc
number = 0
while True:
    run = xr.Dataset({"a": (("time", "mode"), np.full((20_000, 20), number * 1j))})
    wc.save_run(run.assign_attrs(number=number), sys.argv[1])
    print(number, flush=True) if number < 2 else None
    number += 1
"""


class Case(NamedTuple):
    """A writer of one kind of file, and the seconds after which it is killed."""

    suffix: str
    after: float


def cases(seed: int, number: int) -> Iterator[Case]:
    """Yield `number` cases that follow from the seed."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        yield Case(suffix=str(rng.choice([".nc", ".zarr"])), after=LONGEST * rng.random())


def check(case: Case) -> str:
    """Return "ok", or what went wrong."""
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name, f"run{case.suffix}")
        command = [sys.executable, "-W", "ignore", "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert [writer.stdout.readline().strip() for _ in range(2)] == ["0", "1"]
            time.sleep(case.after)
            writer.kill()
        try:
            found = wc.load_run(path)
        except Exception as error:
            return f"lost: {type(error).__name__}: {error}"
        if not np.all(found["a"].values == found.attrs["number"] * 1j):
            return "a mixture of two results"
        wc.save_run(xr.Dataset(), path)
        left = [one.name for one in path.parent.iterdir() if one != path]
        return f"leftovers: {left}" if left else "ok"
