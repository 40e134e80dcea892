"""Links that take time: what the sources had, by steps, and what of it arrives."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

_NEAR = 2**20  # bytes of what is read at once, to stay in the cache of a core


class History(NamedTuple):
    """Amplitudes of the last steps and their slopes; step i is in column i modulo the length.

    All columns are there twice, one copy behind the other, so that no stretch is cut in two.

    Attributes
    ----------
    values, slopes : complex arrays (n, 2 · length)
    rows : complex array (2 · length, n), or None
        Values by steps, for products with all modes at once.
    """

    values: Any
    slopes: Any
    rows: Any = None

    @property
    def length(self) -> int:
        """Number of steps it holds."""
        return self.values.shape[1] // 2

    def store(self, step: Any, a: Any, slope: Any = None) -> History:
        """Put in the amplitudes at a step, (n,), in place of the oldest ones, and slopes if any."""
        first = step % self.length
        where = jnp.stack([first, first + self.length])
        values, slopes = self.values.at[:, where].set(a[:, None]), self.slopes
        if slope is not None:
            slopes = slopes.at[:, where].set(slope[:, None])
        rows = None if self.rows is None else self.rows.at[where].set(a)
        return History(values=values, slopes=slopes, rows=rows)


class Links(eqx.Module):
    """As many links to each of m modes, filled up with some of value zero.

    Attributes
    ----------
    source : int array (m, k)
    value : complex array (m, k)
        R_ij, 1/time.
    back : int array (m, k)
        The last step before what arrives at a step is so many steps back, ≥ 1.
    share : float array (m, k)
        Of the step from there, at which it arrives; in [0, 1].
    """

    source: Any
    value: Any
    back: Any
    share: Any

    def arriving(self, history: History, step: Any, count: int, dt: Any) -> Any:
        """Σ_j R_ij a_j(t − τ_ij) at `count` steps from `step` on, (m, count).

        By cubic Hermite interpolation of the history, as `Delayed` has it.
        """
        modes, links = self.value.shape[-2:]
        at_once = max(1, _NEAR // (32 * links * (count + 1)))

        def of_one(source, value, back, share):
            first = jnp.asarray(step, back.dtype) - back
            return _arriving(history, source, value, first, share, count, dt)

        each = (self.source, self.value, self.back, self.share)
        if at_once >= modes:
            return jax.vmap(of_one)(*each)
        return jax.lax.map(lambda one: of_one(*one), each, batch_size=at_once)

    def scaled(self, strength: Any) -> Links:
        """The same, with values times a number."""
        value = strength * self.value
        return Links(source=self.source, value=value, back=self.back, share=self.share)

    def shifted(self, share: Any) -> Links:
        """Links of what arrives so much of a step later than at a step; after the last one."""
        place = share + self.share - self.back
        before = jnp.minimum(jnp.floor(place), -1)
        back = (-before).astype(self.back.dtype)
        return Links(source=self.source, value=self.value, back=back, share=place - before)


def _arriving(
    history: History, source: Any, value: Any, left: Any, s: Any, count: int, dt: Any
) -> Any:
    """What arrives at one mode, (count,); `left` is the step before it does at the first."""
    start = (left % history.length).astype(source.dtype)

    def stretch(where: Any, first: Any) -> tuple[Any, Any]:
        def read(row: Any, column: Any) -> Any:
            return jax.lax.dynamic_slice(where, (row, column), (1, count + 1))[0]

        read_all = jax.vmap(read)(source, first)
        return read_all[:, :-1], read_all[:, 1:]

    before, after = stretch(history.values, start)
    slope_before, slope_after = stretch(history.slopes, start)
    s = s[:, None].astype(before.real.dtype)
    between = (
        (1 + 2 * s) * (1 - s) ** 2 * before
        + s**2 * (3 - 2 * s) * after
        + dt * s * (1 - s) ** 2 * slope_before
        - dt * s**2 * (1 - s) * slope_after
    )
    # Before the start amplitudes were constant, whatever their slope is after it.
    past = left[:, None] + jnp.arange(count) < 0
    return jnp.sum(value[:, None] * jnp.where(past, before, between), axis=0)
