"""The compiled run of a wave field: all that a step depends on, and calls of about a second."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.process import call_length, wait
from wetcow.tissue.field.exponential import Coefficients, exponential_step
from wetcow.tissue.field.spectral import Spectral

LONGEST_CALL = 512  # samples of one compiled call
POINTS_PER_CALL = 1e6  # grid points times steps of one compiled call, about a second


class FieldProblem(eqx.Module):
    """Everything that a compiled run depends on."""

    spectral: Spectral
    fluctuation: Any  # Σ without its mean, (d, d, *grid), 1/s
    coefficients: Coefficients
    source: Any
    step: Any
    cell: Any
    before: tuple[int, ...] = eqx.field(static=True)
    grid: tuple[int, ...] = eqx.field(static=True)

    def rest(self, spectrum, time):
        """All but the decay by the mean of Σ, which is exact."""
        change = self.spectral.relaxation(spectrum, self.fluctuation)
        if self.source is None:
            return change
        driven = self.spectral.forward(embed(self.source(time), self.before, self.spectral.grid))
        return change - self.spectral.inverse.astype(driven.dtype) * driven

    def cut(self, spectrum):
        inner = tuple(slice(b, b + n) for b, n in zip(self.before, self.grid, strict=True))
        return self.spectral.backward(spectrum)[inner]


def embed(field: Any, before: tuple[int, ...], whole: tuple[int, ...]) -> Any:
    """The field with zeros around."""
    field = jnp.asarray(field)
    around = [(b, n - b - size) for b, n, size in zip(before, whole, field.shape, strict=True)]
    return jnp.pad(field, around)


@eqx.filter_jit
def _first(problem: FieldProblem, psi0: Any) -> tuple[Any, Any, Any]:
    spectral = problem.spectral
    spectrum = spectral.filtered(spectral.forward(psi0))
    return spectrum, problem.cut(spectrum), spectral.energy(spectrum, problem.cell)


@eqx.filter_jit
def _steps(
    problem: FieldProblem, spectrum: Any, times: Any, count: Any, first: Any, steps: Any
) -> Any:
    """From each of the first `count` times take `steps` steps, of which `first` are done."""

    def sample(spectrum, one):
        index, start = one

        def step(index, spectrum):
            time = start + index.astype(problem.step.dtype) * problem.step
            return exponential_step(
                spectrum, time, problem.step, problem.rest, problem.coefficients
            )

        until = jnp.where(index < count, first + steps, first)
        spectrum = jax.lax.fori_loop(first, until, step, spectrum)
        return spectrum, (problem.cut(spectrum), problem.spectral.energy(spectrum, problem.cell))

    spectrum, kept = jax.lax.scan(sample, spectrum, (jnp.arange(len(times)), times))
    return spectrum, *kept


def run_field(problem: FieldProblem, psi0: Any, times: np.ndarray, steps: int) -> tuple[Any, Any]:
    """Fields and energies at all times, in calls of about a second, between which it can be ended.

    The numbers of steps and of times that count are traced: few compilations serve all.
    """
    cost = float(np.prod(problem.spectral.grid))
    most = max(1, int(POINTS_PER_CALL / cost))  # steps in one call
    length = call_length(min(len(times) - 1, LONGEST_CALL), POINTS_PER_CALL / (steps * cost))
    spectrum, field, energy = _first(problem, psi0)
    fields, energies = [np.asarray(field)[None]], [np.asarray(energy)[None]]
    for low in range(0, len(times) - 1, length):
        own = times[low : min(low + length, len(times) - 1)]
        starts = np.pad(own, (0, length - len(own)), "edge")
        field = energy = None
        # Many steps to one sample are taken in several calls, of which the last has the sample.
        for first in range(0, steps, most if length == 1 else steps):
            taken = min(most, steps - first) if length == 1 else steps
            counts = (np.asarray(one) for one in (len(own), first, taken))
            spectrum, field, energy = _steps(problem, spectrum, starts, *counts)
            wait(spectrum)
        fields.append(np.asarray(field)[: len(own)])
        energies.append(np.asarray(energy)[: len(own)])
    return np.concatenate(fields), np.concatenate(energies)
