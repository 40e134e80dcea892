"""What arrives over delayed links, as products of matrices with the amplitudes of the last steps.

What is interpolated between steps is linear in the amplitudes of a few of them, so that all links
together are a matrix: from the last steps of all modes to what arrives at each. Most of it is zero.
It is the faster way all the same where links are dense and delays are of few steps, since its
numbers lie in order. As in `delayed_links`, far links are read for a block of steps at once.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.networks.delayed_links import MORE_STEPS, DelayedLinks
from wetcow.networks.links import History, Links


class LagProduct(eqx.Module):
    """Matrices from the last steps to what arrives, at some shares of a step.

    Attributes
    ----------
    matrices : float or complex array (shares, n, window · n)
        Of steps, the oldest first, and sources; 1/time. Real where all couplings are.
    last : int
        The last of the steps is so many before that at which it arrives.
    """

    matrices: Any
    last: int = eqx.field(static=True)

    def arriving(self, history: History, step: Any, count: int) -> Any:
        """What arrives at `count` steps from `step` on, complex (count, shares, n)."""
        shares, size, columns = self.matrices.shape
        window = columns // size

        def before(number: int) -> Any:
            first = (step + (number - self.last - window + 1)) % history.length
            past = jax.lax.dynamic_slice_in_dim(history.rows, first, window)
            return past.reshape(columns)

        matrix = self.matrices.reshape(shares * size, columns)
        past = jnp.stack([before(number) for number in range(count)], axis=1)
        if jnp.iscomplexobj(matrix):
            found = matrix @ past
        elif count == 1:  # products with one vector take a faster way than with two
            found = jax.lax.complex(matrix @ past[:, 0].real, matrix @ past[:, 0].imag)
        else:
            both = matrix @ jnp.concatenate([past.real, past.imag], axis=1)
            found = jax.lax.complex(both[:, :count], both[:, count:])
        return found.T.reshape(count, shares, size)


class LagProducts(eqx.Module):
    """Those of all links of a network.

    Attributes
    ----------
    near, far : LagProduct or None
        Of links of fewer steps than a block has, and of the others.
    """

    near: LagProduct | None
    far: LagProduct | None

    @classmethod
    def of(
        cls, links: DelayedLinks, *, length: int, points: int, shares: list[float]
    ) -> LagProducts:
        """Interpolate by polynomials through the amplitudes of a few steps.

        Parameters
        ----------
        links : DelayedLinks
            Of one network.
        length : int
            Steps of the history.
        points : int
            Steps that a polynomial goes through.
        shares : list of float
            Between −1 and 0: so much of a step later than its end.
        """
        near, far = links.targets()
        first = links.block + MORE_STEPS if far else links.longest + MORE_STEPS
        longest = min(links.longest + MORE_STEPS, length - points)
        return cls(
            near=_product(near, links.size, last=1, first=first, points=points, shares=shares),
            far=_product(
                far, links.size, last=links.block, first=longest, points=points, shares=shares
            ),
        )


def _product(
    groups: list[tuple[Links, Any]],
    size: int,
    *,
    last: int,
    first: int,
    points: int,
    shares: list[float],
) -> LagProduct | None:
    """Of some links, from the amplitudes of steps between `first` and `last` steps ago."""
    if not groups:
        return None
    window = max(first - last + 1, points)

    def matrix(share: float) -> Any:
        found = jnp.zeros((size, window, size), groups[0][0].value.dtype)
        for group, targets in groups:
            later = group.shifted(share)
            place = later.share - later.back  # in steps from the one at whose end it arrives
            start = jnp.floor(place).astype(int) - (points // 2 - 1)
            start = jnp.clip(start, 1 - last - window, 1 - last - points)
            among = place - start
            for point in range(points):
                others = np.delete(np.arange(points), point)
                weight = jnp.prod((among[..., None] - others) / (point - others), axis=-1)
                where = (targets[:, None], start + (point + last + window - 1), group.source)
                found = found.at[where].add(weight * group.value)
        return found.reshape(size, window * size)

    return LagProduct(matrices=jnp.stack([matrix(share) for share in shares]), last=last)
