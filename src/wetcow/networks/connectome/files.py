"""Connectomes from files: `load_connectome`."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence
from typing import Any

from wetcow.networks.connectome.contents import (
    Kind,
    of_the_same,
    read_contents,
    read_matrix,
    read_regions,
)
from wetcow.networks.connectome.entries import LENGTHS
from wetcow.networks.connectome.model import Connectome
from wetcow.networks.connectome.preparation import ConnectomeError, Normalisation


def load_connectome(
    path: str | os.PathLike,
    *,
    frequency: float = 10.0,
    speed: float = 3.0,
    normalisation: Normalisation = "spectral",
    tract_lengths: Any = None,
    regions: Sequence[str] | str | os.PathLike | None = None,
    positions: Any = None,
    symmetric: bool | None = None,
    kind: Kind | None = None,
    weight: str | None = None,
    length: str | None = None,
) -> Connectome:
    r"""Read structural connectivity.

    Parameters
    ----------
    path : path
        Recognised by its content. The Virtual Brain's zip (``weights.txt``, and if present
        ``tract_lengths.txt`` and ``centres.txt``, under these or similar names, plain or as
        ``.bz2``); GraphML of the Connectome Mapper, as braingraph.org publishes it, networkx or
        igraph; MATLAB's ``.mat``, HDF5, xarray's netCDF and ``.npz``, whose arrays are told apart
        by their names and shapes; ``.pconn.nii`` (CIFTI, needs the extra ``mri``); ``.npy``; and
        text: a matrix, with region names in its first row or column or without, as BIDS has them
        in ``_relmat.tsv``. Entry [i, j] is from region j to region i. Texts may be quoted, with
        comments (#), decimal commas (not between commas), in UTF-8, UTF-16 or Latin-1. At most
        268 MB of text and 16384 regions are read (a matrix of 2 GB); of lists and GraphML 8192
        regions (0.5 GB) and 4 million links.
    frequency : float
        Of the waves, Hz.
    speed : float
        Conduction speed, m/s.
    normalisation : str
        See `Connectome.normalised`.
    tract_lengths : path or float array (n, n), optional
        mm, for files that have none; or instead of the file's.
    regions : sequence of n str or path, optional
        Names instead of the file's; or a table of them, such as ``_dseg.tsv`` of BIDS, with
        positions if it has columns x, y and z.
    positions : float array (n, 3), optional
        mm, instead of the file's.
    symmetric : bool, optional
        Of triangular matrices and lists of links; see `Connectome`.
    kind : {"matrix", "edges"}, optional
        Of text: "edges" is a list of links, one a line: from, to, weight, and perhaps the length
        in mm. Default: a matrix, and an error that asks for what looks like a list.
    weight, length : str, optional
        Names of arrays (.mat, HDF5, .npz), or attributes of GraphML edges, that hold the weight and
        the tract length in mm. Default: what usual names say, such as ``SC`` and ``tract_lengths``;
        an error asks where they say nothing. Parallel edges, and lines of a list that say the same
        link, are one link with the sum of their weights, and the mean of their lengths weighted by
        it.

    Returns
    -------
    Connectome

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ConnectomeError
        A ValueError for damaged files, silly sizes and values that make no sense; see `Connectome`.
    TypeError
        For an array: that is what `Connectome` takes.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "weights.csv"
    ...     _ = path.write_text("V1,V2\n0,3\n3,0\n")
    ...     load_connectome(path, frequency=40.0).regions
    ('V1', 'V2')
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"load_connectome reads files, got a {type(path).__name__}: for weights in memory use "
            'wetcow.Connectome(weights, normalisation="spectral")'
        )
    if kind not in (None, "matrix", "edges"):
        raise ValueError(f"kind must be 'matrix' or 'edges', got {kind!r}")
    path = pathlib.Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"no connectome at {path}")
    if isinstance(regions, str | os.PathLike):
        regions, places = read_regions(regions)
        positions = places if positions is None else positions
    contents = read_contents(
        path, kind=kind, regions=regions, symmetric=symmetric, weight=weight, length=length
    )
    if isinstance(tract_lengths, str | os.PathLike):
        table = read_matrix(tract_lengths, name=length, argument="length", known=LENGTHS)
        tract_lengths = of_the_same(table, regions or contents.regions, str(tract_lengths))
    given = {"tract_lengths": tract_lengths, "regions": regions, "positions": positions}
    fields = contents._asdict() | {
        name: value for name, value in given.items() if value is not None
    }
    try:
        return Connectome(
            **fields,
            speed=speed,
            frequency=frequency,
            normalisation=normalisation,
            symmetric=symmetric,
        )
    except ConnectomeError as error:
        raise ConnectomeError(f"{path}: {error}") from error
