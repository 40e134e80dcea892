"""Read-outs: from the codes of hidden modes to the criticalities of class modes.

`MemoryReadout` is the memory of examples. `LinearReadout` is that of files of earlier versions,
which still answer as they did; nothing learns with it.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple, Protocol

import numpy as np

from wetcow.learning.model.memory.landmarks import Variance
from wetcow.learning.model.memory.projection import Projection
from wetcow.learning.model.memory.stored import Memory
from wetcow.learning.model.ridge import ClassModes, leverage
from wetcow.learning.model.statistics import Statistics
from wetcow.modes.kernel_matrix import unit_rows


class Readout(Protocol):
    """From codes (n, d) to what class modes say."""

    @property
    def updatable(self) -> bool:
        """Whether more can be learned."""
        ...

    @property
    def n_parameters(self) -> int:
        """Numbers that it answers from."""
        ...

    def criticality(self, codes: np.ndarray) -> np.ndarray:
        """Criticality cr of the class modes, float64 (n, classes)."""
        ...

    def variance(self, codes: np.ndarray) -> np.ndarray:
        """Predictive variance of these, float64 (n,)."""
        ...


class Examples(NamedTuple):
    """Of the rows of a memory, which examples they are.

    Attributes
    ----------
    labels : int array (n,), or float array (n, columns)
        Numbers of their classes, or of a regressor their values.
    images : int array (n,)
        Numbers of the images that they are of; copies of an image have its number.
    projected : bool array (n,)
        Whether the projection was made from these images. It fits them better than others, so that
        they cannot tell how uncertain others are.
    weights : float array (n,)
        How often each counts.
    """

    labels: np.ndarray
    images: np.ndarray
    projected: np.ndarray
    weights: np.ndarray


def check_updatable(readout: Readout) -> None:
    """Raise for what cannot learn on, which was loaded from a file."""
    if readout.updatable:
        return
    if isinstance(readout, LinearReadout):
        raise ValueError("this model was saved by an earlier version, without a memory; fit again")
    raise ValueError(
        "this model was saved without the sums that learning on needs; save it with "
        "updatable=True, or fit again"
    )


def directions(projection: Projection | None, codes: np.ndarray) -> np.ndarray:
    """Unit rows, float32 (n, components): codes along the components, or as they are without."""
    return unit_rows(codes) if projection is None else projection(codes)


def recall(projection: Projection | None, memory: Memory, codes: np.ndarray) -> np.ndarray:
    """Criticality of the class modes, float64 (n, classes)."""
    return memory.criticality(directions(projection, codes))


def recall_with_variance(
    projection: Projection | None, memory: Memory, variance: Variance, codes: np.ndarray
) -> np.ndarray:
    """Return what the memory answers and, in one more column, the predictive variance."""
    rows = directions(projection, codes)
    return np.column_stack([memory.criticality(rows), variance(rows)])


def predictive_variance(
    projection: Projection | None, variance: Variance, codes: np.ndarray
) -> np.ndarray:
    """Predictive variance, float64 (n,)."""
    return variance(directions(projection, codes))


@dataclasses.dataclass(frozen=True, eq=False)
class MemoryReadout:
    """A memory of examples, or of landmarks that stand for them.

    Attributes
    ----------
    projection : Projection or None
        From codes to the components whose directions are compared; None for tables, whose codes
        are compared as they are.
    memory : Memory
        Rows and their couplings to the class modes.
    predictive_variance : Variance
        How well examples like an input are known.
    examples : Examples or None
        Which examples the rows of the memory are; None if they are landmarks.
    sums : Statistics or None
        Of the features of landmarks over all examples, with which more can be learned; None if
        rows are examples, or if sums were left out of a saved model.
    """

    projection: Projection | None
    memory: Memory
    predictive_variance: Variance
    examples: Examples | None
    sums: Statistics | None

    @property
    def updatable(self) -> bool:
        """Whether more can be learned."""
        return self.examples is not None or self.sums is not None

    @property
    def n_parameters(self) -> int:
        """Numbers in stored rows, couplings and the projection."""
        memory = self.memory
        projected = 0 if self.projection is None else sum(part.size for part in self.projection)
        return projected + memory.rows.size + memory.coupling.size + memory.bias.size

    def criticality(self, codes: np.ndarray) -> np.ndarray:
        """See `Readout`."""
        return recall(self.projection, self.memory, codes)

    def variance(self, codes: np.ndarray) -> np.ndarray:
        """σ² = κ(1) − k(x)ᵀ(K + λ1)⁻¹k(x), between 0 and 1; see `Readout`."""
        return predictive_variance(self.projection, self.predictive_variance, codes)


@dataclasses.dataclass(frozen=True, eq=False)
class LinearReadout:
    """Class modes coupled to standardised codes.

    Attributes
    ----------
    mean, spread : float32 arrays (d,)
        By which codes are standardised.
    modes : ClassModes
    residual_variance : float
        Mean squared error of left-out criticalities, in whose units variances are.
    """

    mean: np.ndarray
    spread: np.ndarray
    modes: ClassModes
    residual_variance: float

    @property
    def updatable(self) -> bool:
        """False: there is no memory to add to."""
        return False

    @property
    def n_parameters(self) -> int:
        """Numbers in couplings and excitations of class modes."""
        return self.modes.coupling.size + self.modes.gamma.size

    def criticality(self, codes: np.ndarray) -> np.ndarray:
        """See `Readout`."""
        return self.modes.criticality((codes - self.mean) / self.spread)

    def variance(self, codes: np.ndarray) -> np.ndarray:
        """Variance of criticalities; see `wetcow.learning.model.ridge.leverage`."""
        standardised = (codes - self.mean) / self.spread
        return self.residual_variance * leverage(self.modes, standardised)
