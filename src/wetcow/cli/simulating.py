"""The command ``wetcow simulate``: run a configuration, save it, and say what came out."""

from __future__ import annotations

import pathlib
import sys
import time
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from wetcow import synchrony
from wetcow.cli.output import PICTURES, check_json, console, versions, write_json
from wetcow.config import Config, load_config
from wetcow.files import save_figure
from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.network import Network
from wetcow.simulation.results import save_run
from wetcow.simulation.simulate import simulate
from wetcow.simulation.store import discard_run
from wetcow.simulation.sweep import sweep

if TYPE_CHECKING:
    import xarray as xr

MOST_SHOWN = 20  # modes in the table; the JSON has all
SAME_FREQUENCY = 1e-6  # relative; the accuracy of the exact ones
THRESHOLD = 0.99  # of the order parameter, for synchrony
KNOWN = ("frequency_exact", "frequency_analytic", "criticality")


def run(
    path: pathlib.Path,
    out: pathlib.Path | None,
    seed: int | None,
    json_file: str | None,
    plot: pathlib.Path | None,
    progress: bool,
    restart: bool = False,
) -> None:
    """Simulate the configuration at `path`; see the command's help for the other parameters."""
    check_json(json_file)
    if out is not None and out.suffix not in (".nc", ".zarr"):
        raise ValueError(f"--out must end in .nc or .zarr, got {out.name!r}")
    if plot is not None and plot.suffix not in PICTURES:
        raise ValueError(f"--plot must end in one of {', '.join(PICTURES)}, got {plot.name!r}")
    config = load_config(path, seed)
    system = config.build()
    if restart and out is not None and out.suffix == ".zarr":
        discard_run(out)
    results, seconds = _simulate(config, system, out, progress)
    summary = summarize_sweep(results, system) if config.sweep else summarize(results, system)
    report = {
        "config": path,
        "out": out,
        "plot": plot,
        **summary,
        "seed": config.simulation.seed,
        "seconds": seconds,
        "versions": versions(),
    }
    if plot is not None:
        from wetcow.plotting.kinds import plot as draw

        save_figure(draw(results), plot, dpi=150)
    (_print_sweep if config.sweep else _print)(report, json_file)
    write_json(report, json_file)


def _simulate(
    config: Config, system: System, out: pathlib.Path | None, progress: bool
) -> tuple[xr.Dataset, float]:
    """Run and save; a zarr folder grows while running, and is continued if it is unfinished."""
    if progress := progress and sys.stderr.isatty():
        import rich

        rich.reconfigure(stderr=True)  # stdout is for results
    growing = out if out is not None and out.suffix == ".zarr" else None
    start = time.perf_counter()
    settings = config.simulation.model_dump()
    if config.sweep:
        del settings["modes"]
        settings |= config.swept()
        results = sweep(system, path=growing, progress=progress, **settings)
    else:
        results = simulate(system, path=growing, progress=progress, **settings)
    seconds = time.perf_counter() - start
    if out is not None and growing is None:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_run(results, out)
    return results, seconds


def _known_frequencies(system: System) -> tuple[str | None, dict[str, Any]]:
    """What the exact and analytic frequencies are of, and those; None where there are none.

    They are those of single modes. A network has them if it has a synchronized motion: without
    delays, and if then all modes turn at one frequency.
    """
    network = isinstance(system, Network)
    if network and not system.delays[1]:
        modes, of = system.synchronized(), "synchronized motion"
    elif isinstance(system, Mode):
        modes, of = system, "each mode"
    else:
        return None, {}
    if not np.all(np.asarray(modes.omega) > 0):
        return None, {}
    exact = np.asarray(modes.spiking_frequency("exact"))
    if network and np.ptp(exact) > SAME_FREQUENCY * np.max(exact):
        return None, {}
    values = (exact, modes.spiking_frequency("analytic"), modes.criticality)
    return of, dict(zip(KNOWN, values, strict=True))


