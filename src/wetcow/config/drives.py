"""The table ``drive``: input in time, as arrays or pulses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, NonNegativeInt, Tag, model_validator

from wetcow.config.tables import ConfigTable, PositiveCount, by_kind
from wetcow.config.values import Array, Values, numbers
from wetcow.simulation.drive import Drive, pulse


class DriveTable(ConfigTable):
    """What both kinds share: the inputs."""

    gamma: Values | None = Field(None, description="added to the excitation, 1/time")
    omega: Values | None = Field(None, description="added to the frequency, radians/time")
    additive_real: Values | None = Field(None, description="added to da/dt, amplitude/time")
    additive_imag: Values | None = None

    @model_validator(mode="after")
    def _some(self):
        if all(getattr(self, name) is None for name in DriveTable.model_fields):
            raise ValueError("it drives nothing; give gamma, omega, additive_real or additive_imag")
        return self

    def inputs(self, n: int, seed: int | None) -> dict[str, Any]:
        """The inputs as numbers and arrays; what is drawn, n numbers."""
        given = {
            name: np.asarray(numbers(getattr(self, name), f"drive.{name}", seed, (n,)))
            for name in DriveTable.model_fields
            if getattr(self, name) is not None
        }
        parts = given.pop("additive_real", None), given.pop("additive_imag", None)
        if any(part is not None for part in parts):
            real, imag = (0.0 if part is None else part for part in parts)
            given["additive"] = real + 1j * np.asarray(imag)
        return given


class ArrayDrive(DriveTable):
    """The arguments of `wetcow.Drive`: inputs have one row for each of the `times`."""

    kind: Literal["arrays"]
    times: Array = Field(description="in order; a time given twice is a jump")
    outside: Literal["zero", "hold"] | None = Field(
        None, description="what it is before the first and after the last time"
    )

    def build(self, n: int, seed: int | None) -> Drive:
        """Return the drive of n modes."""
        inputs = self.inputs(n, seed)
        return Drive(np.asarray(self.times), **inputs, outside=self.outside)


class PulseDrive(DriveTable):
    """The arguments of `wetcow.pulse`: inputs are numbers, or one for each mode."""

    kind: Literal["pulse"]
    start: float
    duration: float = Field(gt=0)
    rise: float = Field(0.0, ge=0)
    period: float | None = Field(None, gt=0)
    count: PositiveCount = 1
    modes: list[NonNegativeInt] | None = Field(
        None, description="which get the pulse; default: all"
    )

    def build(self, n: int, seed: int | None) -> Drive:
        """Return the drive of n modes."""
        inputs = self.inputs(n, seed)
        if self.modes is not None:
            if any(mode >= n for mode in self.modes):
                raise ValueError(f"modes: they are numbered from 0 to {n - 1}, got {self.modes}")
            chosen = np.zeros(n)
            chosen[self.modes] = 1
            inputs = {name: chosen * value for name, value in inputs.items()}
        return pulse(
            self.start,
            self.duration,
            **inputs,
            rise=self.rise,
            period=self.period,
            count=self.count,
        )


AnyDrive = Annotated[
    Annotated[ArrayDrive, Tag("<arrays>")] | Annotated[PulseDrive, Tag("<pulse>")],
    by_kind('"arrays" or "pulse"'),
]
