"""What a gradient through a simulation costs, and how exact it is, by adjoint method.

    python benchmarks/gradients.py --json benchmarks/gradients.json

The network of `wetcow bench`, double precision, tolerances 1e-6 and 1e-8. The value is the mean of
|a|² over all modes and samples, and its gradient is by all R_ij (forward mode: by one strength that
multiplies them). Seconds are the best of some calls without compilation, and memory is what the
compiled program allocates besides its arguments; both are also given as ratios to one simulation.
The error of a gradient is its distance from that of back-propagation at a tolerance of 1e-11, in
units of its length. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import datetime
import os
import time
from collections.abc import Callable
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

import wetcow as wc
from wetcow.bench.clock import best_seconds
from wetcow.bench.problem import Problem, problem
from wetcow.cli.output import console, machine, versions, write_json

SPANS, SIZES = (10.0, 20.0, 40.0, 80.0), (10, 100, 400)
SPAN, SIZE = 20.0, 100  # while the other varies
PER_TIME = 1.0  # samples
TIGHT = 1e-11
ADJOINTS: dict[str, tuple[diffrax.AbstractAdjoint, float]] = {
    "checkpoints, bound of 100,000 steps": (diffrax.RecursiveCheckpointAdjoint(), 100_000),
    "checkpoints, tight bound": (diffrax.RecursiveCheckpointAdjoint(), 0),
    "direct, tight bound": (diffrax.DirectAdjoint(), 0),
    "backwards in time": (diffrax.BacksolveAdjoint(), 100_000),
    "forward mode, one parameter": (diffrax.ForwardMode(), 0),
}
"""Adjoint, and the bound on steps; 0 stands for a tight one, see `bound_of`."""


def value(
    one: Problem, span: float, adjoint: Any, max_steps: int | None, tolerance: float = 1e-6
) -> Callable:
    """Function of Re R and Im R, (2, n, n): the mean of |a|²."""
    times = jnp.linspace(0, span, round(PER_TIME * span) + 1)
    settings: Any = {"rtol": tolerance, "atol": tolerance / 100, "max_steps": max_steps}

    def mean(parts: Any) -> Any:
        net = wc.Network(
            gamma=one.gamma,
            omega=jnp.asarray(one.omega),
            coupling=wc.Dense(jax.lax.complex(*parts)),
        )
        a = wc.integrate(net, jnp.asarray(one.a0), times, adjoint=adjoint, **settings)
        return jnp.mean(a.real**2 + a.imag**2)

    return mean


def bound_of(one: Problem, span: float, tolerance: float) -> int:
    """Bound on the steps of a simulation: the smallest power of two that suffices."""
    bound = 16
    while True:
        found = value(one, span, None, bound, tolerance)(_parts(one))
        if np.isfinite(found):
            return bound
        bound *= 2


def _parts(one: Problem) -> Any:
    return jnp.stack([jnp.asarray(one.r.real), jnp.asarray(one.r.imag)])


def cost(function: Callable, argument: Any) -> dict[str, float]:
    """Seconds and megabytes of one call, and seconds of compilation."""
    began = time.perf_counter()
    compiled = jax.jit(function).lower(argument).compile()
    compiling = time.perf_counter() - began
    memory: Any = compiled.memory_analysis()
    size = memory.temp_size_in_bytes + memory.output_size_in_bytes
    seconds = best_seconds(lambda: compiled(argument))
    return {"compile_seconds": compiling, "seconds": seconds, "megabytes": size / 1e6}


def measure(size: int, span: float, seed: int) -> list[dict[str, Any]]:
    """One network and span of time: the simulation alone, and each adjoint."""
    one = problem(size, seed)
    parts = _parts(one)
    bound = bound_of(one, span, 1e-6)
    alone = cost(value(one, span, None, None), parts)
    rows = [{"n": size, "span": span, "method": "simulation", "bound": None, **alone}]
    tight = bound_of(one, span, TIGHT)
    exact = jax.jit(jax.grad(value(one, span, None, tight, TIGHT)))(parts)
    for name, (adjoint, steps) in ADJOINTS.items():
        function = value(one, span, adjoint, int(steps) or bound)
        if isinstance(adjoint, diffrax.ForwardMode):
            wanted = jnp.sum(exact * parts)

            def both(parts, function=function):
                scaled = lambda strength: function(strength * parts)  # noqa: E731
                return jax.jvp(scaled, (1.0,), (1.0,))
        else:
            wanted = exact
            both = jax.value_and_grad(function)
        row = cost(both, parts)
        found = jax.jit(both)(parts)[1]
        error = jnp.linalg.norm(jnp.ravel(found - wanted)) / jnp.linalg.norm(jnp.ravel(wanted))
        rows.append(
            {
                "n": size,
                "span": span,
                "method": name,
                "bound": int(steps) or bound,
                **row,
                "time_ratio": row["seconds"] / alone["seconds"],
                "memory_ratio": row["megabytes"] / alone["megabytes"],
                "error": float(error),
            }
        )
    return rows


def main() -> None:
    """Parse the command line, measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="small ones only, to see that it runs")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    cases = [(SIZE, span) for span in SPANS] + [(size, SPAN) for size in SIZES if size != SIZE]
    if options.quick:
        cases = [(4, 5.0)]
    screen, rows = console(options.json), []
    with jax.enable_x64(True):
        for size, span in cases:
            for row in measure(size, span, options.seed):
                rows.append(row)
                ratios = "".join(
                    f", {key.replace('_', ' ')} {row[key]:.3g}"
                    for key in ("time_ratio", "memory_ratio", "error")
                    if key in row
                )
                screen.print(
                    f"{size} modes, {span:g} units, {row['method']}: "
                    f"{1e3 * row['seconds']:.3g} ms, {row['megabytes']:.3g} MB{ratios}"
                )
            report = {
                "date": datetime.date.today().isoformat(),
                "machine": machine(),
                "cores": os.cpu_count(),
                "versions": versions(),
                "seed": options.seed,
                "rows": rows,
            }
            write_json(report, options.json)


if __name__ == "__main__":
    main()
