"""Fit the couplings of a network to a spike pattern by gradient, beside the closed form.

    python examples/fit_network.py --out pictures --json -

A hundred modes of different frequencies are to spike like one mode does. `wetcow.memorize` solves
for couplings with which they do; here w_ij and δ_ij are also searched for, within the same bounds,
by the gradient of the squared difference through the simulation (L-BFGS-B). Both are then judged by
what neither saw: a longer time, and random initial phases. Takes one to three
minutes on two cores.
"""

from __future__ import annotations

import argparse
import datetime
import os
import pathlib
import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import Bounds, minimize

import wetcow as wc
from wetcow.cli.output import console, machine, versions, write_json
from wetcow.files import save_figure

BACKGROUND, MAX_PHASE = 0.4, np.pi / 2
REACH = 2.0  # 1/time: what all links of a mode give together at most
PERIODS, SAMPLES = 2, 40  # of the pattern that is fitted, and samples in each
SETTINGS: dict[str, Any] = {"rtol": 1e-6, "atol": 1e-8, "max_steps": 256}


class Task(NamedTuple):
    """What is to be fitted.

    Attributes
    ----------
    target : Mode
        That the modes are to spike like.
    omega : float array (n,)
        Frequencies of the modes.
    times : float array (k,)
        Of the samples.
    pattern : complex array (k,)
        Amplitude of the target at `times`, on its limit cycle.
    max_weight : float
        Largest w_ij, 1/time.
    """

    target: wc.Mode
    omega: np.ndarray
    times: np.ndarray
    pattern: np.ndarray
    max_weight: float


def task(size: int) -> Task:
    """Build the task for so many modes."""
    target = wc.Mode(gamma=1.5)
    period = 2 * np.pi / float(target.spiking_frequency())
    settled = wc.simulate(target, t1=20 * period, num_samples=2, rtol=1e-10).a.values[-1, 0]
    times = np.linspace(0, PERIODS * period, PERIODS * SAMPLES + 1)
    spikes = wc.simulate(target, t1=times[-1], num_samples=len(times), a0=settled, rtol=1e-10)
    omega = np.linspace(0.1, 1.9, size)
    return Task(target, omega, times, spikes.a.values[:, 0], REACH / (size - 1))


def network(one: Task, weight: Any, phase: Any) -> wc.Network:
    """Network with couplings w_ij and δ_ij, arrays (n, n)."""
    return wc.Network(
        gamma=BACKGROUND, omega=one.omega, coupling=wc.Dense(weight * jnp.exp(-1j * phase))
    )


def loss(parameters: Any, one: Task) -> Any:
    """Mean squared difference from the pattern, in units of the pattern's mean square."""
    start = jnp.full(one.omega.size, one.pattern[0])
    a = wc.integrate(network(one, *parameters), start, one.times, **SETTINGS)
    difference = jnp.abs(a - one.pattern[:, None]) ** 2
    return jnp.mean(difference) / np.mean(np.abs(one.pattern) ** 2)


def fit(
    one: Task, iterations: int, seed: int
) -> tuple[wc.Network, wc.Network, list[tuple[float, float]]]:
    """Search for couplings from random ones on.

    Returns
    -------
    start, found : Network
        With the random couplings, and with those of the search.
    course : list of (seconds, error)
        After each iteration, without compilation; the error is the root of `loss`.
    """
    size = one.omega.size
    links = ~np.eye(size, dtype=bool)
    rng = np.random.default_rng(seed)
    drawn = rng.uniform(size=(2, links.sum())) * [[one.max_weight], [2 * MAX_PHASE]]
    drawn[1] -= MAX_PHASE
    limits = np.repeat([[0, -MAX_PHASE], [one.max_weight, MAX_PHASE]], links.sum(), axis=1)
    scale = np.repeat([one.max_weight, MAX_PHASE], links.sum())  # unknowns of similar size

    def matrices(x: Any) -> Any:
        return jnp.zeros((2, size, size)).at[:, links].set((x * scale).reshape(2, -1))

    with jax.enable_x64(True):
        both = jax.jit(jax.value_and_grad(lambda x: loss(matrices(x), one)))
        x = drawn.ravel() / scale
        jax.block_until_ready(both(x))
        course = [(0.0, float(both(x)[0]) ** 0.5)]
        began = time.perf_counter()

        def note(intermediate_result: Any) -> None:
            error = float(intermediate_result.fun) ** 0.5
            course.append((time.perf_counter() - began, error))

        found = minimize(
            lambda x: jax.tree.map(np.asarray, both(x)),
            x,
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(lb=limits[0] / scale, ub=limits[1] / scale),
            callback=note,
            options={"maxiter": iterations, "maxcor": 20, "ftol": 0, "gtol": 0},
        )
        start, end = (network(one, *np.asarray(matrices(values))) for values in (x, found.x))
    return start, end, course


