"""All measurements of `wetcow bench`, part by part."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from wetcow.bench import brains, devices, growth, kuramoto, limits, methods, peers, sweeps
from wetcow.bench.brain_fits import brain_bold, brain_fits
from wetcow.bench.peer import Peer, measure
from wetcow.bench.problem import problem


class BenchSizes(NamedTuple):
    """What is measured.

    Attributes
    ----------
    read : int
        Bytes that are read to find the speed of memory.
    product_side : int
        Rows of the square matrices whose product finds the speed of arithmetic.
    dense, sparse, sheets, batch : list of int
        Modes of networks, and sides of sheets, beside the machine's limits.
    states : int
        Side by side, for `batch`.
    growing : dict of str to list of int
        Modes of networks that run.
    runs, steps : list of int
        Numbers of runs side by side, and of steps, of a small network.
    single : int
        Single modes in a sweep.
    compared : int
        Modes for methods of integration.
    shared : list of int
        Modes of networks that processes share.
    sweeps : list of int
        Runs of a small network that devices share.
    beside : list of int
        Modes of networks that other simulators run too.
    phases : list of int
        Kuramoto oscillators that another simulator runs too.
    brains : list of int
        Regions of brains whose links take time.
    biology : float
        Seconds of biology that these run.
    bold : list of int
        Regions of measured brains whose BOLD is simulated: of 84, 94 and 370.
    effort : float
        Of the steps and seconds of fits of brains, and of BOLD.
    """

    read: int
    product_side: int
    dense: list[int]
    sparse: list[int]
    sheets: list[int]
    batch: list[int]
    states: int
    growing: dict[str, list[int]]
    runs: list[int]
    steps: list[int]
    single: int
    compared: int
    shared: list[int]
    sweeps: list[int]
    beside: list[int]
    phases: list[int]
    brains: list[int]
    biology: float
    bold: list[int]
    effort: float


_POWERS = [4**k for k in range(8)]
FULL = BenchSizes(
    read=2**30,  # far beyond any cache; that of some servers has 2**28
    product_side=2048,
    dense=[*_POWERS[2:6], 2048, 4096, 8192],
    sparse=[1_000, 10_000, 100_000, 1_000_000],
    sheets=[64, 256, 1024],
    batch=[64, 256, 1024, 4096],
    states=64,
    growing={
        "dense": _POWERS,
        "sparse": [1_000, 10_000, 100_000, 1_000_000],
        "sheet": [64**2, 256**2, 1024**2],
    },
    runs=[1, 16, 256, 4096],
    steps=[100, 1_000, 10_000],
    single=10_000,
    compared=64,
    shared=[256, 1024, 4096, 8192],
    sweeps=[16, 64, 256, 1024],
    beside=[1, 16, 64, 256, 1024, 10_000],
    phases=[64, 1_024, 16_384],
    brains=[76, 94, 300, 1_000],
    biology=brains.BIOLOGY,
    bold=[84, 94, 370],
    effort=1.0,
)
QUICK = BenchSizes(
    read=2**22,
    product_side=256,
    dense=[16],
    sparse=[200],
    sheets=[32],
    batch=[64],
    states=8,
    growing={"dense": [4, 64], "sparse": [200, 1_000], "sheet": [16**2, 32**2]},
    runs=[1, 16],
    steps=[10, 100],
    single=100,
    compared=4,
    shared=[16],
    sweeps=[4],
    beside=[2],
    phases=[8],
    brains=[6],
    biology=0.1,
    bold=[84],
    effort=0.02,
)


def _limits(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    machine = [limits.machine_limits(sizes.read, sizes.product_side)]
    rows = limits.of_dense(sizes.dense, seed)
    machine.append(limits.machine_limits(sizes.read, sizes.product_side))
    rows += limits.batch(sizes.batch, sizes.states, seed)
    rows += limits.of_sparse(sizes.sparse, seed)
    rows += limits.sheets(sizes.sheets, seed)
    machine.append(limits.machine_limits(sizes.read, sizes.product_side))
    yield from limits.of_limits(rows, machine)


def _growth(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    for kind, numbers in sizes.growing.items():
        yield from growth.with_size(kind, numbers, seed)
    yield from growth.with_batch(10, sizes.runs, seed)
    yield from growth.with_time(64, sizes.steps, seed)
    yield growth.many_modes(sizes.single)


def _methods(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    yield from methods.compare(sizes.compared, 20.0, seed)


def _devices(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    yield from devices.processes([1, 2], sizes.shared, seed)


def _sweeps(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    yield from sweeps.shared([1, 2], 16, sizes.sweeps, seed)


_SPAN, _SHORT, _LARGE = 20.0, 2.0, 4096  # units of time, fewer with more modes than so many
# Modes; more take too long to compile, or the memory of 10⁸ synapses.
_LARGEST = {"jitcode": 256, "brian2": 4096, "brian2 staged": 4096}
_LEAST = {"brian2": 2, "brian2 staged": 2}  # modes; it wants links
# Tolerances, steps. Of these each method has some on both sides of the error it is compared at.
_ACCURACIES = {
    True: [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8],
    False: [1.0, 0.7, 0.5, 0.35, 0.2, 0.1, 0.03, 0.01],
}
_FINEST = {"wetcow single": 1e-6}  # tolerance; rounding lets none be smaller


def _beside(
    what: str, problem: Any, span: float, exact: np.ndarray, all_peers: dict[str, Peer]
) -> Iterator[dict[str, Any]]:
    size = problem.size
    for name, peer in all_peers.items():
        if not _LEAST.get(name, 0) <= size <= _LARGEST.get(name, size):
            continue
        try:
            finest = _FINEST.get(name, 0.0)
            accuracies = [one for one in _ACCURACIES[peer.adaptive] if one >= finest]
            rows = measure(name, peer, problem, span, accuracies, exact)
        except ImportError as error:
            rows = [{"method": name, "n": size, "missing": str(error)}]
        yield from ({"what": what, "span": span, **row} for row in rows)


def _peers(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    for size in sizes.beside:
        one = problem(size, seed)
        span = _SPAN if size <= _LARGE else _SHORT
        yield from _beside("peer", one, span, peers.reference(one, span), peers.PEERS)


def _kuramoto(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    for size in sizes.phases:
        one = kuramoto.mean_field(size, seed)
        exact = kuramoto.kuramoto_reference(one, _SPAN)
        yield from _beside("kuramoto", one, _SPAN, exact, kuramoto.KURAMOTO_PEERS)


def _brains(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    yield from brains.brains(sizes.brains, sizes.biology, seed)


def _fits(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    yield from brain_fits(sizes.effort)


def _bold(sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    yield from brain_bold(sizes.bold, sizes.effort)


Measurement = Callable[[BenchSizes, int], Iterator[dict[str, Any]]]
PARTS: dict[str, Measurement] = {
    "limits": _limits,
    "growth": _growth,
    "methods": _methods,
    "devices": _devices,
    "sweeps": _sweeps,
    "peers": _peers,
    "kuramoto": _kuramoto,
    "brains": _brains,
    "fits": _fits,
    "bold": _bold,
}


def run(
    parts: list[str],
    sizes: BenchSizes,
    seed: int,
    keep: Callable[[dict[str, Any]], None],
    tell: Callable[[int], None],
) -> dict[str, list[dict[str, Any]]]:
    """Measure.

    Parameters
    ----------
    parts : list of str
        Keys of `PARTS`.
    sizes : BenchSizes
        `FULL` or `QUICK`.
    seed : int
        Of networks and states.
    keep : callable
        Given all rows so far, after each.
    tell : callable
        Told how many parts are complete.

    Returns
    -------
    dict of str to list of dict
        Rows of each part.

    Raises
    ------
    ChildProcessError
        If the process of a part is killed.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for done, part in enumerate(parts, 1):
        rows = found[part] = []
        for row in _apart(part, sizes, seed):
            rows.append(row)
            keep(found)
        tell(done)
    return found


def _apart(part: str, sizes: BenchSizes, seed: int) -> Iterator[dict[str, Any]]:
    """Measure in a process that gives all its memory back: the largest part needs most of it."""
    spawned = multiprocessing.get_context("spawn")
    receiving, sending = spawned.Pipe(duplex=False)
    process = spawned.Process(target=_send, args=(sending, PARTS[part], sizes, seed))
    process.start()
    sending.close()  # here, or its end would not be seen
    try:
        while (row := receiving.recv()) is not None:
            if isinstance(row, Exception):
                raise row
            yield row
    except EOFError:
        raise ChildProcessError(
            f"{part} was killed; perhaps it needs more memory than there is"
        ) from None
    finally:
        process.terminate()  # if this one is interrupted
        process.join()


def _send(sending: Any, measurement: Measurement, sizes: BenchSizes, seed: int) -> None:
    try:
        for row in measurement(sizes, seed):
            sending.send(row)
        sending.send(None)  # the end; without it, this was killed
    except KeyboardInterrupt:
        pass  # the process that waits is interrupted, too, and says so
    except Exception as error:
        sending.send(error)
