"""The table ``simulation``: how a system is run."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field, NonNegativeInt, model_validator

from wetcow.config.tables import MOST_NUMBERS, ConfigTable
from wetcow.config.values import Array, Values, numbers


class Simulation(ConfigTable):
    """The arguments of `wetcow.simulate`."""

    t1: float = Field(200.0, description="end, time units")
    t0: float = Field(0.0, description="start, time units")
    num_samples: int = Field(2001, ge=2, le=MOST_NUMBERS)
    dt: float | None = Field(None, gt=0, description="fixed step; default: adaptive steps")
    rtol: float | None = Field(None, gt=0)
    atol: float | None = Field(None, gt=0)
    noise: Array = Field(
        0.0, description="σ of all modes or of each, or a covariance: a matrix of real numbers"
    )
    precision: Literal["double", "single"] = "double"
    seed: NonNegativeInt | None = Field(None, description="of all random numbers")
    modes: list[NonNegativeInt] | None = Field(None, description="the modes to record")
    a0: Values | None = Field(
        None, description="initial amplitudes, not negative; default: as of `simulate`"
    )
    a0_phase: Values | None = Field(None, description="initial phases, radians; default: 0")

    @model_validator(mode="after")
    def _strong_or_none(self):
        if np.ndim(self.noise) > 2:
            raise ValueError("noise: expected a number, a list or a matrix")
        if np.ndim(self.noise) < 2 and np.any(np.asarray(self.noise) < 0):
            raise ValueError("noise: expected numbers that are not negative")
        return self

    @model_validator(mode="after")
    def _forwards(self):
        if self.t1 <= self.t0:
            raise ValueError(f"t1 must be later than t0, got t0 = {self.t0:g}, t1 = {self.t1:g}")
        if self.a0 is None and self.a0_phase is not None:
            raise ValueError("a0_phase: give a0 too, the amplitudes that have these phases")
        return self

    def arguments(self, size: int) -> dict[str, Any]:
        """Return the arguments of `wetcow.simulate`, for a system of `size` modes."""
        given = {name: value for name, value in self if name not in ("a0", "a0_phase")}
        if self.a0 is None:
            return {**given, "a0": None}
        amplitude = np.asarray(numbers(self.a0, "simulation.a0", self.seed, (size,)))
        if np.any(amplitude < 0):
            raise ValueError("simulation.a0: expected amplitudes that are not negative")
        if self.a0_phase is None:
            return {**given, "a0": amplitude}
        phase = np.asarray(numbers(self.a0_phase, "simulation.a0_phase", self.seed, (size,)))
        return {**given, "a0": amplitude * np.exp(1j * phase)}
