"""A network of leaky integrate-and-fire units, as in the fifth tutorial of snntorch."""

from __future__ import annotations

import snntorch  # pyright: ignore[reportMissingImports]
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

_UNITS = 256
_STEPS = 25
_DECAY = 0.95  # of the membrane potential in a step


class Spiking(nn.Module):
    """256 hidden and as many output units as classes, driven by pixels as direct currents.

    The class is that whose unit spikes most often. For training, the cross-entropies of the
    membrane potentials after each step are added up.

    Parameters
    ----------
    pixels : int
        Inputs.
    classes : int
        Number of classes.
    """

    def __init__(self, pixels: int, classes: int):
        super().__init__()
        self.hidden = nn.Linear(pixels, _UNITS)
        self.out = nn.Linear(_UNITS, classes)
        self.hidden_spikes = snntorch.Leaky(beta=_DECAY)
        self.out_spikes = snntorch.Leaky(beta=_DECAY)

    def run(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return spikes and membrane potentials of the classes, both (steps, n, classes)."""
        hidden_potential, potential = self.hidden_spikes.reset_mem(), self.out_spikes.reset_mem()
        current = self.hidden(images)  # the same in each step, for the image is
        steps = []
        for _ in range(_STEPS):
            spikes, hidden_potential = self.hidden_spikes(current, hidden_potential)
            spikes, potential = self.out_spikes(self.out(spikes), potential)
            steps.append((spikes, potential))
        spikes, potentials = zip(*steps, strict=True)
        return torch.stack(spikes), torch.stack(potentials)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.run(images)[0].sum(0)

    def loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the cross-entropy, its mean over images and sum over steps."""
        _, potentials = self.run(images)
        repeated = labels.repeat(_STEPS)
        return _STEPS * functional.cross_entropy(potentials.flatten(0, 1), repeated)
