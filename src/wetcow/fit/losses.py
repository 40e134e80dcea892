"""How far statistics at rest are from data.

Each loss is ½ log(1 − r), r the Pearson correlation of what was predicted and what was measured
over all entries: but for a constant, minus the logarithm of the likelihood of one entry, if both
are standardised and differ by noise of unknown variance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.networks.resting_statistics import Resting

KINDS = ("fc", "power_fc", "lagged_fc", "spectrum")


class Target(eqx.Module):
    """Measured values of one kind.

    Attributes
    ----------
    kind : str
        Of `KINDS`.
    at : float array (k,)
        Lags, time, or angular frequencies; empty where there are none.
    values : float array (m,)
        Measured; standardised: mean 0, mean square 1.
    index : int array (m,)
        Entries of the flat prediction.
    """

    kind: str = eqx.field(static=True)
    at: Any
    values: Any
    index: Any

    def predicted(self, rest: Resting) -> Any:
        """The same entries of statistics at rest, (m,)."""
        whole = {
            "fc": lambda: rest.correlation,
            "power_fc": lambda: rest.power_correlation,
            "lagged_fc": lambda: rest.lagged_correlation(self.at),
            "spectrum": lambda: jnp.log(rest.spectrum(self.at)),
        }[self.kind]()
        return jnp.ravel(whole)[self.index]

    def correlation(self, rest: Resting) -> Any:
        """Pearson correlation of predicted and measured values."""
        found = self.predicted(rest)
        found = found - jnp.mean(found)
        size = jnp.sqrt(jnp.mean(found**2) + jnp.finfo(found.dtype).tiny)
        return jnp.mean(found / size * self.values)


class Objective(eqx.Module):
    """The sum of losses, each with its weight, or one's own function of statistics at rest."""

    targets: tuple[Target, ...]
    weights: tuple[float, ...] = eqx.field(static=True)
    own: Callable | None = eqx.field(static=True, default=None)

    def __call__(self, rest: Resting) -> Any:
        if self.own is not None:
            found = self.own(rest)
            if jnp.shape(found) or jnp.iscomplexobj(found):
                raise ValueError(
                    "loss must return one real number, got "
                    f"{jnp.result_type(found)} of shape {jnp.shape(found)}"
                )
            return found
        losses = [
            weight * 0.5 * jnp.log(jnp.maximum(1 - target.correlation(rest), 1e-12))
            for target, weight in zip(self.targets, self.weights, strict=True)
        ]
        return sum(losses[1:], losses[0])


def objective_of(loss: Any, target: Any, size: int) -> Objective:
    """Check losses and the data they need.

    Parameters
    ----------
    loss : str, dict of str to float, or callable
        As of `fit`.
    target : array or dict of str to array
        As of `fit`.
    size : int
        Number of regions n.

    Raises
    ------
    ValueError
        For unknown losses, data that are missing, or arrays that do not fit.
    """
    if callable(loss):
        given = {} if target is None else _named(target, ("fc",))
        targets = tuple(target_of(kind, value, size) for kind, value in given.items())
        return Objective(targets=targets, weights=(1.0,) * len(targets), own=loss)
    if not isinstance(loss, str | Mapping) or not loss:
        raise ValueError(f"loss must be of {KINDS}, weights of them, or a function; got {loss!r}")
    weights = {loss: 1.0} if isinstance(loss, str) else dict(loss)
    for kind in weights:
        if kind not in KINDS:
            raise ValueError(
                f"loss must be of {KINDS}, weights of them, or a function; got {kind!r}"
            )
    given = _named(target, tuple(weights))
    missing = [kind for kind in weights if kind not in given]
    if missing:
        raise ValueError(f"the loss {missing[0]!r} needs data: target={{{missing[0]!r}: …}}")
    return Objective(
        targets=tuple(target_of(kind, given[kind], size) for kind in weights),
        weights=tuple(
            validation.number(f"the weight of {kind}", one, above=0)
            for kind, one in weights.items()
        ),
    )


def _named(target: Any, kinds: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(target, dict):
        unknown = [name for name in target if name not in KINDS]
        if unknown:
            raise ValueError(f"target has {unknown[0]!r}: its names must be of {KINDS}")
        return target
    if len(kinds) != 1:
        raise ValueError(f"several losses need several data: target={{{kinds[0]!r}: …, …}}")
    return {kinds[0]: target}


def target_of(kind: str, data: Any, size: int, name: str | None = None) -> Target:
    """Measured data of one kind, averaged over subjects, as a `Target`; `name` is for errors."""
    name = f"target of {kind!r}" if name is None else name
    if kind in ("fc", "power_fc"):
        mean = mean_of_subjects(name, data, size)
        if np.max(np.abs(mean - mean.T), initial=0, where=np.isfinite(mean + mean.T)) > 1e-6:
            raise ValueError(f"the {name} must be symmetric")
        chosen = np.triu(np.ones((size, size), bool), 1)
        return _standardised(name, kind, np.zeros(0), mean, chosen)
    along = "lag" if kind == "lagged_fc" else "frequency"
    if not (isinstance(data, xr.DataArray) and along in data.coords):
        raise ValueError(
            f"the {name} must be an xarray.DataArray with the coordinate {along!r}, in units of "
            "the network's time"
        )
    at = np.atleast_1d(validation.array(along, data[along].values, ndim=(0, 1)))
    if kind == "lagged_fc":
        values = data.values[None] if data[along].ndim == 0 else data.transpose(along, ...).values
        wanted, chosen = (len(at), size, size), np.ones((size, size), bool)
    else:
        values = np.log(data.transpose(along, ...).values)
        wanted, chosen = (len(at), size), np.ones(size, bool)
    values = validation.array(name, values, finite=False)
    if values.shape != wanted:
        raise ValueError(f"the {name} must have the shape {wanted}, got {values.shape}")
    return _standardised(name, kind, at, values, np.broadcast_to(chosen, wanted))


def _standardised(
    name: str, kind: str, at: np.ndarray, values: np.ndarray, chosen: np.ndarray
) -> Target:
    index = np.flatnonzero(chosen & np.isfinite(values))
    used = values.ravel()[index]
    if used.size < 3 or np.ptp(used) == 0:
        raise ValueError(f"the {name} needs three or more finite values that differ")
    return Target(kind=kind, at=at, values=(used - used.mean()) / used.std(), index=index)


def mean_of_subjects(name: str, data: Any, size: int) -> np.ndarray:
    """Functional connectivity (n, n) of one or the mean of many (subjects, n, n)."""
    values = validation.array(name, getattr(data, "values", data), finite=False, ndim=(2, 3))
    if values.shape[-2:] != (size, size):
        raise ValueError(
            f"the {name} must be (…, {size}, {size}) for the {size} regions, got {values.shape}"
        )
    return values if values.ndim == 2 else values.mean(axis=0)
