"""Hermite coefficients of functions of a normally distributed number, by quadrature.

    a_k = E[f(z) He_k(z)/√k!],    z ~ N(0, 1)

of functions with jumps, kinks or roots at known places, to about 1e-13.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import scipy.special

NUM_TERMS = 2048
LARGEST = 12.0  # the normal density beyond is below 1e-32

_PANEL = 20  # nodes of Gauss and Legendre
_RADIANS = 8.0  # of the fastest polynomial, in one panel


def quadrature(borders: np.ndarray, num_terms: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for smooth pieces between `borders`, at which roots are allowed.

    Each piece is stretched by z = low + (high − low) sin²(πs/2), which makes roots at its ends
    analytic in s, and cut into panels in which polynomials of degree `num_terms` turn by no more
    than `_RADIANS`.

    Parameters
    ----------
    borders : float64 array
        Ascending.
    num_terms : int
        Highest degree of the polynomials that are to be integrated.

    Returns
    -------
    nodes, weights : float64 arrays
    """
    inner, inner_weights = scipy.special.roots_legendre(_PANEL)
    nodes, weights = [], []
    for low, high in itertools.pairwise(borders):
        turns = (high - low) * np.pi / 2 * np.sqrt(num_terms)
        edges = np.linspace(0, 1, 3 + int(turns / _RADIANS))
        width = edges[1]
        s = (edges[:-1, None] + width * (inner + 1) / 2).ravel()
        nodes.append(low + (high - low) * np.sin(np.pi * s / 2) ** 2)
        slope = (high - low) * np.pi / 2 * np.sin(np.pi * s)
        weights.append(slope * np.tile(inner_weights * width / 2, len(edges) - 1))
    return np.concatenate(nodes), np.concatenate(weights)


def hermite_coefficients(
    function: Callable[[np.ndarray], tuple[np.ndarray, ...]],
    singular: np.ndarray,
    num_terms: int = NUM_TERMS,
) -> tuple[np.ndarray, np.ndarray]:
    """a_k = E[f(z) He_k(z)/√k!] of functions of a normally distributed z, and E[f²].

    Parameters
    ----------
    function : callable
        From z to one array of the same shape for each function.
    singular : float64 array
        Where they are not smooth; roots, kinks and jumps are allowed there.
    num_terms : int
        Number of coefficients.

    Returns
    -------
    coefficients : float64 array (functions, num_terms)
    squares : float64 array (functions,)
        E[f²], which is Σ a_k² over all k.

    Examples
    --------
    >>> a, squares = hermite_coefficients(lambda z: (z**2,), np.array([]), 4)
    >>> (a[0] ** 2).round(12).tolist(), squares.round(12).tolist()
    ([1.0, 0.0, 2.0, 0.0], [3.0])
    """
    inside = np.clip(singular, -LARGEST, LARGEST)
    borders = np.unique([-LARGEST, *inside, LARGEST])
    nodes, weights = quadrature(borders, num_terms)
    values = np.stack(function(nodes))
    needed = values.any(axis=0)  # what is zero adds nothing
    nodes, weights, values = nodes[needed], weights[needed], values[:, needed]
    # He_k(z)/√k! · exp(−z²/4) is bounded, what is left of the density as well.
    half = np.exp(-(nodes**2) / 4)
    weighted = values * (weights * half / np.sqrt(2 * np.pi))
    before, now = np.zeros_like(nodes), half
    found = np.empty((len(values), num_terms))
    for k in range(num_terms):
        found[:, k] = weighted @ now
        before, now = now, (nodes * now - np.sqrt(k) * before) / np.sqrt(k + 1)
    return found, (values * weighted) @ half
