"""From parameters to the network they mean, and its statistics at rest (docs/theory.md)."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.networks.delayed import Delayed
from wetcow.networks.dense import Dense
from wetcow.networks.lyapunov import abscissa, lyapunov
from wetcow.networks.network import Network
from wetcow.networks.resting_state import generator, of_matrix
from wetcow.networks.resting_statistics import Resting
from wetcow.precision import in_double

FIRST_MARGIN = 0.1  # of the coupling's norm: where networks start that are not stable


class Structure(eqx.Module):
    """What is not fitted of a network: who is linked to whom.

    Attributes
    ----------
    r : complex array (n, n)
        R, 1/time.
    phase : float array (n, n)
        By which links with delays turn what they carry, radians; else zero.
    """

    r: Any
    phase: Any

    @classmethod
    def of(cls, network: Network) -> Structure:
        """That of a network; its delays are phases at the mean frequency."""
        coupling = network.coupling
        r = np.array(in_double(lambda one: one.matrix())(coupling), dtype=complex)
        if isinstance(coupling, Delayed):
            frequency = float(np.mean(np.asarray(network.modes.omega)))
            return cls(r=r, phase=frequency * np.asarray(coupling.delay))
        return cls(r=r, phase=np.zeros(r.shape))


def starting_values(network: Network, noise: np.ndarray) -> dict[str, np.ndarray]:
    """Values of all parameters that a network has, (n,) or (1,).

    Parameters
    ----------
    network : Network
    noise : float array (n,)
        σ of each mode.
    """
    size = network.size
    a = np.asarray(generator(network))
    border = float(in_double(_abscissa)(a))
    off = a - np.diag(np.diagonal(a))
    far = FIRST_MARGIN * float(np.linalg.norm(off, 2))
    return {
        "gamma": np.broadcast_to(np.asarray(network.modes.gamma, dtype=float), (size,)),
        "omega": np.broadcast_to(np.asarray(network.modes.omega, dtype=float), (size,)),
        "gain": np.ones(size),
        "noise": noise,
        "coupling_scale": np.ones(1),
        "delay_scale": np.ones(1),
        "margin": np.array([-border if border < 0 else far or 1.0]),
    }


def shifted_matrix(structure: Structure, values: dict[str, Any]) -> tuple[Any, Any]:
    """A = A₀ − (α(A₀) + m) 1, which is stable for all parameters, and α(A₀) + m.

    Parameters
    ----------
    structure : Structure
    values : dict of name to array
        Of all parameters.

    Returns
    -------
    complex array (n, n), float
    """
    turned = jnp.exp(-1j * values["delay_scale"] * structure.phase)
    r = values["coupling_scale"] * values["gain"][:, None] * structure.r * turned
    a = jnp.diag(values["gamma"] + 1j * values["omega"]) + r
    shift = abscissa(a) + values["margin"][0]
    return a - shift.astype(a.dtype) * jnp.eye(len(a), dtype=a.dtype), shift


_abscissa = jax.jit(abscissa)
_shifted_matrix = jax.jit(shifted_matrix)


def statistics(structure: Structure, values: dict[str, Any]) -> Resting:
    """Statistics at rest, with derivatives."""
    a, _ = shifted_matrix(structure, values)
    q = jnp.diag(values["noise"] ** 2).astype(a.dtype)
    return Resting(
        matrix=a, noise_covariance=q, covariance=lyapunov(a, q), abscissa=-values["margin"][0]
    )


def fitted_network(network: Network, structure: Structure, values: dict[str, Any]) -> Network:
    """The network that values of parameters mean, ready for `simulate`.

    Delays stay delays, longer or shorter by their scale.
    """
    values = {name: np.asarray(value, dtype=float) for name, value in values.items()}
    shift = float(in_double(_shifted_matrix)(structure, values)[1])
    scale = float(values["coupling_scale"][0])
    r = scale * values["gain"][:, None] * structure.r
    coupling = network.coupling
    if isinstance(coupling, Delayed):
        delays = float(values["delay_scale"][0]) * np.asarray(coupling.delay)
        new = Delayed(r, delays)
    else:
        new = Dense(r)
    constants = network.modes.constants._asdict()
    return Network(
        gamma=values["gamma"] - shift,
        omega=values["omega"],
        coupling=new,
        coupling_strength=scale * float(network.coupling_strength),
        **constants,
    )


def resting_of(structure: Structure, values: dict[str, Any]) -> Resting:
    """Statistics at rest in double precision, as NumPy arrays."""
    a, _ = in_double(_shifted_matrix)(structure, values)
    q = np.diag(np.asarray(values["noise"], dtype=float) ** 2).astype(complex)
    return of_matrix(a, q)
