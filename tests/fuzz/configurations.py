"""Mutated configurations: each builds, or is refused by one clear error that names a key.

``cases(seed, number)`` draws mutations of valid files, ``check(case)`` says what became of one.
"""

from __future__ import annotations

import copy
import math
import pathlib
import tempfile
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np

from wetcow.config import load_config

Case = str
MOST_MEMORY = 2**28  # bytes that may be asked for while a file is read and built
LONGEST_MESSAGE = 2000

CONSTANTS = {"w_a": 2.2, "w_phi": 2.2, "psi": 0.6, "alpha": 3.0}
NETWORK = {"kind": "network", "gamma": 0.2, "omega": [0.9, 1.0, 1.1], **CONSTANTS}
SIMULATION = {"t1": 20.0, "num_samples": 11, "seed": 3, "noise": 0.0, "modes": [0, 1]}
SEEDS: list[dict[str, Any]] = [
    {"system": {"kind": "mode", "gamma": {"linspace": [0.1, 1.0, 3]}, "omega": 1.0, **CONSTANTS}},
    {"system": {"kind": "mode", "gamma": {"uniform": [0.1, 1.0]}, "n": 4}},
    {"system": {"kind": "mode", "gamma": 0.5, "n": 2}, "sweep": {"gamma": [0.5, 1.0]}},
    {
        "system": NETWORK,
        "coupling": {"kind": "dense", "weight": {"normal": [0.1, 0.02]}, "phase": 0.3},
    },
    {"system": NETWORK, "coupling": {"kind": "dense", "random": {"weight": [0.1, 0.2]}}},
    {
        "system": NETWORK,
        "coupling": {"kind": "sparse", "target": [0, 2], "source": [1, 0], "weight": [0.5, 0.2]},
    },
    {
        "system": NETWORK,
        "coupling": {"kind": "sheet", "shape": [1, 3], "r_real": [[1.0, 0.0, 2.0]]},
    },
    {"system": NETWORK, "coupling": {"kind": "lowrank", "strength": 0.6, "phase": 0.5}},
    {"system": NETWORK, "coupling": {"kind": "delayed", "weight": 0.1, "delay": 0.5}},
    {
        "system": {"kind": "network", "omega": [0.8, 1.0, 1.2, 1.1]},
        "coupling": {"kind": "memory", "target": {"gamma": 1.9}, "background": 0.2},
    },
    {
        "system": {"kind": "lif", "current": 1.5, "n": 3, "tau_m": 2.0},
        "coupling": {"kind": "lowrank", "strength": 0.6},
    },
]
STRANGE: list[Any] = [
    *(2**40, -(2**40), 2**70, 1e308, -1e308, 1e-308, math.nan, math.inf, -math.inf, 0, -1, 0.5),
    *(True, "", "x", "é\u0000", [], [[]], {}, {"a": {}}, [1, "a"], [[1, 2], [1]]),
    *({"linspace": [0, 1, 2**40]}, {"linspace": [1e308, -1e308, 3]}, {"uniform": [1, 0]}),
    *({"uniform": [0, 1], "n": 2**40}, {"normal": [0, -1]}, {"file": "none.npy"}, {"file": 3}),
    *({"lognormal": [1e3, 1e3]}, [2**40], [-1, 0], [1e308, 1e308], [math.nan]),
]


class _Raw(str):
    """TOML that is written as it is."""


def _toml(value: Any) -> str:
    if isinstance(value, _Raw):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\u0000", "\\u0000")
    return f'"{escaped}"'


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, one in items:
        found.append((*path, key))
        if isinstance(one, dict | list):
            found += _places(one, (*path, key))
    return found


def cases(seed: int, number: int) -> Iterator[Case]:
    """Yield the text of `number` configurations, each with one to three mutations."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        tables = copy.deepcopy(SEEDS[rng.integers(len(SEEDS))])
        tables["simulation"] = dict(SIMULATION)
        if "sweep" in tables:
            del tables["simulation"]["modes"]
        for _ in range(rng.integers(1, 4)):
            places = _places(tables)
            if not places:
                break
            *path, last = places[rng.integers(len(places))]
            table: Any = tables
            for key in path:
                table = table[key]
            what = rng.integers(6)
            if what == 0:
                del table[last]
            elif what == 1 and isinstance(table, dict):
                table[f"{last}s"] = table.pop(last)
            elif what == 2:
                depth = int(rng.choice([5, 20, 400, 20_000]))
                table[last] = _Raw(
                    "[" * depth + "]" * depth
                    if rng.integers(2)
                    else '{"a" = ' * depth + "1" + "}" * depth
                )
            else:
                table[last] = copy.deepcopy(STRANGE[rng.integers(len(STRANGE))])
        yield "\n".join(f"{_text(key)} = {_toml(one)}" for key, one in tables.items())


def check(case: Case) -> str:
    """Return "ok", "refused", or what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "config.toml"
        path.write_text(case, encoding="utf-8")
        tracemalloc.start()
        try:
            load_config(path).build()
            answer = "ok"
        except ValueError as error:
            message = str(error)
            answer = "refused"
            if len(message) > LONGEST_MESSAGE or "\n" in message:
                answer = f"a message of {len(message)} characters: {message[:200]!r}"
        except BaseException as error:  # what is looked for: anything else that comes out
            answer = f"{type(error).__name__}: {error}"[:300]
        finally:
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    return answer if most < MOST_MEMORY else f"asked for {most / 1e6:.0f} MB"
