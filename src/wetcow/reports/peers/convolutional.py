"""Convolutional networks in PyTorch: peers of the wave classifier.

PyTorch comes with ``pip install "wetcow[bench]"``.
"""

from __future__ import annotations

import math

import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional as F  # pyright: ignore[reportMissingImports]


class _OfImages(nn.Module):
    """Layers that are given square images (n, 1, side, side).

    Parameters
    ----------
    pixels : int
        Of an image.
    classes : int
        Number of classes.
    """

    layers: nn.Sequential

    def __init__(self, pixels: int, classes: int):
        super().__init__()
        self.side = math.isqrt(pixels)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images.reshape(-1, 1, self.side, self.side))

    def loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the mean cross-entropy."""
        return F.cross_entropy(self(images), labels)


class Convolutional(_OfImages):
    """Two convolutions, 32 and 64 maps of 3×3, pooling, dropout and 128 units."""

    def __init__(self, pixels: int, classes: int):
        super().__init__(pixels, classes)
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels=1, out_channels=32, kernel_size=3),
            nn.ReLU(),
            nn.Conv2d(in_channels=32, out_channels=64, kernel_size=3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.25),
            nn.Flatten(),
            nn.Linear(64 * ((self.side - 4) // 2) ** 2, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, classes),
        )


class Small(_OfImages):
    """Three convolutions of 3×3 with batch norm and pooling: as small as ours.

    Parameters
    ----------
    pixels, classes : int
        Of an image; number of classes.
    maps : (int, int, int)
        Of each convolution.
    """

    def __init__(self, pixels: int, classes: int, maps: tuple[int, int, int] = (16, 30, 30)):
        super().__init__(pixels, classes)
        first, second, third = maps
        self.layers = nn.Sequential(
            *_convolved(1, first),
            *_convolved(first, second),
            nn.MaxPool2d(2),
            *_convolved(second, third),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(third * (self.side // 4) ** 2, classes),
        )


class Residual(_OfImages):
    """The smallest network of the ResNet paper's family: 16, 32 and 64 maps, a block of each."""

    def __init__(self, pixels: int, classes: int):
        super().__init__(pixels, classes)
        self.layers = nn.Sequential(
            *_convolved(1, 16),
            _Block(maps=16, wider=16, stride=1),
            _Block(maps=16, wider=32, stride=2),
            _Block(maps=32, wider=64, stride=2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64, classes),
        )


class _Block(nn.Module):
    def __init__(self, maps: int, wider: int, stride: int):
        super().__init__()
        self.first = nn.Sequential(*_convolved(maps, wider, stride))
        self.second = nn.Sequential(*_convolved(wider, wider)[:-1])
        self.past = nn.Identity()
        if maps != wider:
            self.past = nn.Sequential(
                nn.Conv2d(in_channels=maps, out_channels=wider, kernel_size=1, stride=stride),
                nn.BatchNorm2d(wider),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.second(self.first(x)) + self.past(x))


def _convolved(maps: int, wider: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(
        in_channels=maps, out_channels=wider, kernel_size=3, stride=stride, padding=1, bias=False
    )
    return [convolution, nn.BatchNorm2d(wider), nn.ReLU()]
