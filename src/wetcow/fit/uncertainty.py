"""Standard errors of parameters by Laplace's approximation of their posterior."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import numpy as np

from wetcow.fit.model import Structure
from wetcow.fit.optimiser import Problem
from wetcow.precision import in_double

STEP = 1e-4  # of coefficients, for differences of gradients
AT_ONCE = 16  # gradients of one compiled call
UNDETERMINED = 1e-9  # of the largest curvature, below which data say nothing


@eqx.filter_jit
def _slopes(problem: Problem, structure: Structure, coefficients: Any) -> Any:
    return jax.vmap(jax.grad(problem.loss), in_axes=(0, None))(coefficients, structure)


def hessian(problem: Problem, structure: Structure, coefficients: np.ndarray) -> np.ndarray:
    """Second derivatives of the loss (k, k), by central differences of its gradients.

    So no derivative of an eigenvector is needed.
    """
    size = len(coefficients)
    moves = STEP * np.concatenate([np.eye(size), -np.eye(size)])
    width = min(AT_ONCE, len(moves))
    padded = np.concatenate([moves, np.zeros((-len(moves) % width, size))])
    run = in_double(_slopes)
    found = np.concatenate(
        [
            run(problem, structure, coefficients + padded[at : at + width])
            for at in range(0, len(padded), width)
        ]
    )
    curvature = (found[:size] - found[size : 2 * size]) / (2 * STEP)
    return (curvature + curvature.T) / 2


def standard_errors(
    problem: Problem, structure: Structure, coefficients: np.ndarray
) -> dict[str, np.ndarray]:
    """Standard errors of the values of each parameter, (n,) or (1,).

    The inverse of the curvature of minus the log posterior, carried from coefficients to values
    by their derivatives. Infinite for what neither data nor priors determine.

    Parameters
    ----------
    problem : Problem
    structure : Structure
    coefficients : float array (k,)
        At the minimum.
    """
    curvature = problem.num_independent * hessian(problem, structure, coefficients)
    values, vectors = np.linalg.eigh(curvature)
    known = values > UNDETERMINED * max(values[-1], 0.0)
    inverse = np.where(known, 1 / np.where(known, values, 1.0), np.inf)
    parts = problem.layout.split(np.arange(len(coefficients)))
    errors = {}
    for one in problem.layout.parameters:
        index = np.asarray(parts[one.name], dtype=int)
        own = one.basis @ vectors[index]  # of each value on each direction
        share = np.where(np.abs(own) > 1e-6, own**2, 0.0)
        with np.errstate(invalid="ignore"):
            variance = np.nansum(share * inverse, axis=1)  # 0 of what is unknown is 0
        slopes = in_double(lambda c, one=one: one.slopes(c))(coefficients[index])
        errors[one.name] = np.abs(np.asarray(slopes)) * np.sqrt(variance)
    return errors
