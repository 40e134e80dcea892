"""Traces: what the hidden modes of each region of a bank do, and how codes are kept in them.

A trace is a complex number; its real part follows the mean amplitude of the modes of a region, its
imaginary part their mean phase velocity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from wetcow.learning.model.encoder import region_weights

CODES = {"both": ("amplitude", "rate"), "amplitude": ("amplitude",), "rate": ("rate",)}
"""Parts of a trace that each response of hidden modes needs, in the order of features."""


class Bank(NamedTuple):
    """Size of one bank of hidden modes and of its grid of regions.

    Attributes
    ----------
    views : int
        2 if the image is seen with its mirror image, else 1.
    rows, columns : int
        Patch positions.
    n_modes : int
    n_regions : int
        Regions along each side.
    """

    views: int
    rows: int
    columns: int
    n_modes: int
    n_regions: int

    @property
    def n_hidden(self) -> int:
        """Hidden modes in the order (views, rows, columns, n_modes)."""
        return self.views * self.rows * self.columns * self.n_modes

    @property
    def n_traces(self) -> int:
        """Traces in the order (regions, n_modes)."""
        return self.n_regions**2 * self.n_modes

    def pooled(self, values: Any) -> Any:
        """Means over regions: (n_hidden,) → (n_traces,)."""
        r, rows, columns = self.n_regions, self.rows, self.columns
        values = values.reshape(self.views, rows, columns, self.n_modes).mean(axis=0)
        if rows % r == 0 and columns % r == 0:  # the compiler fuses plain sums, and not products
            across = values.reshape(rows, r, columns // r, self.n_modes).mean(axis=2)
            return across.reshape(r, rows // r, -1).mean(axis=1).ravel()
        weights = [region_weights(n, r).astype(values.dtype) for n in (rows, columns)]
        return jnp.einsum("ijk,ri,sj->rsk", values, *weights).ravel()


def pooled_now(
    hidden: Any, moving: Any, *, banks: Sequence[Bank], response: str, silent_below: Any
) -> Any:
    """What the modes of each region do now, complex (n_traces,).

    Parameters
    ----------
    hidden, moving : complex arrays (n_hidden,)
        State of the hidden modes, and its derivative in time.
    banks : sequence of Bank
    response : {"both", "amplitude", "rate"}
    silent_below : float
        Amplitude far below which a phase counts as still.
    """
    if not banks:
        return hidden
    amplitude = jnp.abs(hidden)
    codes = []
    if "amplitude" in CODES[response]:
        codes.append(amplitude)
    if "rate" in CODES[response]:
        turning = hidden.real * moving.imag - hidden.imag * moving.real
        codes.append(turning * amplitude**2 / (amplitude**4 + silent_below**4))
    start, pooled = 0, []
    for bank in banks:
        part = slice(start, start + bank.n_hidden)
        pooled += [bank.pooled(code[part]) for code in codes]
        start = part.stop
    return traces_of_codes(jnp.concatenate(pooled), banks, response)


def traces_of_codes(codes: Any, banks: Sequence[Bank], response: str) -> Any:
    """Traces from numbers in the order of features: bank by bank, code by code."""
    start, traces = 0, []
    for bank in banks:
        parts = {}
        for code in CODES[response]:
            parts[code] = codes[start : start + bank.n_traces]
            start += bank.n_traces
        silent = jnp.zeros_like(codes[: bank.n_traces])
        traces.append(jax.lax.complex(parts.get("amplitude", silent), parts.get("rate", silent)))
    return jnp.concatenate(traces)


def codes_of_traces(traces: Any, banks: Sequence[Bank], response: str) -> Any:
    """Numbers in the order of features, from traces; the inverse of `traces_of_codes`."""
    if not banks:
        return traces.real
    parts = {"amplitude": traces.real, "rate": traces.imag}
    start, codes = 0, []
    for bank in banks:
        part = slice(start, start + bank.n_traces)
        codes += [parts[code][part] for code in CODES[response]]
        start = part.stop
    return jnp.concatenate(codes)
