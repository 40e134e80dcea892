"""What is fitted: parameters of regions or of all, tied by maps, with bounds and priors.

Each parameter has coefficients c: its values are g⁻¹(g(start) + B c), with g the logarithm for what
is positive, the logit between two bounds, else nothing. B says what is tied to what: a column of
ones for one value of all regions, the identity for one of each, or maps, one column each. γ keeps
its mean, since the margin sets its level.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow import validation

REGIONAL = ("gamma", "omega", "gain", "noise")
OF_ALL = ("coupling_scale", "delay_scale", "margin")
NAMES = (*REGIONAL, *OF_ALL)
POSITIVE = ("gain", "noise", "coupling_scale", "delay_scale", "margin")
DEFAULT = {"coupling_scale": "global", "margin": "global"}
SYNONYMS = {
    "coupling": "coupling_scale",
    "coupling_strength": "coupling_scale",
    "g": "coupling_scale",
    "damping": "gamma",
    "frequency": "omega",
    "delay": "delay_scale",
    "speed": "delay_scale",
    "input": "gain",
    "sigma": "noise",
    "criticality": "margin",
}


class Parameter(eqx.Module):
    """One parameter that is fitted.

    Attributes
    ----------
    name : str
    labels : tuple of str
        Names of the coefficients.
    basis : float array (n, k) or (1, 1)
        B.
    start : float array (n,) or (1,)
        Values where all coefficients are zero.
    low, high : float
        Bounds, which values never reach.
    prior : float
        Standard deviation of the coefficients before there are data; infinite for none.
    """

    name: str = eqx.field(static=True)
    labels: tuple[str, ...] = eqx.field(static=True)
    basis: Any
    start: Any
    low: float = eqx.field(static=True)
    high: float = eqx.field(static=True)
    prior: float = eqx.field(static=True)

    @property
    def count(self) -> int:
        """Number of coefficients k."""
        return self.basis.shape[1]

    def values(self, coefficients: Any) -> Any:
        """Values (n,) or (1,) for coefficients (k,)."""
        return self._of_link(self._link(self.start) + self.basis @ coefficients)

    def slopes(self, coefficients: Any) -> Any:
        """Derivatives of the values by their own link, (n,) or (1,)."""
        at = self._link(jnp.asarray(self.start)) + self.basis @ coefficients
        return jax.vmap(jax.grad(self._of_link))(at)

    def _link(self, value: Any) -> Any:
        if np.isfinite(self.low) and np.isfinite(self.high):
            share = (value - self.low) / (self.high - self.low)
            return jnp.log(share) - jnp.log1p(-share)
        if np.isfinite(self.low):
            return jnp.log(value - self.low)
        return -jnp.log(self.high - value) if np.isfinite(self.high) else value

    def _of_link(self, linked: Any) -> Any:
        if np.isfinite(self.low) and np.isfinite(self.high):
            return self.low + (self.high - self.low) * jax.nn.sigmoid(linked)
        if np.isfinite(self.low):
            return self.low + jnp.exp(linked)
        return self.high - jnp.exp(-linked) if np.isfinite(self.high) else linked


class Layout(NamedTuple):
    """All parameters, and where their coefficients are in one vector."""

    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> list[str]:
        """Of all parameters, in order."""
        return [one.name for one in self.parameters]

    @property
    def count(self) -> int:
        """Number of coefficients of all."""
        return sum(one.count for one in self.parameters)

    def split(self, coefficients: Any) -> dict[str, Any]:
        """Coefficients (count,) by the name of their parameter."""
        ends = np.cumsum([one.count for one in self.parameters])[:-1]
        parts = jnp.split(coefficients, ends)
        return {one.name: part for one, part in zip(self.parameters, parts, strict=True)}

    def values(self, coefficients: Any) -> dict[str, Any]:
        """Values of what is fitted, by name."""
        parts = self.split(coefficients)
        return {one.name: one.values(parts[one.name]) for one in self.parameters}

    def penalty(self, coefficients: Any) -> Any:
        """Minus the logarithm of the Gaussian prior: Σ c²/(2 s²)."""
        parts = self.split(coefficients)
        terms = [
            0.5 * jnp.sum((parts[one.name] / one.prior) ** 2)
            for one in self.parameters
            if np.isfinite(one.prior)
        ]
        return sum(terms, jnp.zeros((), coefficients.dtype))

    def scatter(self, size: int, spread: float, rng: np.random.Generator) -> np.ndarray:
        """Coefficients (size, count) to start from: zeros, then random ones.

        What all share starts within a factor of about e^spread; regions a fifth of that apart.
        """
        widths = [spread if one.count == 1 else spread / 5 for one in self.parameters]
        width = np.repeat(widths, [one.count for one in self.parameters])
        found = rng.normal(size=(size, self.count)) * width
        found[0] = 0
        return found


def layout_of(
    wanted: Any, starts: dict[str, np.ndarray], size: int, bounds: Any, priors: Any
) -> Layout:
    """Check what is to be fitted.

    Parameters
    ----------
    wanted : dict of name to "global", "region" or array (n, k), optional
        As of `fit`.
    starts : dict of name to array
        Values of all parameters where the fit starts, (n,) or (1,).
    size : int
        n.
    bounds : dict of name to (low, high), optional
    priors : dict of name to float, optional

    Raises
    ------
    ValueError
        For names, maps, bounds or priors that make no sense.
    """
    wanted = DEFAULT if wanted is None else wanted
    bounds, priors = bounds or {}, priors or {}
    for name, given in {"parameters": wanted, "bounds": bounds, "priors": priors}.items():
        if not isinstance(given, Mapping):
            raise ValueError(f"{name} must be a dict of names of parameters, got {given!r}")
    for given, known in ((wanted, NAMES), (bounds, tuple(wanted)), (priors, tuple(wanted))):
        unknown = {name: one for name, one in given.items() if name not in known}
        idle = [name for name in unknown if name in NAMES]
        if idle:
            raise ValueError(
                f"{idle[0]!r} has bounds or a prior but is not fitted: name it in parameters, "
                f"which are {', '.join(known)}"
            )
        validation.refuse_unknown(unknown, known, SYNONYMS)
    if not wanted:
        raise ValueError("parameters is empty: name at least one to fit")
    parameters = []
    for name, how in wanted.items():
        basis, labels = _basis(name, how, size)
        if name == "gamma":  # whose level is that of the margin
            basis = basis - basis.mean(axis=0)
        low, high = _bounds(name, bounds.get(name), starts[name])
        prior = priors.get(name, np.inf)
        if prior != np.inf:
            prior = validation.number(f"the prior of {name}", prior, above=0)
        parameters.append(
            Parameter(
                name=name,
                labels=labels,
                basis=basis,
                start=np.asarray(starts[name], dtype=float),
                low=low,
                high=high,
                prior=float(prior),
            )
        )
    return Layout(tuple(parameters))


def _basis(name: str, how: Any, size: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """B and the names of its columns."""
    if isinstance(how, str):
        if how not in ("global", "region"):
            raise ValueError(
                f"{name} must be 'global', 'region' or an array of maps (regions, k), got {how!r}"
            )
        if name in OF_ALL:
            if how == "region":
                raise ValueError(f"{name} is one number of the whole network: make it 'global'")
            return np.ones((1, 1)), ("global",)
        if name == "gamma" and how == "global":
            raise ValueError(
                "one gamma of all regions changes nothing, since the network is shifted to the "
                "margin from criticality: fit margin: 'global', or gamma by region or maps"
            )
        if how == "global":
            return np.ones((size, 1)), ("global",)
        return np.eye(size), tuple(f"region {i}" for i in range(size))
    if name in OF_ALL:
        raise ValueError(f"{name} is one number of the whole network: make it 'global'")
    labels = None
    if isinstance(how, xr.DataArray) and how.ndim == 2 and how.dims[1] in how.coords:
        labels = tuple(str(one) for one in how[how.dims[1]].values)
    maps = validation.array(f"the maps of {name}", getattr(how, "values", how), ndim=(1, 2))
    maps = maps[:, None] if maps.ndim == 1 else maps
    if maps.shape[0] != size:
        raise ValueError(
            f"the maps of {name} must have one row for each of the {size} regions, got shape "
            f"{maps.shape}"
        )
    if np.linalg.matrix_rank(maps) < maps.shape[1]:
        raise ValueError(
            f"the maps of {name} are not independent of each other: their coefficients would not "
            "be determined. Leave some out"
        )
    return maps, labels or tuple(f"map {i}" for i in range(maps.shape[1]))


def _bounds(name: str, given: Any, start: np.ndarray) -> tuple[float, float]:
    low, high = (0.0, np.inf) if name in POSITIVE else (-np.inf, np.inf)
    if given is not None:
        try:
            low, high = (float(one) for one in given)
        except (TypeError, ValueError):
            raise ValueError(f"the bounds of {name} must be two numbers, got {given!r}") from None
    if not low < high or (name in POSITIVE and low < 0):
        raise ValueError(f"the bounds of {name} must be low < high in its range, got {given!r}")
    if not (np.all(start > low) and np.all(start < high)):
        raise ValueError(
            f"{name} starts at {np.min(start):.4g} to {np.max(start):.4g}, which is not between "
            f"its bounds {low:.4g} and {high:.4g}: start from another network, or widen them"
        )
    return low, high