def _frequencies(run: xr.Dataset) -> xr.DataArray:
    """Measured frequencies; NaN, which tables show, where there were too few spikes to say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return synchrony.spiking_frequency(run)


def summarize(results: xr.Dataset, system: System) -> dict[str, Any]:
    """Frequencies of each recorded mode, order parameter and time to synchrony.

    Parameters
    ----------
    results : xarray.Dataset
        From `simulate`.
    system : System
        What was simulated.

    Returns
    -------
    dict
        ``modes`` has one entry per recorded mode: measured frequency (second half of the run), and
        exact and analytic [14] ones (without noise) where they are defined, radians/time; for
        networks these are of the synchronized motion. ``time_to_synchrony`` is infinite if not
        reached, and None for a single mode.
    """
    columns = {"frequency_measured": _frequencies(results).values}
    of, known = _known_frequencies(system)
    for name, value in known.items():
        columns[name] = np.broadcast_to(value, system.size)[results["mode"].values]
    modes = [
        {"mode": int(mode), **{name: float(value[i]) for name, value in columns.items()}}
        for i, mode in enumerate(results["mode"].values)
    ]
    summary = {
        "system": type(system).__name__,
        "n_modes": system.size,
        "t0": results.attrs["t0"],
        "t1": results.attrs["t1"],
        "num_samples": results.attrs["num_samples"],
        "exact_frequencies_of": of,
        "modes": modes,
        "order_parameter": None,
        "time_to_synchrony": None,
        "time_to_synchrony_unit": None,
    }
    if len(modes) > 1:
        order = synchrony.order_parameter(results).values
        omega = np.mean(results.attrs.get("omega", 0.0))
        in_periods = omega > 0  # neurons have no linear period
        reached = synchrony.time_to_synchrony(
            results, THRESHOLD, period=None if in_periods else 1.0
        )
        summary["order_parameter"] = {
            "initial": order[0],
            "second_half": order[order.size // 2 :].mean(),
            "final": order[-1],
        }
        summary["time_to_synchrony"] = float(reached)
        summary["time_to_synchrony_unit"] = "periods" if in_periods else "time"
    return summary


def summarize_sweep(results: xr.Dataset, system: System) -> dict[str, Any]:
    """Order parameter and mean frequency of each run of a sweep.

    Parameters
    ----------
    results : xarray.Dataset
        From `sweep`.
    system : System
        What was simulated.

    Returns
    -------
    dict
        ``runs`` has one entry per combination: its values, the mean over modes of the measured
        frequency, radians/time, and for networks the order parameter's mean over the second half.
    """
    dims = [name for name in results["a"].dims if name not in ("time", "mode")]
    runs = []
    for position in np.ndindex(*(results.sizes[name] for name in dims)):
        one = results.isel(dict(zip(dims, position, strict=True)))
        values = {name: np.asarray(one[name]).tolist() for name in dims}
        order = synchrony.order_parameter(one).values if system.size > 1 else None
        runs.append(
            {
                **values,
                "frequency": float(_frequencies(one).mean()),
                "order_parameter": None if order is None else order[order.size // 2 :].mean(),
            }
        )
    return {
        "system": type(system).__name__,
        "n_modes": system.size,
        "t0": results.attrs["t0"],
        "t1": results.attrs["t1"],
        "num_samples": results.attrs["num_samples"],
        "swept": dims,
        "runs": runs,
    }


def _print_sweep(report: dict[str, Any], json_file: str | None) -> None:
    from rich.table import Table

    screen = console(json_file)
    table = Table(title=f"{report['system']}, {len(report['runs'])} runs", title_justify="left")
    columns = (*report["swept"], "frequency", "order_parameter")
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for one in report["runs"][:MOST_SHOWN]:
        table.add_row(*("" if one[name] is None else f"{one[name]:.6g}" for name in columns))
    screen.print(table)
    if len(report["runs"]) > MOST_SHOWN:
        screen.print(f"and {len(report['runs']) - MOST_SHOWN} more runs; --json has all")
    for name in ("out", "plot"):
        if report[name] is not None:
            screen.print(f"wrote {report[name]}", soft_wrap=True)


def _print(report: dict[str, Any], json_file: str | None) -> None:
    from rich.table import Table

    screen = console(json_file)
    several = "modes" if report["n_modes"] > 1 else "mode"
    heading = (
        f"{report['system']}, {report['n_modes']} {several}, t = {report['t0']:g}…{report['t1']:g}"
    )
    table = Table("mode", title=heading, title_justify="left")
    columns = {"frequency_measured": "frequency"}
    if report["exact_frequencies_of"]:
        columns |= {name: name.removeprefix("frequency_") for name in KNOWN}
    for title in columns.values():
        table.add_column(title, justify="right")
    for mode in report["modes"][:MOST_SHOWN]:
        table.add_row(str(mode["mode"]), *(f"{mode[name]:.5f}" for name in columns))
    screen.print(table)
    for line in _lines(report):
        screen.print(line, soft_wrap=True)


def _lines(report: dict[str, Any]) -> Iterator[str]:
    """What is said below the table."""
    left_out = len(report["modes"]) - MOST_SHOWN
    if left_out > 0:
        yield f"and {left_out} more modes; --json has all"
    if report["exact_frequencies_of"] == "synchronized motion":
        yield "exact, analytic and criticality are those of the synchronized motion"
    order, reached = report["order_parameter"], report["time_to_synchrony"]
    if order is not None:
        yield (
            f"order parameter: {order['initial']:.4f} at the start, {order['second_half']:.4f} in "
            f"the second half, {order['final']:.4f} at the end"
        )
        unit = {"periods": "linear periods", "time": "time units"}[report["time_to_synchrony_unit"]]
        when = f"after {reached:.2f} {unit}" if np.isfinite(reached) else "not reached"
        when = "not defined, fewer than two modes move" if np.isnan(reached) else when
        yield f"synchrony (order parameter ≥ {THRESHOLD}): {when}"
    yield f"integrated in {report['seconds']:.2f} s"
    for name in ("out", "plot"):
        if report[name] is not None:
            yield f"wrote {report[name]}"
    if report["out"] is None:
        yield "the trajectory was not saved; --out run.nc or run.zarr keeps it"
