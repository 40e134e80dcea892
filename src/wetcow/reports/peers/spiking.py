"""Leaky integrate-and-fire neurons that learn to classify by gradient: a peer."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

STEPS = 25
"""Time steps for which an image is shown."""

MEMBRANE_DECAY = 0.9
"""Share of its potential that a neuron keeps in a step, exp(−Δt/τ_m)."""

STEEPNESS = 10.0
"""k of the surrogate slope 1/(1 + k|U − Θ|)² (Zenke and Ganguli, Neural Comput. 30:1514, 2018)."""


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def fire(above: Any, steepness: float | None = STEEPNESS) -> Any:
    """Return one where the potential is above threshold, and zero elsewhere.

    Parameters
    ----------
    above : float array
        U − Θ.
    steepness : float or None
        k of the surrogate slope; None: the true slope, which is zero.

    Examples
    --------
    >>> [float(fire(u)) for u in (-0.1, 0.1)]
    [0.0, 1.0]
    >>> float(jax.grad(fire)(0.1)), float(jax.grad(fire)(0.1, None))
    (0.25, 0.0)
    """
    del steepness
    above = jnp.asarray(above)
    return (above > 0).astype(above.dtype)


@fire.defjvp
def _(steepness: float | None, at: tuple[Any], change: tuple[Any]) -> tuple[Any, Any]:
    (above,), (moved,) = at, change
    slope = jnp.zeros_like(above) if steepness is None else (1 + steepness * jnp.abs(above)) ** -2
    return fire(above, steepness), slope * moved


def scores_and_spikes(
    weights: Any, rows: Any, steepness: float | None = STEEPNESS
) -> tuple[Any, list[Any]]:
    """Show images to the network, each as constant input currents.

    In a step, U ← 0.9 U + I, and a neuron with U above the threshold Θ = 1 fires; Θ is then
    taken off its potential. Its spikes are the next layer's input in the same step. Class neurons
    do not fire; the mean of their potential over time counts.

    Parameters
    ----------
    weights : list of pairs of arrays
        Matrix (inputs, outputs) and constant current (outputs,) of each layer, as of a perceptron
        (`wetcow.reports.peers.layers`); the last is that of the class neurons.
    rows : float array (n, pixels)
    steepness : float or None
        As for `fire`.

    Returns
    -------
    scores : array (n, classes)
    spikes : list of arrays (n,)
        Fired in all, for each layer but the last.

    Examples
    --------
    >>> weights = [(jnp.ones((1, 1)), jnp.zeros(1)), (jnp.ones((1, 2)), jnp.zeros(2))]
    >>> scores, (spikes,) = scores_and_spikes(weights, jnp.array([[0.0], [0.2], [2.0]]))
    >>> spikes.tolist()
    [0.0, 3.0, 25.0]
    """
    (matrix, offset), *others = weights
    driven = rows @ matrix + offset  # the same in all steps

    def step(state: Any, _: Any) -> tuple[Any, None]:
        potentials, counts, total = state
        current, now, fired = driven, [], []
        for index, (potential, count) in enumerate(zip(potentials[:-1], counts, strict=True)):
            potential = MEMBRANE_DECAY * potential + current
            spikes = fire(potential - 1, steepness)
            now.append(potential - spikes)
            fired.append(count + spikes.sum(axis=1))
            following, shift = others[index]
            current = spikes @ following + shift
        now.append(MEMBRANE_DECAY * potentials[-1] + current)
        return (now, fired, total + now[-1]), None

    sizes = [layer[1].size for layer in weights]
    rest = [jnp.zeros((len(rows), size), driven.dtype) for size in sizes]
    none = [jnp.zeros(len(rows), driven.dtype) for _ in sizes[:-1]]
    (_, spikes, total), _ = jax.lax.scan(step, (rest, none, rest[-1]), length=STEPS)
    return total / STEPS, spikes
