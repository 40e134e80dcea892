"""Strange numbers as arguments of public functions: one clear error, or an answer without infinity.

`cases` yields which argument of which call gets which value; `check` says "ok", "refused" (a
ValueError or TypeError), or what went wrong.
"""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import wetcow as wc

SLOWEST = 30.0  # seconds; what takes longer was not refused before work started

STRANGE: dict[str, Any] = {
    "nan": np.nan,
    "infinity": np.inf,
    "minus infinity": -np.inf,
    "huge": 1e308,
    "minus huge": -1e308,
    "tiny": 5e-324,
    "a large index": 2**40,
    "a larger integer": 10**400,
    "minus one": -1,
    "zero": 0,
    "a half": 0.5,
    "text": "1.0",
    "nothing": None,
    "a truth value": True,
    "complex": 1 + 2j,
    "empty": np.array([]),
    "masked": np.ma.array([1.0, 2.0], mask=[True, False]),
    "ragged": [[1.0], [2.0, 3.0]],
    "objects": np.array([{}, None]),
    "deep": [[[[[1.0]]]]],
    "negative zero": -0.0,
}


class Case(NamedTuple):
    """Argument `name` of call `call` is the value called `value`."""

    call: str
    name: str
    value: str


@functools.cache
def _run() -> Any:
    return wc.simulate(wc.Mode(gamma=[1.0, 1.5]), t1=30.0, num_samples=301)


def _sparse(rows: Any, columns: Any, values: Any, size: Any) -> wc.Sparse:
    return wc.Sparse(rows=rows, columns=columns, values=values, size=size)


def _simulate(**arguments: Any) -> Any:
    return wc.simulate(wc.Mode(gamma=[1.0, 1.5]), **arguments).a.values


def _sweep(**arguments: Any) -> Any:
    reduce = {"order": wc.synchrony.MeanOrder()}
    return wc.sweep(wc.Mode(gamma=1.0), record=False, reduce=reduce, **arguments)["order"].values


def _rate(**parameters: Any) -> Any:
    return np.asarray(wc.Mode(**parameters).spiking_frequency())


def _memory(**arguments: Any) -> Any:
    return wc.memorize(wc.Mode(gamma=1.5), **arguments).coupling.matrix()


CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "Mode": (
        _rate,
        {"gamma": 1.0, "omega": 1.0, "w_a": 2.0, "w_phi": 2.0, "psi": 0.6, "alpha": 3.0},
    ),
    "Sparse": (_sparse, {"rows": [0, 1], "columns": [1, 0], "values": [0.1, 0.2], "size": 2}),
    "simulate": (
        _simulate,
        {
            "t0": 0.0,
            "t1": 3.0,
            "num_samples": 11,
            "rtol": 1e-6,
            "atol": 1e-8,
            "a0": 0.1,
            "seed": 0,
            "modes": [0],
            "max_steps": 10**6,
        },
    ),
    "fixed steps": (_simulate, {"t1": 1.0, "num_samples": 5, "dt": 0.1, "noise": 0.1, "seed": 0}),
    "sweep": (
        _sweep,
        {"t1": 3.0, "num_samples": 11, "gamma": [0.5, 1.0], "seed": [0, 1], "noise": 0.0},
    ),
    "spiking_frequency": (lambda after: wc.spiking_frequency(_run(), after=after), {"after": 5.0}),
    "phase_locking": (lambda after: wc.phase_locking(_run(), after=after), {"after": 5.0}),
    "time_to_synchrony": (
        lambda **arguments: wc.time_to_synchrony(_run(), **arguments),
        {"threshold": 0.9, "period": 1.0},
    ),
    "memorize": (
        _memory,
        {
            "omega": [0.9, 1.0, 1.1],
            "background": 0.4,
            "max_weight": 1.0,
            "max_phase": 1.5,
            "seed": 0,
        },
    ),
    "response": (lambda c: np.stack(wc.response(c)), {"c": 1.0}),
}


def cases(seed: int, number: int) -> Iterator[Case]:
    """Yield `number` cases that follow from the seed."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        call = str(rng.choice([*CALLS]))
        name = str(rng.choice([*CALLS[call][1]]))
        yield Case(call=call, name=name, value=str(rng.choice([*STRANGE])))


def check(case: Case) -> str:
    """Return "ok", "refused", or what went wrong."""
    function, arguments = CALLS[case.call]
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            changed = arguments | {case.name: STRANGE[case.value]}
            found = function(**changed)
        except (ValueError, TypeError) as error:
            return "refused" if str(error) else "an error without a word"
        except wc.SimulationError:
            return "refused"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    if time.perf_counter() - began > SLOWEST:
        return "took too long"
    values = np.asarray(getattr(found, "values", found))
    infinite = values.dtype.kind in "fc" and np.isinf(values).any()
    allowed = case.call == "time_to_synchrony"  # infinite where synchrony is never reached
    return "an infinite answer" if infinite and not allowed else "ok"
