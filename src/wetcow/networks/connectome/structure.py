"""Fields of a connectome: what they must be, and copies with some of them changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wetcow.networks.connectome import preparation
from wetcow.networks.connectome.example import example_fields
from wetcow.networks.connectome.preparation import (
    LARGEST,
    LISTED,
    SMALLEST,
    ConnectomeError,
    Normalisation,
)
from wetcow.validation import indices, number


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Structure:
    """Weights, lengths, names and positions of n regions; see `Connectome`."""

    weights: NDArray[np.float64]
    tract_lengths: NDArray[np.float64] | None = None
    regions: tuple[str, ...] | None = None
    positions: NDArray[np.float64] | None = None
    speed: float = 3.0
    frequency: float = 10.0
    normalisation: str = "none"
    symmetric: dataclasses.InitVar[bool | None] = None

    def __post_init__(self, symmetric: bool | None) -> None:
        weights = preparation.square_matrix("weights", self.weights, None)
        names = self.regions
        if names is None:
            names = preparation.frame_names("weights", self.weights)
        names = preparation.named(names, len(weights))
        np.fill_diagonal(weights, 0)
        preparation.checked_weights(weights, names)
        lengths = self.tract_lengths
        if lengths is not None:
            theirs = preparation.frame_names("tract_lengths", lengths)
            if theirs not in (None, names):
                raise ConnectomeError(
                    f"tract_lengths are of the regions {[*theirs[:LISTED]]}…, the weights of "
                    f"{[*names[:LISTED]]}…: both must have the same in the same order"
                )
            lengths = preparation.square_matrix("tract_lengths", lengths, len(weights))
            np.fill_diagonal(lengths, 0)
        weights, lengths = preparation.symmetrised(weights, lengths, symmetric)
        if lengths is not None:
            preparation.checked_lengths(lengths, names)
        positions = self.positions
        if positions is not None:
            positions = preparation.places(positions, names)
        for name in ("speed", "frequency"):
            try:
                value = number(
                    name, getattr(self, name), above=0, minimum=SMALLEST, maximum=LARGEST
                )
            except ValueError as error:
                raise ConnectomeError(str(error)) from None
            object.__setattr__(self, name, value)
        weights = preparation.scaled(weights, self.normalisation)
        object.__setattr__(self, "regions", names)
        for name, value in (
            ("weights", weights), ("tract_lengths", lengths), ("positions", positions)
        ):  # fmt: skip
            if value is not None:
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def time_unit(self) -> float:
        """Seconds in one unit of time of the models, 1/(2π · frequency)."""
        return 1 / (2 * np.pi * self.frequency)

    def __repr__(self) -> str:
        has = [name for name in ("tract_lengths", "positions") if getattr(self, name) is not None]
        return (
            f"Connectome({self.size} regions, {self.links.sum()} links, "
            f"normalisation={self.normalisation!r}, speed={self.speed:g} m/s, "
            f"frequency={self.frequency:g} Hz, with {' and '.join(has) or 'weights only'})"
        )

    @property
    def size(self) -> int:
        """Number of regions n."""
        return len(self.weights)

    @property
    def links(self) -> NDArray[np.bool_]:
        """Which links exist, (n, n): what `memorize` takes as ``links``."""
        return self.weights > 0

    @classmethod
    def example(
        cls,
        size: int = 76,
        *,
        seed: int = 0,
        normalisation: Normalisation = "spectral",
        speed: float = 3.0,
        frequency: float = 10.0,
    ) -> Self:
        """Return a made-up connectome of two hemispheres; no brain was measured for it.

        Regions lie on two mirrored half ellipsoids of a human brain's size. Weights fall
        exponentially with distance (by e in 25 mm) and scatter log-normally; hemispheres are joined
        by links of mirrored regions and few others; about a quarter of all pairs is linked, in both
        directions. Use it to try things, not to learn about brains.

        Parameters
        ----------
        size : int
            Number of regions n, even, at least 4. The left hemisphere, l01, l02, …, comes first.
        seed : int
            Of positions and weights.
        normalisation, speed, frequency
            As of the class.

        Raises
        ------
        ValueError
            If the size is odd or out of range.

        Examples
        --------
        >>> import wetcow as wc
        >>> brain = wc.Connectome.example(10)
        >>> brain.regions[::5], brain.positions.shape
        (('l1', 'r1'), (10, 3))
        """
        return cls(
            **example_fields(size, seed),
            normalisation=normalisation,
            speed=speed,
            frequency=frequency,
        )

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed.

        New weights are taken as they are, with ``normalisation`` "none", unless that is given too.
        """
        unknown = set(changes) - {field.name for field in dataclasses.fields(self)} - {"symmetric"}
        if unknown:
            raise ValueError(f"a Connectome has no field {sorted(unknown)}")
        keeps_weights = not {"weights", "normalisation"} & set(changes)
        one_way = "weights" not in changes and preparation.one_sided(self.weights)
        if one_way or not {"weights", "tract_lengths"} & set(changes):
            changes.setdefault("symmetric", False)
        how = changes.pop("normalisation", "none")
        copy = dataclasses.replace(self, normalisation=how, **changes)
        if keeps_weights:  # which are normalised: again would change their last digits
            object.__setattr__(copy, "normalisation", self.normalisation)
        return copy

    def select(self, regions: Sequence[str | int]) -> Self:
        """Keep some regions, by name or index, in the order given.

        Weights stay as they are, which are not those of a normalised connectome then.

        Raises
        ------
        ValueError
            For unknown names, and for numbers that are not whole or not in [0, n).
        """
        if isinstance(regions, str):
            raise ValueError(f"regions must be a sequence, got a single one: [{regions!r}]")
        names = {name: index for index, name in enumerate(self.regions or ())}
        unknown = [one for one in regions if isinstance(one, str) and one not in names]
        if unknown:
            raise ValueError(f"no regions are called {unknown[:LISTED]}; there are {[*names][:8]}…")
        listed = [names[one] if isinstance(one, str) else one for one in regions]
        if not listed or any(np.ndim(one) or isinstance(one, bool) for one in listed):
            raise ValueError(f"regions must be a sequence of names or indices, got {regions!r}")
        keep = indices("regions", listed, self.size)
        pairs = np.ix_(keep, keep)
        return self.replace(
            weights=self.weights[pairs],
            tract_lengths=None if self.tract_lengths is None else self.tract_lengths[pairs],
            positions=None if self.positions is None else self.positions[keep],
            regions=tuple((self.regions or ())[index] for index in keep),
            symmetric=False,
        )

    def normalised(self, how: Normalisation) -> Self:
        """Scale the weights so that a global coupling strength has a known meaning.

        Parameters
        ----------
        how : {"none", "max", "mean", "row", "spectral"}
            "max": the strongest link is 1. "mean": a region receives 1 on average (mean row sum).
            "row": every region receives 1 (rows without links stay empty), which makes weights of
            symmetric connectomes asymmetric. "spectral": the spectral radius is 1, so that without
            delays the coupling raises the growth rate of small waves by at most its strength, and
            by exactly that in the pattern of the leading eigenvector. "none": as they are.

        Raises
        ------
        ConnectomeError
            If there is nothing to scale: no links, or for "spectral" no cycle of links.

        Examples
        --------
        >>> import wetcow as wc
        >>> wc.Connectome([[0, 2.0], [8.0, 0]]).normalised("spectral").weights.tolist()
        [[0.0, 0.5], [2.0, 0.0]]
        """
        return self.replace(normalisation=how)

    def distances(self) -> NDArray[np.float64]:
        """Distances between the centres of regions, mm (n, n): a stand-in for tract lengths.

        Tracts are not straight; use them as ``connectome.replace(tract_lengths=…)`` knowingly.
        """
        if self.positions is None:
            raise ConnectomeError("distances need the positions of the regions")
        return np.linalg.norm(self.positions[:, None] - self.positions[None], axis=-1)
