"""Connectomes as models: delays, couplings, networks, and labels of results."""

from __future__ import annotations

import inspect
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from wetcow.networks.connectome.labels import labelled
from wetcow.networks.connectome.preparation import LARGEST, ConnectomeError
from wetcow.networks.connectome.structure import Structure
from wetcow.networks.coupling import Coupling
from wetcow.networks.delayed import Delayed
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.networks.sparse import SPARSE_BELOW, Sparse
from wetcow.validation import number, refuse_unknown

CONSTANTS = ("w_a", "w_phi", "psi", "alpha")
NETWORK_SYNONYMS = {
    "coupling": "coupling_strength",
    "strength": "coupling_strength",
    "k": "coupling_strength",
    "K": "coupling_strength",
    "g": "coupling_strength",
    "speed": "Connectome.replace(speed=…)",
    "excitation": "gamma",
}
FIELD_SYNONYMS = {
    "centres": "positions",
    "centers": "positions",
    "coordinates": "positions",
    "lengths": "tract_lengths",
    "distances": "tract_lengths",
    "labels": "regions",
    "names": "regions",
    "velocity": "speed",
    "normalization": "normalisation",
}


class Connectome(Structure):
    """Structural connectivity of n regions, immutable.

    Models built from it measure time in units of ``time_unit`` = 1/(2π · frequency) seconds, in
    which a wave of `frequency` has ω = 1: excitation γ, coupling and criticality are then the
    numbers of the paper, whatever the frequency is.

    Parameters
    ----------
    weights : float array (n, n), DataFrame or DataArray
        Strength of the link from region j to region i, in [i, j]; not negative. The unit is
        arbitrary unless it is normalised. The diagonal is ignored: a region's action on itself
        belongs into its γ and ω.
    tract_lengths : float array (n, n), DataFrame or DataArray, optional
        mm. Zero where there is a link makes that link instantaneous.
    regions : sequence of n str, optional
        Unique names. Default: those of a DataFrame or DataArray; or region_000, region_001, …
    positions : float array (n, 3), optional
        Centres of the regions, mm, in whatever axes the source has.
    speed : float
        Conduction speed, m/s, which is mm/ms.
    frequency : float
        Of the waves, Hz.
    normalisation : {"none", "max", "mean", "row", "spectral"}
        How to scale the weights; see `normalised`. "none": as they are.
    symmetric : bool, optional
        True: links go both ways, and the empty half of a triangular matrix is filled in. False:
        the matrix says both directions as it is. Default: as False, but a matrix with all links on
        one side of its diagonal is an error that asks.

    Raises
    ------
    ConnectomeError
        A ValueError for matrices that are not square or do not fit together; masked, complex,
        negative or missing values; lengths and positions in metres; names that are not unique, or
        that differ between rows and columns; and speeds or frequencies that are not in [1e-9, 1e9].

    Examples
    --------
    >>> pair = Connectome([[0, 2.0], [1.0, 0]], tract_lengths=[[0, 30.0], [30.0, 0]], speed=3.0)
    >>> pair.delays_ms()[0].tolist()
    [0.0, 10.0]
    >>> pair.phase_delays()[0].round(4).tolist()
    [0.0, 0.6283]
    >>> Connectome([[0, 0], [8.0, 0]], normalisation="max", symmetric=True).weights.tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """

    def __new__(cls, *_: Any, **fields: Any) -> Self:
        """Refuse names of fields that there are not, before the class says so less kindly."""
        names = [*inspect.signature(cls.__init__).parameters][1:]
        unknown = {name: value for name, value in fields.items() if name not in names}
        refuse_unknown(unknown, names, FIELD_SYNONYMS)
        return super().__new__(cls)

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
        frequency = number("frequency", frequency, minimum=0, maximum=LARGEST)
        return 2 * np.pi * frequency * 1e-3 * self.delays_ms()

    def coupling(
        self,
        strength: float = 1.0,
        *,
        delays: Literal["phase", "exact", "none"] = "phase",
        frequency: float | None = None,
        min_delay: float = 0.0,
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
        min_delay : float
            Of exact delays, ms: shorter ones are interpolated, as of `Delayed`, so that steps may
            be as long.

        Returns
        -------
        Dense, Sparse or Delayed
            `Sparse` if less than a tenth of all pairs are linked and delays are not exact.
        """
        if delays not in ("phase", "exact", "none"):
            raise ValueError(f"delays must be 'phase', 'exact' or 'none', got {delays!r}")
        if frequency is not None and delays != "phase":
            raise ValueError("frequency is that of phase delays: give it with delays='phase'")
        min_delay = number("min_delay", min_delay, minimum=0)
        if min_delay and delays != "exact":
            raise ValueError("min_delay is for exact delays: give it with delays='exact'")
        strength = number("strength", strength)
        with np.errstate(over="ignore"):
            weights = strength * self.weights
        if not np.all(np.isfinite(weights)):
            raise ValueError(
                f"strength {strength:g} times weights of up to {self.weights.max():g} is too large "
                "a number: normalise the weights"
            )
        if delays == "exact":
            return Delayed(weights, self.delays(), min_delay=min_delay * 1e-3 / self.time_unit)
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
        min_delay: float = 0.0,
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
        delays, frequency, min_delay
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
        refuse_unknown(
            {name: value for name, value in constants.items() if name not in CONSTANTS},
            ("coupling_strength", "gamma", "omega", "delays", "frequency", "min_delay", *CONSTANTS),
            NETWORK_SYNONYMS,
        )
        if delays is None:
            delays = "none" if self.tract_lengths is None else "phase"
        coupling = self.coupling(
            coupling_strength, delays=delays, frequency=frequency, min_delay=min_delay
        )
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
            with ``labelled.swap_dims(mode="region").sel(region="rV1")``. The attributes
            ``connectome_frequency`` (Hz), ``connectome_speed`` (m/s), ``connectome_normalisation``
            and ``connectome_time_unit`` (s) are this connectome's, and stay in saved files: a
            frequency ω in rad per unit of time is ω/(2π · connectome_time_unit) Hz. What a sweep
            varies as ``speed``, ``frequency`` or ``normalisation`` is in its coordinate instead;
            where ``frequency`` varies there are no ``seconds`` and no time unit.

        Raises
        ------
        ValueError
            If the modes of the results are not regions of this connectome: the system must have one
            mode for each region, of which a run may have recorded some (``modes=``).

        Examples
        --------
        >>> import wetcow as wc
        >>> pair = Connectome([[0, 1.0], [1.0, 0]], regions=("left", "right"))
        >>> run = wc.simulate(pair.to_network(), t1=10.0, num_samples=11)
        >>> pair.label(run).region.values.tolist()
        ['left', 'right']
        """
        return labelled(self, results)
