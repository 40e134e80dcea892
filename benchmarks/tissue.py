"""Time maps of dispersion and the wave field, beside the limits of the machine.

    python benchmarks/tissue.py --json tissue.json
    python benchmarks/tissue.py --side 64 --steps 100

Each measurement has a process of its own, so that its peak memory can be told; the first call,
with compilation, and the next one are timed. A map is limited by writing its numbers, measured by
filling a new array of the same size; a step of the field by its sixteen Fourier transforms,
measured as a compiled loop of nothing else.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import json
import multiprocessing
import pathlib
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from learning import machine
from rich.console import Console
from rich.table import Table

from wetcow import Conductivity, dispersion, simulate_field
from wetcow.cli.output import peak_memory_mb, versions
from wetcow.files import plain, write_whole

TRANSFORMS = 16  # of one step: 4 stages with 2 slopes back and 2 fluxes forth


def tissue(grid: tuple[int, ...], seed: int) -> Conductivity:
    """Return smooth, inhomogeneous, anisotropic tissue of single precision; 1 mm voxels."""
    rng = np.random.default_rng(seed)
    dimension = len(grid)
    places = np.meshgrid(*(np.arange(n) / n for n in grid), indexing="ij")
    waves = [
        np.sin(2 * np.pi * (sum(rng.integers(1, 4) * place for place in places) + rng.uniform()))
        for _ in range(dimension)
    ]
    axis = np.stack(waves, -1).astype(np.float32)
    sigma = 0.2 * axis[..., :, None] * axis[..., None, :] + 0.2 * np.eye(dimension)
    return Conductivity(sigma.astype(np.float32), 1e-3, periodic=True)


def twice(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds of the first and of the second call, and what the second returned."""
    seconds, result = [], None
    for _ in range(2):
        result = None  # two large maps need not be held at once
        start = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
    return seconds[0], seconds[1], result


def fastest(call: Callable[[], Any], repeats: int = 5) -> float:
    """Seconds of the fastest of several calls."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


def measure_maps(side: int, waves: int, seed: int) -> dict[str, Any]:
    """Dispersion maps of side³ voxels for as many wave vectors; all five default variables."""
    voxels = tissue((side,) * 3, seed)
    k = np.random.default_rng(seed).normal(size=(waves, 3))
    k *= 300 / np.linalg.norm(k, axis=1)[:, None]
    first, second, maps = twice(lambda: dispersion(voxels, k))
    size, peak = int(maps.nbytes), peak_memory_mb()
    del maps
    return {
        "what": "dispersion",
        "size": f"{side}³ × {waves} waves",
        "first_seconds": first,
        "seconds": second,
        "result_mb": size / 1e6,
        "peak_memory_mb": peak,
        "limit_seconds": fastest(lambda: np.full(size // 4, 1, np.float32)),
    }


def measure_field(side: int, steps: int, seed: int) -> dict[str, Any]:
    """A field of side² voxels, single precision, periodic, eleven samples."""
    plane = tissue((side,) * 2, seed)
    psi0 = np.random.default_rng(seed).normal(size=(side, side)).astype(np.float32)
    step = 0.25 / float(np.linalg.eigvalsh(np.asarray(plane.scaled(), float)).max())
    t1 = step * steps * (1 - 1e-9)
    first, second, field = twice(
        lambda: simulate_field(plane, t1, psi0, num_samples=min(11, steps + 1), dt=step)
    )
    peak = peak_memory_mb()

    @jax.jit
    def transforms(field):
        def one(_, field):
            return jnp.fft.irfft2(jnp.fft.rfft2(field), s=field.shape[-2:])

        return jax.lax.fori_loop(0, TRANSFORMS // 4, one, field)

    both = jnp.stack([psi0, psi0])
    transforms(both).block_until_ready()
    limit = fastest(lambda: transforms(both).block_until_ready(), 20)
    return {
        "what": "wave field",
        "size": f"{side}², {field.attrs['steps']} steps",
        "first_seconds": first,
        "seconds": second,
        "result_mb": field.nbytes / 1e6,
        "peak_memory_mb": peak,
        "limit_seconds": limit * field.attrs["steps"],
    }


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--side", type=int, default=128, help="voxels along each axis of the maps")
    parser.add_argument("--waves", type=int, default=32, help="wave vectors")
    parser.add_argument("--field-side", type=int, default=256)
    parser.add_argument("--steps", type=int, default=1000, help="of the field")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if min(options.side, options.waves, options.field_side, options.steps) < 2:
        parser.error("sizes must be at least 2")
    rows = []
    works: list[tuple[Callable[..., dict[str, Any]], tuple[int, int]]] = [
        (measure_maps, (options.side, options.waves)),
        (measure_field, (options.field_side, options.steps)),
    ]
    for work, size in works:
        # JAX has threads, which do not survive a fork.
        with concurrent.futures.ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn")
        ) as pool:
            rows.append(pool.submit(work, *size, options.seed).result())
    table = Table("", "size", "first (s)", "next (s)", "limit (s)", "ratio", "peak (MB)")
    for row in rows:
        times = row["first_seconds"], row["seconds"], row["limit_seconds"]
        table.add_row(
            row["what"],
            row["size"],
            *(f"{seconds:.2f}" for seconds in times),
            f"{row['seconds'] / row['limit_seconds']:.1f}",
            f"{row['peak_memory_mb']:.0f}",
        )
    Console().print(table)
    if options.json is not None:
        report = {
            "date": datetime.date.today().isoformat(),
            "machine": machine(),
            "versions": versions(),
            "seed": options.seed,
            "rows": rows,
        }
        write_whole(options.json, (json.dumps(plain(report), indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
