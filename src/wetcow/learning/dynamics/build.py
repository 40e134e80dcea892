"""From a classifier and one input to the network of modes that the two stand for."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.learning.dynamics.network import LearnedNetwork
from wetcow.learning.dynamics.random_modes import RandomModes
from wetcow.learning.dynamics.traces import CODES, Bank
from wetcow.learning.model.encoder import Geometry, Layer, drive
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.memory.projection import Projection
from wetcow.learning.model.readout import directions
from wetcow.validation import refuse_masked

_NO_WAVES = {
    "analytic": "the paper's rate [28] is an approximation that no integrated mode follows (it "
    "does not vanish at negative excitation, where a mode is silent)",
    "relu": "a rectified linear unit is no wave",
}


def build_network(hidden: HiddenModes, random: RandomModes, classes: Any, x: Any) -> LearnedNetwork:
    """Return the network of hidden, random and class modes of a classifier for one input.

    Parameters
    ----------
    hidden : HiddenModes
        Hidden modes of the classifier.
    random : RandomModes
        Random modes, and class modes coupled to them, from
        `wetcow.learning.dynamics.random_modes.draw_random_modes`.
    classes : array (n_classes,)
        Labels.
    x : array (features,), (height, width) or (height, width, channels), also with a leading 1
        One image, or the row of a table.

    Returns
    -------
    LearnedNetwork
        With one mode for each hidden mode at each patch position of the image: 100,352 for 128
        modes and an image of 28×28 pixels, twice as many with mirror images; none for a table,
        whose row drives random modes itself.

    Raises
    ------
    ValueError
        If `x` is not one finite sample of the right size, or the codes are not those of waves.
    """
    if hidden.layers and hidden.response not in CODES:
        reason = _NO_WAVES.get(hidden.response, "its codes are not those of an integrated mode")
        raise ValueError(
            f"a classifier with response={hidden.response!r} has no network to integrate: "
            f"{reason}; choose one of {[*CODES]}"
        )
    gammas, omegas, banks = [], [], []
    scaled = hidden.images(one_sample(hidden, x))
    for layer, geometry in zip(hidden.layers, hidden.geometries, strict=True):
        gamma, omega = _drive(scaled, layer, geometry)
        gammas.append(np.asarray(gamma).ravel())
        omegas.append(np.asarray(omega).ravel())
        banks.append(Bank._make([*gamma.shape, geometry.n_regions]))
    gamma, omega, unit = -1.0, 1.0, 1.0  # of no modes
    if banks:
        gamma, omega = np.concatenate(gammas), np.concatenate(omegas)
        unit = float(omega.mean(dtype=np.float64))
        if np.ptp(omega) == 0:
            omega = omega[0]
    projection = random.projection
    if projection is None:  # nothing to wait for: the row is where the origin is not
        row = directions(None, hidden.codes_of(scaled))[0]
        projection = Projection(axes=np.empty((0, len(row)), np.float32), origin=-row)
    return LearnedNetwork(
        gamma / unit,
        omega / unit,
        banks=banks,
        response=hidden.response if banks else "amplitude",
        axes=projection.axes,
        origin=projection.origin,
        drive=random.drive,
        threshold=random.threshold,
        random_omega=random.omega,
        coupling=random.coupling,
        class_gamma=random.bias,
        classes=classes,
    )


@functools.partial(jax.jit, static_argnames="geometry")
def _drive(images: Any, layer: Layer, geometry: Geometry) -> tuple[Any, Any]:
    """γ̄ and ω̄ of the hidden modes of one layer, float32 (views, rows, columns, n_modes)."""
    gamma, omega = drive(images, layer, geometry)
    # Without a frequency there is no spiking: the codes are those of the limit.
    return gamma, jnp.broadcast_to(jnp.maximum(omega, 0), gamma.shape)


def one_sample(hidden: HiddenModes, x: Any) -> np.ndarray:
    """Return `x` as one row, float (1, features), if it is one."""
    shape = hidden.image
    columns = math.prod(shape) if shape is not None else np.size(hidden.center)
    refuse_masked("x", x)
    x = np.asarray(x)
    allowed = [(columns,)] if shape is None else [(columns,), tuple(shape)]
    if x.shape not in [*allowed, *((1, *one) for one in allowed)]:
        expected = " or ".join(map(str, allowed))
        raise ValueError(
            f"a network is for one sample: x must have shape {expected}, or that with a leading "
            f"axis of length 1; got {x.shape}"
        )
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool) or np.iscomplexobj(x):
        raise ValueError(f"x must hold real numbers, got {x.dtype}")
    x = x.reshape(1, columns).astype(np.result_type(x.dtype, np.float32))
    if not np.all(np.isfinite(x)):
        raise ValueError("x must be finite; it has NaN or infinite entries")
    return x
