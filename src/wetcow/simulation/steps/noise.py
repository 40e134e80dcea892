"""Noise of fixed steps as a linear operator on Brownian paths."""

from __future__ import annotations

from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import lineax
import numpy as np


class Drawn(diffrax.AbstractPath):
    """Brownian paths over one step whose increments are known.

    Attributes
    ----------
    increment : diffrax.SpaceTimeLevyArea
    """

    increment: Any
    t0: Any = -np.inf
    t1: Any = np.inf

    def evaluate(self, t0: Any, t1: Any = None, left: bool = True, use_levy: bool = False) -> Any:
        """The increment, whatever the step."""
        return self.increment if use_levy else self.increment.W


def increments(key: Any, size: int, length: Any) -> Any:
    """Draw those of 2n independent real Brownian paths over a step, laid out as `pair`.

    They are those of a step of length 1, scaled: what is drawn depends on the key alone, neither on
    when the step is nor on how its length is rounded.
    """
    one = jnp.ones_like(length)
    path = diffrax.UnsafeBrownianPath(
        jax.ShapeDtypeStruct((2, size), one.dtype), key, levy_area=diffrax.SpaceTimeLevyArea
    )
    drawn: Any = path.evaluate(jnp.zeros_like(one), one, use_levy=True)
    scale = jnp.sqrt(length)
    return diffrax.SpaceTimeLevyArea(dt=length, W=scale * drawn.W, H=scale * drawn.H)


def spread_of(noise: Any, size: int, dtype: Any) -> lineax.AbstractLinearOperator:
    """What noise makes of 2n independent real Brownian paths, laid out as `pair`, (2, n).

    Parameters
    ----------
    noise : float, float array (n,) or complex array (n, n)
        As of `wetcow.networks.noise.noise_factor`.
    size : int
        n.
    dtype : real dtype
        Of the steps.
    """
    shape = (2, size)
    noise = jnp.asarray(noise) / np.sqrt(2)  # half of the variance in each part
    if noise.ndim < 2:
        return lineax.DiagonalLinearOperator(jnp.broadcast_to(noise, shape).astype(dtype))
    real, imag = noise.real.astype(dtype), noise.imag.astype(dtype)
    parts = jnp.stack([jnp.stack([real, -imag]), jnp.stack([imag, real])])  # (to, from, n, n)
    return lineax.PyTreeLinearOperator(
        parts.transpose(0, 2, 1, 3), jax.ShapeDtypeStruct(shape, dtype)
    )
