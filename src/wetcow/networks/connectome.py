"""Connectomes: which regions of a brain are joined, how strongly, and how far apart they are.

A signal takes τ_ij = L_ij/v along a tract of length L_ij with conduction speed v. A wave of angular
frequency ω arrives turned by the phase delay δ_ij = ω τ_ij of [19, 20]: a_j(t − τ) is then
a_j(t) e^{−iωτ}, as long as its amplitude and frequency stay what they are during τ.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wetcow.networks import connectome_files
from wetcow.networks.connectome_files import ConnectomeError
from wetcow.networks.coupling import Coupling
from wetcow.networks.delayed import Delayed
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.networks.sparse import Sparse

Normalisation = Literal["none", "max", "mean", "row", "spectral"]
NORMALISATIONS = ("none", "max", "mean", "row", "spectral")
SPARSE_BELOW = 0.1  # of all pairs, as in `memorize`
SHOWN = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Connectome:
    """Structural connectivity of n regions, immutable.

    Models built from it measure time in units of ``time_unit`` = 1/(2π · frequency) seconds, in
    which a wave of `frequency` has ω = 1: excitation γ, coupling and criticality are then the
    numbers of the paper, whatever the frequency is.

    Parameters
    ----------
    weights : float array (n, n)
        Strength of the link from region j to region i, in [i, j]; not negative. The unit is
        arbitrary until `normalised`. The diagonal is ignored: a region's action on itself belongs
        into its γ and ω.
    tract_lengths : float array (n, n), optional
        mm. Zero where there is a link makes that link instantaneous.
    regions : sequence of n str, optional
        Unique names. Default: region_000, region_001, …
    positions : float array (n, 3), optional
        Centres of the regions, mm, in whatever axes the source has.
    speed : float
        Conduction speed, m/s, which is mm/ms.
    frequency : float
        Of the waves, Hz.
    normalisation : str
        How `weights` were normalised.

    Raises
    ------
    ConnectomeError
        A ValueError for matrices that are not square or do not fit together, values that are not
        finite or negative, names that are not unique, and speeds or frequencies ≤ 0.

    Examples
    --------
    >>> pair = Connectome([[0, 2.0], [1.0, 0]], tract_lengths=[[0, 30.0], [30.0, 0]], speed=3.0)
    >>> pair.delays_ms()[0].tolist()
    [0.0, 10.0]
    >>> pair.phase_delays()[0].round(4).tolist()
    [0.0, 0.6283]
    """

    weights: NDArray[np.float64]
    tract_lengths: NDArray[np.float64] | None = None
    regions: tuple[str, ...] | None = None
    positions: NDArray[np.float64] | None = None
    speed: float = 3.0
    frequency: float = 10.0
    normalisation: str = "none"

    def __post_init__(self) -> None:
        weights = _matrix("weights", self.weights, None)
        np.fill_diagonal(weights, 0)
        size = len(weights)
        links = weights != 0
        _require_finite("weights", weights)
        if np.any(weights < 0):
            i, j = np.argwhere(weights < 0)[0]
            raise ConnectomeError(
                f"weights must not be negative; the link from region {j} to {i} has "
                f"{weights[i, j]:g}. If a correlation matrix was meant, it is no structural one"
            )
        lengths = self.tract_lengths
        if lengths is not None:
            # What a file says about pairs without a link does not matter.
            lengths = np.where(links, _matrix("tract_lengths", lengths, size), 0.0)
            _require_finite("tract_lengths", lengths)
            if np.any(lengths < 0):
                raise ConnectomeError(f"tract_lengths must not be negative, got {lengths.min():g}")
        object.__setattr__(self, "regions", _names(self.regions, size))
        positions = self.positions
        if positions is not None:
            positions = np.array(positions, dtype=np.float64)
            if positions.shape != (size, 3):
                raise ConnectomeError(
                    f"positions must have shape ({size}, 3) for {size} regions, got "
                    f"{positions.shape}"
                )
            _require_finite("positions", positions)
        for name in ("speed", "frequency"):
            value = np.asarray(getattr(self, name), dtype=np.float64)
            if value.ndim or not (np.isfinite(value) and value > 0):
                raise ConnectomeError(f"{name} must be a positive number, got {value}")
            object.__setattr__(self, name, float(value))
        for name, value in (
            ("weights", weights), ("tract_lengths", lengths), ("positions", positions)
        ):  # fmt: skip
            if value is not None:
                value.setflags(write=False)
            object.__setattr__(self, name, value)

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

    @property
    def time_unit(self) -> float:
        """Seconds in one unit of time of the models, 1/(2π · frequency)."""
        return 1 / (2 * np.pi * self.frequency)

    def replace(self, **changes: Any) -> Connectome:
        """Return a copy with some fields changed."""
        unknown = set(changes) - {field.name for field in dataclasses.fields(self)}
        if unknown:
            raise ValueError(f"a Connectome has no field {sorted(unknown)}")
        return dataclasses.replace(self, **changes)

    def select(self, regions: Sequence[str | int]) -> Connectome:
        """Keep some regions, by name or index, in the order given."""
        names = {name: index for index, name in enumerate(self.regions or ())}
        unknown = [one for one in regions if isinstance(one, str) and one not in names]
        if unknown:
            raise ValueError(f"no regions are called {unknown[:SHOWN]}; there are {[*names][:8]}…")
        keep = np.array([names[one] if isinstance(one, str) else int(one) for one in regions])
        pairs = np.ix_(keep, keep)
        return self.replace(
            weights=self.weights[pairs],
            tract_lengths=None if self.tract_lengths is None else self.tract_lengths[pairs],
            positions=None if self.positions is None else self.positions[keep],
            regions=tuple((self.regions or ())[index] for index in keep),
        )

    def normalised(self, how: Normalisation) -> Connectome:
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
        >>> Connectome([[0, 2.0], [8.0, 0]]).normalised("spectral").weights.tolist()
        [[0.0, 0.5], [2.0, 0.0]]
        """
        if how not in NORMALISATIONS:
            raise ValueError(f"normalisation must be one of {NORMALISATIONS}, got {how!r}")
        received = self.weights.sum(axis=1)
        if how == "none":
            scale: Any = 1.0
        elif how == "max":
            scale = self.weights.max()
        elif how == "mean":
            scale = received.mean()
        elif how == "row":
            scale = np.where(received > 0, received, 1)[:, None] if received.any() else 0.0
        else:
            scale = np.abs(np.linalg.eigvals(self.weights)).max()
            # Of a nilpotent matrix the radius is zero, but not what rounding makes of it.
            scale = scale if scale > 1e-8 * self.weights.max() else 0.0
        if not np.all(scale > 0):
            raise ConnectomeError(
                f"normalisation {how!r} is not defined: the connectome has too few links"
            )
        return self.replace(weights=self.weights / scale, normalisation=how)

    def distances(self) -> NDArray[np.float64]:
        """Distances between the centres of regions, mm (n, n): a stand-in for tract lengths.

        Tracts are not straight; use them as ``connectome.replace(tract_lengths=…)`` knowingly.
        """
        if self.positions is None:
            raise ConnectomeError("distances need the positions of the regions")
        return np.linalg.norm(self.positions[:, None] - self.positions[None], axis=-1)

    def delays_ms(self) -> NDArray[np.float64]:
        """Conduction delays τ_ij = L_ij/v, ms (n, n); zero where there is no link."""
        if self.tract_lengths is None:
            raise ConnectomeError(
                "delays need tract lengths, which this connectome has none of: give "
                "tract_lengths=, for instance distances() where positions are known"
            )
        return self.tract_lengths / self.speed

    def delays(self) -> NDArray[np.float64]:
        """Conduction delays in units of time of the models, 1/(2π · frequency) (n, n)."""
        return self.delays_ms() * 1e-3 / self.time_unit

    def phase_delays(self, frequency: float | None = None) -> NDArray[np.float64]:
        """Phase delays δ_ij = 2π f τ_ij of [19, 20], radians (n, n), not wrapped.

        Parameters
        ----------
        frequency : float, optional
            f at which waves are delayed, Hz. Default: the connectome's. Modes near criticality
            spike more slowly than their linear frequency; the frequency they lock to is the
            better choice where it is known.
        """
        frequency = self.frequency if frequency is None else frequency
        if not (np.isfinite(frequency) and frequency >= 0):
            raise ValueError(f"frequency must not be negative, got {frequency}")
        return 2 * np.pi * frequency * 1e-3 * self.delays_ms()

    def coupling(
        self,
        strength: float = 1.0,
        *,
        delays: Literal["phase", "exact", "none"] = "phase",
        frequency: float | None = None,
    ) -> Coupling:
        """Coupling R of the regions, in units of 2π · (the connectome's frequency).

        Parameters
        ----------
        strength : float
            Multiplies all weights.
        delays : {"phase", "exact", "none"}
            "phase": R_ij = w_ij e^{−iδ_ij} with `phase_delays`, which costs nothing. "exact":
            `Delayed` coupling w_ij a_j(t − τ_ij). "none": R_ij = w_ij.
        frequency : float, optional
            Of the phase delays, Hz; see `phase_delays`.

        Returns
        -------
        Dense, Sparse or Delayed
            `Sparse` if less than a tenth of all pairs are linked and delays are not exact.
        """
        if delays not in ("phase", "exact", "none"):
            raise ValueError(f"delays must be 'phase', 'exact' or 'none', got {delays!r}")
        if frequency is not None and delays != "phase":
            raise ValueError("frequency is that of phase delays: give it with delays='phase'")
        weights = float(strength) * self.weights
        if delays == "exact":
            return Delayed(weights, self.delays())
        phase = self.phase_delays(frequency) if delays == "phase" else np.zeros_like(weights)
        r = weights * np.exp(-1j * phase)
        few = self.links.sum() < SPARSE_BELOW * self.size * (self.size - 1)
        return Sparse.from_matrix(r) if few else Dense(r)

    def to_network(
        self,
        gamma: Any = 0.5,
        coupling_strength: float = 0.5,
        *,
        omega: Any = 1.0,
        delays: Literal["phase", "exact", "none"] | None = None,
        frequency: float | None = None,
        **constants: Any,
    ) -> Network:
        """Network with one wave mode for each region.

        Parameters
        ----------
        gamma : float or array (n,)
            Excitation γ, units of 2π · frequency: with the canonical constants a mode without
            coupling has criticality γ/(2 omega).
        coupling_strength : float
            Multiplies the weights; see `normalised` for what it means. The same as in
            ``network.replace(coupling_strength=…)`` and ``sweep(network, coupling_strength=[…])``.
        omega : float or array (n,)
            Frequencies of the modes relative to the connectome's.
        delays, frequency
            As of `coupling`. Default: "phase" if there are tract lengths, else "none".
        **constants : float or array (n,)
            w_a, w_phi, psi, alpha; see `wetcow.Mode`.

        Returns
        -------
        Network
            Its time is in units of ``time_unit``; `label` adds seconds to results.

        Examples
        --------
        >>> pair = Connectome([[0, 1.0], [1.0, 0]], tract_lengths=[[0, 30.0], [30.0, 0]])
        >>> pair.to_network(gamma=0.5, coupling_strength=0.2).size
        2
        """
        if delays is None:
            delays = "none" if self.tract_lengths is None else "phase"
        coupling = self.coupling(coupling_strength, delays=delays, frequency=frequency)
        return Network(
            gamma=gamma,
            omega=omega,
            coupling=coupling,
            coupling_strength=coupling_strength,
            **constants,
        )

    def label(self, results: Any) -> Any:
        """Add the regions to results, as coordinates.

        Parameters
        ----------
        results : xarray.Dataset or xarray.DataArray
            Of `simulate`, `sweep` or a measure of them, with the dimension "mode" or "mode_from".

        Returns
        -------
        xarray.Dataset or xarray.DataArray
            With ``region`` and, where known, ``x``, ``y``, ``z`` (mm) along "mode" (and
            ``region_from``, … along "mode_from"), and ``seconds`` along "time". Select by name
            with ``labelled.swap_dims(mode="region").sel(region="rV1")``.

        Raises
        ------
        ValueError
            If the modes of the results are not regions of this connectome.

        Examples
        --------
        >>> import wetcow as wc
        >>> pair = Connectome([[0, 1.0], [1.0, 0]], regions=("left", "right"))
        >>> run = wc.simulate(pair.to_network(), t1=10.0, num_samples=11)
        >>> pair.label(run).region.values.tolist()
        ['left', 'right']
        """
        labels: dict[str, Any] = {}
        for dimension, suffix in (("mode", ""), ("mode_from", "_from")):
            if dimension not in results.dims:
                continue
            index = np.asarray(results[dimension].values)
            if index.size and not (index.min() >= 0 and index.max() < self.size):
                raise ValueError(
                    f"the results have mode {index.max()}, but the connectome has {self.size} "
                    "regions"
                )
            # Of variable length, which files of zarr have a specification for.
            labels[f"region{suffix}"] = (dimension, np.array(self.regions, dtype=object)[index])
            if self.positions is not None:
                for axis, values in zip("xyz", self.positions[index].T, strict=True):
                    labels[f"{axis}{suffix}"] = (dimension, values, {"units": "mm"})
        if not labels:
            raise ValueError(f"these results have no modes to label; dimensions: {[*results.dims]}")
        if "time" in results.dims:
            seconds = np.asarray(results["time"].values) * self.time_unit
            labels["seconds"] = ("time", seconds, {"units": "s"})
        return results.assign_coords(labels)