def judge(net: wc.Network, one: Task, seed: int) -> dict[str, float]:
    """Compare what a network does with what it should.

    Returns
    -------
    dict
        error, error of the fitted span and start; long_error, of a span ten times as long;
        residual, the largest |Σ_j R_ij − needed| of the conditions [28-30], 1/time; from random
        phases, the share of modes within 0.5 % of the target's frequency and the final order.
    """
    end = 10 * one.times[-1]
    samples = 10 * (one.times.size - 1) + 1
    run = wc.simulate(net, t1=end, num_samples=samples, a0=one.pattern[0])
    pattern = wc.simulate(one.target, t1=end, num_samples=samples, a0=one.pattern[0], rtol=1e-10)
    difference = np.mean(np.abs(run.a.values - pattern.a.values) ** 2, axis=1)
    square = np.mean(np.abs(one.pattern) ** 2)
    free = wc.simulate(net, t1=end, num_samples=4 * samples, seed=seed)  # phases are counted
    rate = wc.spiking_frequency(free, after=end / 2).values
    wanted = float(one.target.spiking_frequency())
    running = net.synchronized()
    apart = running.gamma - one.target.gamma + 1j * (running.omega - one.target.omega)
    return {
        "error": float(np.sqrt(difference[: one.times.size].mean() / square)),
        "long_error": float(np.sqrt(difference.mean() / square)),
        "residual": float(np.abs(apart).max()),
        "replaying": float(np.mean(np.abs(rate / wanted - 1) < 0.005)),
        "order": float(wc.order_parameter(free).values[-1]),
    }


def compare(size: int, iterations: int, seed: int) -> dict[str, Any]:
    """Fit by gradient and in closed form; see `judge` for what is returned of each.

    `course` is that of `fit`, `free` one mode's Re a from random phases.
    """
    one = task(size)
    began = time.perf_counter()
    closed = wc.memorize(
        one.target,
        one.omega,
        BACKGROUND,
        max_weight=one.max_weight,
        max_phase=MAX_PHASE,
        seed=seed,
    )
    seconds = time.perf_counter() - began
    start, fitted, course = fit(one, iterations, seed)
    nets = {"closed form": closed, "gradient": fitted, "random": start}
    taken = {"closed form": seconds, "gradient": course[-1][0], "random": 0.0}
    free: dict[str, Any] = {"time": np.linspace(0, 3 * one.times[-1], 601)}
    for name, net in nets.items():
        run = wc.simulate(net, t1=free["time"][-1], num_samples=601, seed=seed + 1, modes=0)
        free[name] = run.a.values[:, 0].real
    judged = {
        name: {"seconds": taken[name], **judge(net, one, seed + 1)} for name, net in nets.items()
    }
    return {"modes": size, "iterations": iterations, "seed": seed, **judged} | {
        "course": course,
        "free": free,
    }


def draw(found: dict[str, Any]) -> plt.Figure:
    """Draw the error of the search against time, and what the networks do with random phases."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    seconds, errors = np.transpose(found["course"])
    left.loglog(seconds[1:], errors[1:], color="tab:red", label="gradient, L-BFGS-B")
    closed = found["closed form"]
    left.loglog(closed["seconds"], closed["error"], "o", color="tab:blue", label="closed form")
    left.axhline(errors[0], color="gray", linestyle=":", label="random couplings")
    left.set(xlabel="seconds", ylabel="error, in units of the pattern's rms")
    left.legend()
    time = found["free"]["time"]
    for name, color in (("random", "gray"), ("closed form", "tab:blue"), ("gradient", "tab:red")):
        right.plot(time, found["free"][name], color=color, label=name)
    right.set(xlabel="time", ylabel="Re a of one mode,\nfrom random phases")
    right.set(ylim=(-0.45, 0.85))
    right.legend(loc="upper center", ncols=3, fontsize="small", frameon=False)
    return figure


def main() -> None:
    """Parse the command line, fit, print and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--modes", type=int, default=100)
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    found = compare(options.modes, options.iterations, options.seed)
    screen = console(options.json)
    for name in ("random", "gradient", "closed form"):
        row = found[name]
        screen.print(
            f"{name}: {row['seconds']:.3g} s, error {row['error']:.2g} "
            f"({row['long_error']:.2g} for ten times as long), conditions missed by "
            f"{row['residual']:.2g}; from random phases {row['replaying']:.0%} replay, "
            f"order {row['order']:.4f}"
        )
    save_figure(draw(found), options.out / "gradient_fit.png", dpi=150)
    date, cores = datetime.date.today().isoformat(), os.cpu_count()
    facts = {"date": date, "machine": machine(), "cores": cores, "versions": versions()}
    write_json({**facts, **found}, options.json)


if __name__ == "__main__":
    main()
