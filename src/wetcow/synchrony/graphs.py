"""Integration and segregation: how far a network falls into parts, and how far it is one."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.optional import optional


def graph_measures(
    connectivity: Any, communities: Any = None, *, resolution: float = 1.0, seed: int = 0
) -> xr.Dataset:
    """Communities, modularity, participation and efficiency of a connectivity matrix.

    Parameters
    ----------
    connectivity : xarray.DataArray (mode, mode_from) or array (n, n)
        Such as of `functional_connectivity`, or `Connectome.weights`. Links count as their mean in
        both directions; negative ones, NaN and the diagonal as none.
    communities : array (n,), optional
        Which community each region belongs to, whole numbers: such as the networks of an atlas.
        Default: those that Louvain's method finds [1]_.
    resolution : float
        Above 1: smaller communities.
    seed : int
        Of the order in which Louvain's method takes regions.

    Returns
    -------
    xarray.Dataset
        ``modularity``, segregation: share of weight within communities, over what strengths alone
        would make it; ``efficiency``, integration: mean of one over the shortest paths between
        regions, over that of a network where all links have the largest weight; on "mode":
        ``community`` (0, 1, …), ``participation``, 0 for a region with links to its own community
        alone, near 1 for one with equal links to many [2]_; and ``connectivity``.

    Raises
    ------
    ImportError
        Without the extra ``measures``, if communities are to be found.
    ValueError
        For what is no square matrix, has no links, or other communities than regions.

    Notes
    -----
    Definitions are those of [3]_. Modularity of a random network is not zero: compare with nulls.

    References
    ----------
    .. [1] V. D. Blondel, J.-L. Guillaume, R. Lambiotte, E. Lefebvre, "Fast unfolding of communities
       in large networks", Journal of Statistical Mechanics, P10008 (2008).
    .. [2] R. Guimerà, L. A. N. Amaral, "Functional cartography of complex metabolic networks",
       Nature 433, 895 (2005).
    .. [3] M. Rubinov, O. Sporns, "Complex network measures of brain connectivity: uses and
       interpretations", NeuroImage 52, 1059 (2010).

    Examples
    --------
    >>> two = np.kron(np.eye(2), np.ones((3, 3)))
    >>> found = graph_measures(two, [0, 0, 0, 1, 1, 1])
    >>> float(found.modularity), float(found.efficiency), float(found.participation.max())
    (0.5, 0.4, 0.0)
    """
    matrix, coords = _links(connectivity)
    resolution = validation.number("resolution", resolution, above=0)
    seed = validation.integer("seed", seed, minimum=0)
    if communities is None:
        labels = _louvain(matrix, resolution, seed)
    else:
        labels = _given(communities, len(matrix))
    member = (labels == np.arange(labels.max() + 1)[:, None]).astype(float)
    strength = matrix.sum(axis=1)
    total = strength.sum()
    within = np.einsum("ci,ij,cj->c", member, matrix, member) / total
    expected = (member @ strength / total) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = (matrix @ member.T) / strength[:, None]
    participation = 1 - np.sum(shares**2, axis=1)  # NaN without links
    found = {
        "modularity": ((), float(np.sum(within - resolution * expected)), {"units": "1"}),
        "efficiency": ((), _efficiency(matrix), {"units": "1"}),
        "community": ("mode", labels),
        "participation": ("mode", participation, {"units": "1"}),
        "connectivity": (("mode", "mode_from"), matrix, {"units": "1"}),
    }
    return xr.Dataset(found, coords)


def _links(connectivity: Any) -> tuple[np.ndarray, dict[Any, Any]]:
    """Symmetric weights without the diagonal, and what is known of regions."""
    pair = ("mode", "mode_from")
    coords: dict[Any, Any] = {}
    if isinstance(connectivity, xr.DataArray):
        if set(connectivity.dims) != set(pair):
            raise ValueError(
                f"connectivity must be on mode and mode_from, got {connectivity.dims}: select one "
                "run of a sweep"
            )
        connectivity = connectivity.transpose(*pair)
        coords = {name: one for name, one in connectivity.coords.items() if one.dims}
        connectivity = connectivity.values
    matrix = validation.array("connectivity", connectivity, ndim=2, finite=False)
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"connectivity must be square (n, n), got {matrix.shape}")
    matrix = np.maximum(np.nan_to_num((matrix + matrix.T) / 2), 0)
    np.fill_diagonal(matrix, 0)
    if not matrix.any() or not np.all(np.isfinite(matrix)):
        raise ValueError("connectivity has no positive links, or infinite ones")
    return matrix, coords


def _given(communities: Any, size: int) -> np.ndarray:
    given = np.asarray(communities)
    if given.shape != (size,):
        raise ValueError(f"communities must have shape ({size},), got {given.shape}")
    return np.unique(given, return_inverse=True)[1]


def _louvain(matrix: np.ndarray, resolution: float, seed: int) -> np.ndarray:
    networkx = optional("networkx", "measures", "graph_measures() without communities=")
    graph = networkx.from_numpy_array(matrix)
    parts = networkx.community.louvain_communities(graph, resolution=resolution, seed=seed)
    labels = np.empty(len(matrix), dtype=int)
    for number, part in enumerate(sorted(parts, key=min)):  # in the order of regions
        labels[list(part)] = number
    return labels


def _efficiency(matrix: np.ndarray) -> float:
    """Mean of 1/(length of the shortest path), links being as long as one over their weight."""
    from scipy.sparse.csgraph import shortest_path

    with np.errstate(divide="ignore"):
        length = np.where(matrix > 0, matrix.max() / matrix, 0.0)
        paths = shortest_path(length, directed=False)
        inverse = 1 / paths
    np.fill_diagonal(inverse, 0)
    return float(inverse.sum() / (len(matrix) * (len(matrix) - 1)))
