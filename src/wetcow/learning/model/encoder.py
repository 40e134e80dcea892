"""What hidden modes see of an image, and their pooled codes: the features of an image.

    patches → contrast-normalised → γ̄ + iω̄ = γ + iω + R·x → codes → means over regions → root.

Where the frequencies of modes are constant, all is computed in units of them: codes are homogeneous
in γ̄ and ω̄, f(γ̄, ω̄) = ω̄ f(γ̄/ω̄, 1), and the slope by ω̄ is left to one product for each mode.

A table whose rows are not images is the same with a single patch, the whole row, which is not
contrast-normalised.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from wetcow.learning.model.activation import SMALLEST_OMEGA, Response, bounded_root, respond
from wetcow.learning.model.brightness import brightness
from wetcow.learning.model.geometry import Geometry
from wetcow.learning.model.patches import patches

_CACHED, _MASSIVE = 2**18, 2**26
_RUN_LENGTH = 8  # groups that a device computes in one compiled call, or 1 if they are few


class Layer(NamedTuple):
    """Hidden modes; whitening is folded into their couplings.

    Attributes
    ----------
    excitation : float32 array (patch pixels, n_modes)
        Re R, couplings of a normalised patch to the excitations γ̄. Channels are pixels, too: those
        of one pixel, then those of the next.
    frequency : float32 array (patch pixels, n_modes) or None
        Im R, couplings to the frequencies ω̄; None if frequencies are constant.
    gamma, omega : float32 arrays (n_modes,)
        Excitation and frequency without input, 1/time.
    floor : float32 scalar
        Variance added to that of a patch in contrast normalisation; see `Geometry.relative`.
    """

    excitation: Any
    frequency: Any
    gamma: Any
    omega: Any
    floor: Any


def region_weights(n_positions: int, n_regions: int) -> np.ndarray:
    """Share of each position in each region, float32 (n_regions, n_positions).

    Positions are unit intervals, regions equal parts of their union; a position on a border is
    shared. Symmetric under reflection for any sizes. Rows sum to one.

    Examples
    --------
    >>> print(region_weights(3, 2).round(2))
    [[0.67 0.33 0.  ]
     [0.   0.33 0.67]]
    """
    borders = np.linspace(0, n_positions, n_regions + 1)
    left = np.arange(n_positions)
    overlap = np.minimum(borders[1:, None], left + 1) - np.maximum(borders[:-1, None], left)
    return (np.maximum(overlap, 0) * n_regions / n_positions).astype(np.float32)


def pool(codes: Any, geometry: Geometry) -> Any:
    """Means over regions: (n, rows, columns, modes) → (n, regions², modes)."""
    n, rows, columns, n_modes = codes.shape
    r = geometry.n_regions
    if rows % r == 0 and columns % r == 0:
        # A plain mean is fused with the codes by the compiler, which then never go to memory.
        parts = codes.reshape(n, r, rows // r, r, columns // r, n_modes)
        return parts.mean(axis=(2, 4)).reshape(n, r * r, n_modes)
    weights = region_weights(rows, r), region_weights(columns, r)
    return jnp.einsum("nijk,ri,sj->nrsk", codes, *weights).reshape(n, r * r, n_modes)


def group_elements() -> int:
    """Images times positions times modes encoded together: as many as fit the cache of a CPU.

    Other devices compute many at once, and need that to be busy.
    """
    return _CACHED if jax.default_backend() == "cpu" else _MASSIVE


def has_unit(layer: Layer, response: Response) -> bool:
    """Whether frequencies are constant and matter, so that they are the units of all."""
    return layer.frequency is None and response != "relu"


def drive(images: Any, layer: Layer, geometry: Geometry) -> tuple[Any, Any]:
    """Excitations γ̄ and frequencies ω̄ to which images drive hidden modes.

    Parameters
    ----------
    images : float32 array (n, height, width), or with channels (n, height, width, channels)
        If the geometry is mirrored, they are followed by their mirror images.
    layer : Layer
    geometry : Geometry

    Returns
    -------
    gamma : array (n or 2n, rows, columns, n_modes)
    omega : array of the same shape, or (n_modes,) where frequencies are constant
    """
    gamma, omega = _drive_of_views(images, layer, geometry, 1.0)
    if geometry.mirrored:
        gamma = _turned(gamma)
        omega = omega if layer.frequency is None else _turned(omega)
    return gamma, omega


def _turned(values: Any) -> Any:
    """From mirrored modes that look at images to modes that look at mirrored images."""
    as_they_are, mirrored = jnp.split(values, 2, axis=-1)
    return jnp.concatenate([as_they_are, mirrored[:, :, ::-1]])


def _drive_of_views(images: Any, layer: Layer, geometry: Geometry, unit: Any) -> tuple[Any, Any]:
    """As `drive`, in units of `unit`, (n_modes,) or 1; modes are followed by mirrored ones.

    A mode sees at a place of a mirrored image what its mirror image sees at the mirrored place of
    the image: so patches are taken once.
    """
    seen = patches(brightness(images, geometry), geometry, layer.floor)
    # A constant beside the pixels: γ is one more coupling, and its slope one more of the product.
    seen = jnp.concatenate([seen, jnp.ones_like(seen[..., :1])], axis=-1)
    gamma = _driven(seen, layer.excitation / unit, layer.gamma / unit, geometry)
    if layer.frequency is None:
        # Constant ones are the unit of codes, and ReLUs have none: not repeated for mirrored modes.
        return gamma, layer.omega / unit
    return gamma, _driven(seen, layer.frequency / unit, layer.omega / unit, geometry)


def _driven(seen: Any, coupling: Any, without_input: Any, geometry: Geometry) -> Any:
    """What patches with a one at their end drive modes to, (n, rows, columns, modes)."""
    views = [coupling]
    if geometry.mirrored:
        height, width = geometry.patch
        across = coupling.reshape(height, width, geometry.channels, -1)[:, ::-1]
        views.append(across.reshape(coupling.shape))
    each = [jnp.concatenate([view, without_input[None]]) for view in views]
    weights = jnp.concatenate(each, axis=1)
    # With two axes: with four, the product for its slope is slow.
    return (seen.reshape(-1, len(weights)) @ weights).reshape(*seen.shape[:-1], -1)


def _unit(layer: Layer, response: Response) -> Any:
    """Frequencies in whose units codes are computed; 1 for none."""
    return jnp.maximum(layer.omega, SMALLEST_OMEGA) if has_unit(layer, response) else 1.0


def codes_at_positions(
    images: Any, layer: Layer, geometry: Geometry, response: Response
) -> tuple[Any, ...]:
    """Codes of hidden modes at all positions, a tuple of one array or two.

    Each is (n, rows, columns, n_modes), in units of the modes' own frequencies where these are
    constant. If the geometry is mirrored, modes are followed by their mirror images: 2 · n_modes.
    """
    gamma, omega = _drive_of_views(images, layer, geometry, _unit(layer, response))
    return respond(gamma, 1.0 if has_unit(layer, response) else omega, response)


def pooled_codes(
    codes: tuple[Any, ...], layer: Layer, geometry: Geometry, response: Response
) -> Any:
    """Square roots of means over regions of `codes_at_positions`, (n, features)."""
    pooled = jnp.stack([pool(code, geometry) for code in codes], axis=1)
    if geometry.mirrored:
        across = (geometry.n_regions, geometry.n_regions, 2, np.size(layer.gamma))
        views = pooled.reshape(*pooled.shape[:2], *across)
        pooled = (views[..., 0, :] + views[..., ::-1, 1, :]) / 2
        pooled = pooled.reshape(*pooled.shape[:2], -1, across[-1])
    # The fitted polynomials may dip below zero by their error.
    return bounded_root(_unit(layer, response) * pooled).reshape(len(pooled), -1)


def encode_group(images: Any, layer: Layer, geometry: Geometry, response: Response) -> Any:
    """Features of a few images; one compiled call, in which codes never go to memory."""
    codes = codes_at_positions(images, layer, geometry, response)
    return pooled_codes(codes, layer, geometry, response)


@functools.partial(jax.jit, static_argnames=("geometry", "response"))
def encode(groups: Any, layer: Layer, geometry: Geometry, response: Response) -> Any:
    """Features of groups of images, one group after the other.

    Parameters
    ----------
    groups : float32 array (groups, n, height, width), or with channels behind
        Images. Groups small enough for the cache are several times faster than all at once.
    layer : Layer
        Hidden modes.
    geometry : Geometry
        How they look at images.
    response : {"both", "amplitude", "rate", "analytic", "relu"}
        Which codes.

    Returns
    -------
    float32 array (groups, n, codes · n_regions² · n_modes)
        Square roots of the codes' means over regions; not negative.
    """
    return jax.lax.map(lambda images: encode_group(images, layer, geometry, response), groups)


def n_features(layer: Layer, geometry: Geometry, response: Response) -> int:
    """Features of one image from one layer."""
    return (2 if response == "both" else 1) * geometry.n_regions**2 * np.size(layer.gamma)


def _runs(count: int) -> list[slice]:
    """Consecutive runs of groups, of one of two lengths: each length is compiled once.

    Examples
    --------
    >>> _runs(2), _runs(13)
    ([slice(0, 1, None), slice(1, 2, None)], [slice(0, 8, None), slice(8, 16, None)])
    """
    length = _RUN_LENGTH if 2 * count > _RUN_LENGTH else 1
    return [slice(start, start + length) for start in range(0, count, length)]


@functools.partial(jax.jit, static_argnames=("geometry", "response", "mesh"))
def _encode_on(groups: Any, layer: Layer, geometry: Geometry, response: Response, mesh: Any) -> Any:
    """`encode` on all devices of a mesh, which share the groups; one program for all of them."""
    whole, shared = PartitionSpec(), PartitionSpec(*mesh.axis_names)
    run = jax.shard_map(
        lambda some, modes: encode(some, modes, geometry, response),
        mesh=mesh,
        in_specs=(shared, whole),
        out_specs=shared,
        check_vma=False,
    )
    return run(groups, layer)


def features(
    images: np.ndarray, layers: Sequence[Layer], geometries: Sequence[Geometry], response: Response
) -> np.ndarray:
    """Features of any number of images, float32 (n, features), those of all layers side by side.

    Images are encoded in groups of a fixed size, the last padded, so the features of an image do
    not depend on which others are passed with it. JAX's devices share the groups.
    """
    sizes = [n_features(*pair, response) for pair in zip(layers, geometries, strict=True)]
    found = np.empty((len(images), sum(sizes)), dtype=np.float32)
    edges = np.cumsum([0, *sizes])
    for layer, geometry, left, right in zip(layers, geometries, edges, edges[1:], strict=False):
        _encode_all(images, layer, geometry, response, found[:, left:right])
    return found


def _encode_all(
    images: np.ndarray, layer: Layer, geometry: Geometry, response: Response, found: np.ndarray
) -> None:
    """Write features of one layer into `found`, (n, features)."""
    per_position = np.size(layer.gamma)
    if geometry.channels > 1:  # patches of many channels have more numbers than there are modes
        per_position = max(per_position, geometry.n_seen)
    per_image = math.prod(geometry.positions) * per_position
    size = max(group_elements() // (per_image * (1 + geometry.mirrored)), 1)
    devices = jax.devices() if len(images) > size else jax.devices()[:1]
    mesh = jax.sharding.Mesh(np.array(devices), ("devices",))
    placed = jax.sharding.NamedSharding(mesh, PartitionSpec("devices"))
    waiting: list[tuple[slice, Any]] = []

    def collect() -> None:
        rows, encoded = waiting.pop(0)
        part = found[rows]
        part[...] = np.asarray(encoded).reshape(-1, found.shape[1])[: len(part)]

    share = size * len(devices)
    for run in _runs(-(-len(images) // share)):
        rows = slice(run.start * share, run.stop * share)
        part = np.asarray(images[rows], dtype=np.float32)
        missing = rows.stop - rows.start - len(part)
        part = np.pad(part, ((0, missing), *[(0, 0)] * (part.ndim - 1)))
        part = part.reshape(-1, size, *part.shape[1:])
        part = jax.device_put(part, placed)
        waiting.append((rows, _encode_on(part, layer, geometry, response, mesh)))
        if len(waiting) > 1:  # one is prepared while another is computed
            collect()
    while waiting:
        collect()
