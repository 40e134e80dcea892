"""What a fit found: parameters, the network they mean, and how good it is beside nulls."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.files import plain
from wetcow.fit import files
from wetcow.fit.refinement import Refined
from wetcow.networks.network import Network
from wetcow.networks.resting_statistics import Resting

UNITS = {
    "gamma": "1/time",
    "omega": "radians/time",
    "noise": "amplitude/sqrt(time)",
    "margin": "1/time",
}
ERROR = "_standard_error"


class Outcome(NamedTuple):
    """How well one connectome was fitted.

    Attributes
    ----------
    name : str
        "connectome", or the kind of null.
    loss : float
        Without prior.
    scores : dict of str to float
        Pearson correlation with the data of each loss.
    held_out : float, optional
        With the functional connectivity of other subjects.
    """

    name: str
    loss: float
    scores: dict[str, float]
    held_out: float | None

    @property
    def score(self) -> float:
        """The first of the scores; NaN where there are none."""
        return next(iter(self.scores.values()), float("nan"))


class Fitted(NamedTuple):
    """A network fitted to data, from `fit`.

    Attributes
    ----------
    network : Network
        With the fitted parameters, stable at rest; ready for `simulate`.
    noise : float array (n,)
        σ of each mode, amplitude/sqrt(time).
    parameters : xarray.Dataset
        What was fitted: values on "mode", or of all; with standard errors, if they were asked for,
        as ``gamma_standard_error`` and so on.
    outcomes : tuple of Outcome
        Of the connectome, then of the nulls.
    losses : float array (steps, 1 + nulls, starts)
        Before each step, with prior.
    num_parameters : int
        Coefficients that were fitted.
    ceiling : float, optional
        Correlation of the fitted and the other subjects' functional connectivity.
    resting : Resting
        Statistics at rest; with delays as phases.
    refined : Refined, optional
        What further steps through simulations did.
    """

    network: Network
    noise: np.ndarray
    parameters: xr.Dataset
    outcomes: tuple[Outcome, ...]
    losses: np.ndarray
    num_parameters: int
    ceiling: float | None
    resting: Resting
    refined: Refined | None = None

    @property
    def score(self) -> float:
        """Pearson correlation with the fitted data; of several, the first."""
        return self.outcomes[0].score

    @property
    def held_out(self) -> float | None:
        """Pearson correlation with the functional connectivity of other subjects."""
        return self.outcomes[0].held_out

    @property
    def nulls(self) -> dict[str, Outcome]:
        """The best null of each kind, on other subjects where there are some."""
        found: dict[str, Outcome] = {}
        for one in self.outcomes[1:]:
            if one.name not in found or _judged(one) > _judged(found[one.name]):
                found[one.name] = one
        return found

    @property
    def lead(self) -> float | None:
        """By how much the connectome is better than the best null; None without nulls."""
        if len(self.outcomes) == 1:
            return None
        return _judged(self.outcomes[0]) - max(_judged(one) for one in self.outcomes[1:])

    def summary(self) -> str:
        """What was reached, and how much of it the connectome explains, in a few lines."""
        first = self.outcomes[0]
        lines = [
            f"{self.num_parameters} parameters fitted, {self.network.size} regions; "
            f"margin from criticality {self.resting.margin:.3g} per unit of time"
        ]
        lines += [f"{kind}: correlation {score:.3f}" for kind, score in first.scores.items()]
        if not first.scores:
            lines.append(f"loss {first.loss:.4g}")
        if first.held_out is not None:
            limit = "" if self.ceiling is None else f"; the data allow {self.ceiling:.3f}"
            lines.append(f"other subjects: correlation {first.held_out:.3f}{limit}")
        if self.refined is not None:
            lines.append(_refinement(self.refined))
        for name, null in self.nulls.items():
            out = "" if null.held_out is None else f", other subjects {null.held_out:.3f}"
            value = f"correlation {null.score:.3f}" if null.scores else f"loss {null.loss:.4g}"
            lines.append(f"null {name}: {value}{out}")
        if self.lead is not None:
            best = max(self.outcomes[1:], key=_judged).name
            if self.lead > 0:
                lines.append(
                    f"the connectome leads the best null ({best}) by {self.lead:.3f}: that much is "
                    "explained by who is linked to whom"
                )
            else:
                lines.append(
                    f"the best null ({best}) is as good: who is linked to whom explains nothing"
                )
        return "\n".join(lines)

    def report(self) -> dict[str, Any]:
        """All numbers of `summary`, for JSON."""
        return plain(
            {
                "num_parameters": self.num_parameters,
                "margin": self.resting.margin,
                "score": self.score,
                "held_out": self.held_out,
                "ceiling": self.ceiling,
                "lead": self.lead,
                "outcomes": [one._asdict() for one in self.outcomes],
                "refined": None if self.refined is None else self.refined._asdict(),
            }
        )

    def plot(self, target: Any = None) -> Figure:
        """Draw fitted connectivity, losses and nulls; `target`, (n, n), beside the first."""
        from wetcow.fit.figure import draw_fit

        return draw_fit(self, target)

    def save(self, path: str | os.PathLike) -> None:
        """Write it to a netCDF file, whole or not at all; `load` reads it."""
        files.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Fitted:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            For a file of another kind, or a damaged one.
        FileNotFoundError
            If there is none.
        """
        found = files.load(path)
        found["outcomes"] = tuple(Outcome(**one) for one in found["outcomes"])
        if found.get("refined") is not None:
            kept = Refined(**found["refined"])
            found["refined"] = kept._replace(losses=np.array(kept.losses))
        return cls(**found)


def _refinement(refined: Refined) -> str:
    """What simulations say, before and after."""
    pairs = [
        f"{name.replace('held_out', 'other subjects')} {score:.3f} to "
        f"{refined.scores_after[name]:.3f}"
        for name, score in refined.scores_before.items()
    ]
    pairs = pairs or [f"loss {refined.before:.4g} to {refined.after:.4g}"]
    return f"refined by {len(refined.losses) - 1} simulations, with other noise: " + ", ".join(
        pairs
    )


def _judged(outcome: Outcome) -> float:
    """By what outcomes are compared: other subjects, else the fitted data, else the loss."""
    if outcome.held_out is not None:
        return outcome.held_out
    return outcome.score if outcome.scores else -outcome.loss


def parameters_of(
    values: dict[str, Any], fitted: list[str], errors: dict[str, np.ndarray]
) -> xr.Dataset:
    """Values, and standard errors if there are some, by name."""
    found = {}
    for name in fitted:
        for label, value in ((name, values[name]), (name + ERROR, errors.get(name))):
            if value is None:
                continue
            value = np.asarray(value, dtype=float)
            attrs = {"units": UNITS.get(name, "1")}
            of_all = value.shape == (1,)
            found[label] = ((), value[0], attrs) if of_all else ("mode", value, attrs)
    size = values["gamma"].shape[0]
    return xr.Dataset(found, coords={"mode": np.arange(size)})
