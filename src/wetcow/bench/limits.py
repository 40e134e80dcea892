"""How near evaluations come to what the machine can do: its memory, its matrix products."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.bench.clock import best_seconds, seconds_per_call
from wetcow.networks.coupling import Coupling
from wetcow.networks.dense import Dense
from wetcow.networks.sparse import Sparse
from wetcow.networks.structured import Sheet

_LINKS = 100  # of each mode of a sparse network
_KERNEL = (3, 15)  # sides of a sheet's kernel: direct, and by Fourier transform


def machine_limits(read: int, product_side: int) -> dict[str, float]:
    """Bytes read per second from memory, and float32 operations per second of matrix products.

    Both as JAX does them on all cores; the better of two ways to read.

    Parameters
    ----------
    read : int
        Bytes; of memory's speed only where they are far beyond any cache.
    product_side : int
        Rows of the square matrices of the product.
    """
    side = int(np.sqrt(read / 4))
    matrix, vector = jnp.ones((side, side), jnp.float32), jnp.ones((side, 2), jnp.float32)
    total, product = jax.jit(jnp.sum), jax.jit(jnp.matmul)
    seconds = min(
        best_seconds(lambda: total(matrix)), best_seconds(lambda: product(matrix, vector))
    )
    square = jnp.asarray(np.random.default_rng(0).random((product_side,) * 2), jnp.float32)
    return {
        "bytes_per_second": 4 * side**2 / seconds,
        "flops": 2 * product_side**3 / best_seconds(lambda: product(square, square)),
    }


def _complex(rng: np.random.Generator, *shape: int) -> np.ndarray:
    values = rng.standard_normal((2, *shape), dtype=np.float32)
    return (values[0] + 1j * values[1]).astype(np.complex64)


def _seconds(coupling: Coupling, state: np.ndarray) -> float:
    """Of one product with a state (n,) or states (batch, n), in single precision."""
    coupling = jax.tree.map(jnp.asarray, coupling)

    def product(a, coupling):
        return coupling(a) if a.ndim == 1 else jax.vmap(coupling)(a)

    return seconds_per_call(product, jnp.asarray(state), coupling)


def of_dense(sizes: list[int], seed: int) -> list[dict[str, Any]]:
    """One product with a full complex64 matrix, laid out and not, beside reading it once."""
    rows = []
    for size in sizes:
        rng = np.random.default_rng(seed)
        r = _complex(rng, size, size) / size
        np.fill_diagonal(r, 0)
        coupling, state = Dense(jnp.asarray(r)), _complex(rng, size)
        for what, one in (
            ("dense", coupling.compiled_layout()),
            ("dense, complex product", coupling),
        ):
            row = {"what": what, "n": size, "bytes": r.nbytes}
            rows.append({**row, "seconds": _seconds(one, state)})
    return rows


def batch(sizes: list[int], states: int, seed: int) -> list[dict[str, Any]]:
    """Products of one matrix with many states at once, beside real matrix products."""
    rows = []
    for size in sizes:
        rng = np.random.default_rng(seed)
        r = _complex(rng, size, size) / size
        np.fill_diagonal(r, 0)
        coupling = Dense(jnp.asarray(r)).compiled_layout()
        seconds = _seconds(coupling, _complex(rng, states, size))
        row = {"what": f"dense, {states} states", "n": size, "seconds": seconds}
        rows.append({**row, "flops": 8 * size**2 * states})
    return rows


def of_sparse(sizes: list[int], seed: int) -> list[dict[str, Any]]:
    """A hundred random links for each mode, laid out and not, beside reading them once."""
    rows = []
    for size in sizes:
        rng = np.random.default_rng(seed)
        links = min(_LINKS, size - 1)
        target = np.repeat(np.arange(size, dtype=np.int32), links)
        away = rng.integers(1, size, target.size, dtype=np.int32)
        source = (target + away) % size  # never the mode itself
        value = jnp.asarray(_complex(rng, target.size) / links)
        coupling = Sparse(num_modes=size, target=target, source=source, value=value)
        state = _complex(rng, size)
        for how, one in (("", coupling.compiled_layout()), (", scattered", coupling)):
            row = {"what": f"sparse, {links} links{how}", "n": size, "bytes": target.size * 12}
            rows.append({**row, "seconds": _seconds(one, state)})
    return rows


def sheets(sides: list[int], seed: int) -> list[dict[str, Any]]:
    """Sheets with two kernels, beside two Fourier transforms, or reading and writing the state."""
    rows = []
    for side in sides:
        rng = np.random.default_rng(seed)
        state = _complex(rng, side * side)
        there = jax.jit(lambda a: jnp.fft.ifft2(jnp.fft.fft2(a)))
        sheet = jnp.asarray(state.reshape(side, side))
        transforms = best_seconds(lambda there=there, sheet=sheet: there(sheet))
        for width in _KERNEL:
            kernel = _complex(rng, width, width) / width**2
            kernel[width // 2, width // 2] = 0
            coupling = Sheet((side, side), jnp.asarray(kernel))
            seconds = _seconds(coupling.compiled_layout(), state)
            direct = coupling.compiled_layout() is coupling
            row = {"what": f"sheet, {width}×{width} kernel", "n": side * side, "seconds": seconds}
            needs = {"bytes": 2 * state.nbytes} if direct else {"transforms_seconds": transforms}
            rows.append(row | needs)
    return rows


def of_limits(rows: list[dict[str, Any]], found: list[dict[str, float]]) -> list[dict[str, Any]]:
    """Add to each row `of_limit`, the shortest time possible over its own.

    What the machine can do differs from minute to minute where others use it too, so the best of
    several measurements counts.
    """
    best = {name: max(one[name] for one in found) for name in found[0]}
    added: list[dict[str, Any]] = [{"what": "machine", **best}]
    for row in rows:
        shortest = row.get("transforms_seconds", 0.0)
        shortest += row.get("bytes", 0) / best["bytes_per_second"]
        shortest += row.get("flops", 0) / best["flops"]
        added.append({**row, "of_limit": shortest / row["seconds"]})
    return added
