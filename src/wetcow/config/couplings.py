"""The table ``coupling``: one model for each kind of coupling."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, Tag, model_validator

from wetcow.config.tables import MOST_NUMBERS, ConfigTable, PositiveCount, by_kind, matrix_fits
from wetcow.config.values import Array, Drawn, Range, Values, generator, numbers
from wetcow.networks.coupling import Coupling
from wetcow.networks.delayed import Delayed
from wetcow.networks.dense import Dense
from wetcow.networks.sparse import Sparse
from wetcow.networks.structured import LowRank, Sheet
from wetcow.validation import indices


def _known(n: int | None) -> int:
    if n is None:
        raise ValueError("the number of modes is not known; set n in system")
    return n


class Entries(ConfigTable):
    """Complex entries in two parts: r_real + i r_imag, or weight · e^{−i phase}."""

    r_real: Values | None = None
    r_imag: Values | None = None
    weight: Values | None = None
    phase: Values | None = None

    @model_validator(mode="after")
    def _one_way(self):
        cartesian = self.r_real is not None or self.r_imag is not None
        ways = [cartesian, self.weight is not None, getattr(self, "random", None) is not None]
        if sum(ways) != 1 or (self.phase is not None and self.weight is None):
            either = ", or random" if hasattr(self, "random") else ""
            raise ValueError(
                "its entries are missing or given twice; give either r_real and r_imag, or weight "
                f"and phase{either}"
            )
        return self

    def entries(self, shape: tuple[int, ...] | None, seed: int | None) -> np.ndarray:
        """Return the entries, complex; random ones are drawn, `shape` of them."""
        names = ("r_real", "r_imag") if self.weight is None else ("weight", "phase")
        first, second = (
            np.asarray(
                0.0
                if getattr(self, name) is None
                else numbers(getattr(self, name), f"coupling.{name}", seed, shape)
            )
            for name in names
        )
        if first.ndim and second.ndim and first.shape != second.shape:
            raise ValueError(f"its two parts differ in shape: {first.shape} and {second.shape}")
        return first + 1j * second if self.weight is None else first * np.exp(-1j * second)


class RandomCoupling(ConfigTable):
    """Weights and phase delays drawn uniformly from [low, high]."""

    weight: Range
    phase: Range = Field(default=[0.0, 0.0])


class DenseCoupling(Entries):
    """The arguments of `wetcow.Dense`; a single number couples all pairs."""

    kind: Literal["dense"]
    random: RandomCoupling | None = None

    def matrix(self, n: int | None, seed: int | None) -> np.ndarray:
        """Return R."""
        if n is not None:
            matrix_fits("coupling", (n, n))
        if self.random is None:
            r = self.entries(None if n is None else (n, n), seed)
            if r.ndim and not any(
                isinstance(getattr(self, name), Drawn) for name in Entries.model_fields
            ):
                return r
            r = r if r.ndim else np.full((_known(n), _known(n)), r)
        else:
            rng, shape = generator(seed, "coupling.random"), (_known(n), _known(n))
            (weakest, strongest), (earliest, latest) = self.random.weight, self.random.phase
            weight = rng.uniform(weakest, strongest, shape)
            r = weight * np.exp(-1j * rng.uniform(earliest, latest, shape))
        np.fill_diagonal(r, 0)
        return r

    def build(self, n: int | None, seed: int | None) -> Coupling:
        """Return the coupling of n modes."""
        return Dense(self.matrix(n, seed))


class DelayedCoupling(DenseCoupling):
    """The arguments of `wetcow.Delayed`; a single delay holds for all pairs."""

    kind: Literal["delayed"]  # pyright: ignore[reportIncompatibleVariableOverride]
    delay: Values
    min_delay: float = Field(0.0, ge=0, description="shorter delays are interpolated")

    def build(self, n: int | None, seed: int | None) -> Coupling:
        """Return the coupling of n modes."""
        r = self.matrix(n, seed)
        delay = numbers(self.delay, "coupling.delay", seed, r.shape)
        delay = delay if np.ndim(delay) else np.full(r.shape, delay)
        return Delayed(r=r, delay=delay, min_delay=self.min_delay)


class SparseCoupling(Entries):
    """The arguments of `wetcow.Sparse`."""

    kind: Literal["sparse"]
    target: Array
    source: Array

    def build(self, n: int | None, seed: int | None) -> Coupling:
        """Return the coupling of n modes."""
        target, source = (
            indices(name, getattr(self, name), _known(n)) for name in ("target", "source")
        )
        entries = self.entries(target.shape, seed)
        return Sparse(
            num_modes=_known(n),
            target=target,
            source=source,
            value=entries if entries.ndim else np.full(target.shape, entries),
        )


class SheetCoupling(Entries):
    """The arguments of `wetcow.Sheet`; the entries are the kernel."""

    kind: Literal["sheet"]
    shape: Annotated[list[PositiveCount], Field(min_length=2, max_length=2)]
    periodic: bool = True

    def build(self, n: int | None, seed: int | None) -> Coupling:
        """Return the coupling of n modes."""
        height, width = self.shape
        if height * width > MOST_NUMBERS:
            raise ValueError(f"shape: {height} × {width} are more than {MOST_NUMBERS} modes")
        return Sheet(
            shape=(height, width),
            kernel=self.entries((height, width), seed),
            periodic=self.periodic,
        )


class LowRankCoupling(ConfigTable):
    """The arguments of `wetcow.LowRank`, or `strength` e^{−i phase}/n between all pairs."""

    kind: Literal["lowrank"]
    strength: float | None = None
    phase: float = 0.0
    left_real: Array | None = None
    left_imag: Array = 0.0
    right_real: Array | None = None
    right_imag: Array = 0.0

    @model_validator(mode="after")
    def _one_way(self):
        factors = [self.left_real is not None, self.right_real is not None]
        if any(factors) == (self.strength is not None) or any(factors) != all(factors):
            raise ValueError(
                "its factors are missing or given twice; give either strength, or left_real "
                "and right_real"
            )
        return self

    def build(self, n: int | None, seed: int | None) -> Coupling:
        """Return the coupling of n modes."""
        if self.strength is not None:
            return LowRank.uniform(_known(n), complex(self.strength * np.exp(-1j * self.phase)))
        assert self.left_real is not None and self.right_real is not None
        left = np.asarray(self.left_real) + 1j * np.asarray(self.left_imag)
        return LowRank(left, np.asarray(self.right_real) + 1j * np.asarray(self.right_imag))


class Target(ConfigTable):
    """The mode that a memory replays."""

    gamma: float
    omega: float = 1.0


class MemoryCoupling(ConfigTable):
    """The arguments of `wetcow.memorize`; `nearest_to` chooses among the couplings that do."""

    kind: Literal["memory"]
    target: Target
    background: Array = 0.0
    max_weight: Array = float("inf")
    max_phase: Array | None = None
    nearest_to: Literal["zero", "random"] = "zero"


AnyCoupling = Annotated[
    Annotated[DenseCoupling, Tag("<dense>")]
    | Annotated[SparseCoupling, Tag("<sparse>")]
    | Annotated[SheetCoupling, Tag("<sheet>")]
    | Annotated[LowRankCoupling, Tag("<lowrank>")]
    | Annotated[DelayedCoupling, Tag("<delayed>")]
    | Annotated[MemoryCoupling, Tag("<memory>")],
    by_kind('"dense", "sparse", "sheet", "lowrank", "delayed" or "memory"'),
]
