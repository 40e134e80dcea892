"""What views of memories and brains have in common: they are networks, seen."""

from __future__ import annotations

import dataclasses

import xarray as xr

from wetcow.explore.views.network import NetworkView


@dataclasses.dataclass(frozen=True)
class OfNetwork:
    """A network, seen, of which there is more to say.

    Attributes
    ----------
    network : NetworkView
    """

    network: NetworkView

    @property
    def run(self) -> xr.Dataset:
        """The motion of the network."""
        return self.network.run

    @property
    def configuration(self) -> str:
        """The same motion as a file of ``wetcow simulate``."""
        return self.network.configuration

    @property
    def code(self) -> str:
        """Python that computes the numbers with the package alone."""
        return self.network.code