def _matrix(name: str, value: Any, size: int | None) -> NDArray[np.float64]:
    """Return a copy of `value` as a square matrix of the right size."""
    matrix = np.array(value, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ConnectomeError(f"{name} must be a square matrix (n, n), got shape {matrix.shape}")
    if size is None and len(matrix) < 2:
        raise ConnectomeError(f"a connectome has two or more regions, got {len(matrix)}")
    if size is not None and len(matrix) != size:
        raise ConnectomeError(
            f"{name} must have shape ({size}, {size}) as the weights have, got {matrix.shape}"
        )
    return matrix


def _require_finite(name: str, value: NDArray[np.float64]) -> None:
    bad = np.argwhere(~np.isfinite(value))
    if len(bad):
        raise ConnectomeError(
            f"{name} must be finite; {len(bad)} entries are NaN or infinite, the first at "
            f"{bad[0].tolist()}"
        )


def _names(regions: Any, size: int) -> tuple[str, ...]:
    if regions is None:
        return tuple(f"region_{index:03d}" for index in range(size))
    names = tuple(str(name) for name in regions)
    if len(names) != size:
        raise ConnectomeError(f"{len(names)} region names for {size} regions")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConnectomeError(f"region names must be unique; repeated: {twice[:SHOWN]}")
    return names


def load_connectome(
    path: str | os.PathLike,
    *,
    frequency: float = 10.0,
    speed: float = 3.0,
    normalisation: Normalisation = "spectral",
    tract_lengths: Any = None,
    regions: Sequence[str] | None = None,
    positions: Any = None,
    weight: str = "number_of_fibers",
    length: str = "fiber_length_mean",
) -> Connectome:
    r"""Read structural connectivity.

    Parameters
    ----------
    path : path
        By its suffix: ``.zip``, The Virtual Brain's (``weights.txt``, and if present
        ``tract_lengths.txt`` and ``centres.txt``, plain or as ``.bz2``); ``.graphml`` of the
        Connectome Mapper, as braingraph.org publishes it; ``.csv``, ``.tsv`` or ``.txt``, a
        matrix, with region names in its first row or column or without; ``.npy``, a matrix. Entry
        [i, j] is from region j to region i.
    frequency : float
        Of the waves, Hz.
    speed : float
        Conduction speed, m/s.
    normalisation : str
        See `Connectome.normalised`.
    tract_lengths : path or float array (n, n), optional
        mm, for files that have none; or instead of the file's.
    regions : sequence of n str, optional
        Names instead of the file's.
    positions : float array (n, 3), optional
        mm, instead of the file's.
    weight, length : str
        Attributes of GraphML edges that hold the weight and the tract length in mm.

    Returns
    -------
    Connectome

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ConnectomeError
        A ValueError for damaged files and values that make no sense; see `Connectome`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "weights.csv"
    ...     _ = path.write_text("V1,V2\n0,3\n3,0\n")
    ...     load_connectome(path, frequency=40.0).regions
    ('V1', 'V2')
    """
    contents = connectome_files.read(path, weight, length)
    if isinstance(tract_lengths, str | os.PathLike):
        tract_lengths = connectome_files.read_matrix(tract_lengths)
    given = {"tract_lengths": tract_lengths, "regions": regions, "positions": positions}
    fields = contents._asdict() | {
        name: value for name, value in given.items() if value is not None
    }
    try:
        connectome = Connectome(**fields, speed=speed, frequency=frequency)
        return connectome.normalised(normalisation)
    except ConnectomeError as error:
        raise ConnectomeError(f"{os.fspath(path)}: {error}") from error
