"""Adam, many fits side by side in one compiled call, in chunks that can be stopped and resumed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from wetcow.array_files import read_arrays, state_bytes, state_of_bytes, write_arrays
from wetcow.fit.losses import Objective
from wetcow.fit.model import Structure, statistics
from wetcow.fit.parameters import Layout
from wetcow.process import bound_compiled_calls, wait
from wetcow.simulation.files.identity import content_digest

CHUNK = 10  # steps of one compiled call


class Problem(eqx.Module):
    """What is minimised.

    Attributes
    ----------
    layout : Layout
    fixed : dict of name to array
        Values of parameters that are not fitted.
    objective : Objective
    num_independent : float
        Entries of the data that count as independent: the weight of data beside priors.
    """

    layout: Layout
    fixed: dict[str, Any]
    objective: Objective
    num_independent: float = eqx.field(static=True)

    def values(self, coefficients: Any) -> dict[str, Any]:
        """Values of all parameters by name."""
        return {**self.fixed, **self.layout.values(coefficients)}

    def loss(self, coefficients: Any, structure: Structure) -> Any:
        """Loss of one fit, with its prior."""
        data = self.objective(statistics(structure, self.values(coefficients)))
        return data + self.layout.penalty(coefficients) / self.num_independent


class State(eqx.Module):
    """Where all fits are.

    Attributes
    ----------
    step : int array ()
        Steps taken.
    coefficients, best : float array (fits, k)
        Now, and where the loss was smallest.
    least : float array (fits,)
        That loss.
    moments : pytree
        Of Adam.
    """

    step: Any
    coefficients: Any
    best: Any
    least: Any
    moments: Any


def first_state(coefficients: Any) -> State:
    """State at the start from `coefficients`, (fits, k)."""
    return State(
        step=jnp.zeros((), jnp.int32),
        coefficients=coefficients,
        best=coefficients,
        least=jnp.full(len(coefficients), jnp.inf, coefficients.dtype),
        moments=jax.vmap(optax.scale_by_adam().init)(coefficients),
    )


def _losses_and_slopes(problem: Problem, coefficients: Any, structures: Structure) -> Any:
    """Of all fits; one alone is faster without a batch, whose loops go on with all at once."""
    evaluate = jax.value_and_grad(problem.loss)
    if len(coefficients) > 1:
        return jax.vmap(evaluate)(coefficients, structures)
    loss, slope = evaluate(coefficients[0], jax.tree.map(lambda each: each[0], structures))
    return loss[None], slope[None]


@eqx.filter_jit
def _chunk(
    problem: Problem, structures: Structure, state: State, steps: Any, rate: Any, betas: Any
) -> tuple[State, Any]:
    """`CHUNK` steps of all fits, and the losses before each, (CHUNK, fits)."""
    adam = optax.scale_by_adam(b1=betas[0], b2=betas[1])

    def one(state, _):
        losses, slopes = _losses_and_slopes(problem, state.coefficients, structures)
        fine = jnp.isfinite(losses) & jnp.all(jnp.isfinite(slopes), axis=1)
        # A fit that cannot be evaluated goes back to its best, and from there more slowly.
        slopes = jnp.where(fine[:, None], slopes, 0)
        better = fine & (losses < state.least)
        best = jnp.where(better[:, None], state.coefficients, state.best)
        change, moments = jax.vmap(adam.update)(slopes, state.moments)
        now = rate * 0.5 * (1 + jnp.cos(jnp.pi * state.step / steps))
        here = jnp.where(fine[:, None], state.coefficients, best)
        new = State(
            step=state.step + 1,
            coefficients=here - now * change,
            best=best,
            least=jnp.where(better, losses, state.least),
            moments=moments,
        )
        # The last chunk may be shorter.
        return jax.tree.map(lambda a, b: jnp.where(state.step < steps, a, b), new, state), losses

    return jax.lax.scan(one, state, None, length=CHUNK)


def minimise(
    problem: Problem,
    structures: Structure,
    start: np.ndarray,
    *,
    steps: int,
    learning_rate: float,
    betas: tuple[float, float],
    double: bool,
    progress: bool,
    path: str | os.PathLike | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise all fits.

    Parameters
    ----------
    problem : Problem
    structures : Structure
        Of each fit, stacked: (fits, n, n).
    start : float array (fits, k)
    steps, learning_rate, betas
        Of Adam; the rate falls to zero like a cosine.
    double : bool
        Precision.
    progress : bool
    path : path, optional
        Checkpoint, which is continued if it is there.

    Returns
    -------
    float array (fits, k), float array (steps, fits)
        Coefficients of the smallest loss of each, and all losses.

    Raises
    ------
    FileExistsError
        If `path` is the checkpoint of another fit, or something else.
    """
    bound_compiled_calls()
    with jax.enable_x64(double), _shown(progress, steps) as show:
        kind = np.float64 if double else np.float32
        state, losses = first_state(jnp.asarray(start, kind)), np.zeros((0, len(start)))
        identity = ""
        if path is not None:
            parts = (problem, structures, start, steps, learning_rate, betas, double)
            identity = content_digest(parts)
            state, losses = _resumed(path, identity, state, losses)
        count, rate = jnp.asarray(steps), jnp.asarray(learning_rate, kind)
        while int(state.step) < steps:
            state, found = _chunk(problem, structures, state, count, rate, jnp.asarray(betas, kind))
            wait(state)
            losses = np.concatenate([losses, np.asarray(found)])[:steps]
            if path is not None:
                _save(path, identity, state, losses)
            show(int(state.step), float(np.min(np.asarray(state.least))))
        return np.asarray(state.best, dtype=float), losses


def _save(path: Any, identity: str, state: State, losses: np.ndarray) -> None:
    arrays = {"identity": np.array(identity), "losses": losses, "state": state_bytes(state)}
    write_arrays(path, arrays)


def _resumed(path: Any, identity: str, state: State, losses: np.ndarray) -> tuple[State, Any]:
    if not os.path.exists(path):
        return state, losses
    try:
        saved = read_arrays(path)
        same = str(saved["identity"]) == identity
        losses = saved["losses"]
        if same:
            state = state_of_bytes(saved["state"], state)
    except (KeyError, ValueError) as error:
        raise FileExistsError(
            f"{path} is no checkpoint of a fit, or a damaged one: {error}; delete it to start "
            "anew, or give another path"
        ) from error
    if not same:
        raise FileExistsError(
            f"{path} is the checkpoint of a fit with other data or settings: give another path, or "
            "delete it"
        )
    return state, losses


@contextlib.contextmanager
def _shown(progress: bool, steps: int) -> Iterator[Callable[[int, float], None]]:
    """Show steps, loss and time left while the context lasts."""
    if not progress:
        yield lambda step, loss: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("fit"),
        BarColumn(),
        TextColumn("step {task.completed:.0f} of {task.total:.0f}, loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bar:
        task = bar.add_task("fit", total=steps, loss="")
        yield lambda step, loss: bar.update(task, completed=step, loss=f"{loss:.4f}")
