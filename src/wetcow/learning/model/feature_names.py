"""What the numbers that hidden modes answer are called."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from wetcow.learning.model.hidden_modes import HiddenModes

CODE_NAMES = {"both": ("amplitude", "rate")}
"""Codes in the order in which they are side by side; else there is one, the response."""


def names_of_codes(hidden: HiddenModes, columns: Any) -> np.ndarray:
    """Names of the codes of `HiddenModes.codes`, array of str (codes,).

    Parameters
    ----------
    hidden : HiddenModes
    columns : sequence of str
        Names of the columns of a table.

    Examples
    --------
    >>> from wetcow import WaveFeatures, datasets
    >>> X, _ = datasets.load("digits")
    >>> hidden = WaveFeatures(n_modes=2, n_regions=2).fit(X[:50]).hidden_
    >>> names_of_codes(hidden, ())[[0, 1, 2, -1]].tolist()  # doctest: +NORMALIZE_WHITESPACE
    ['bank1_amplitude_row1_column1_mode1', 'bank1_amplitude_row1_column1_mode2',
     'bank1_amplitude_row1_column2_mode1', 'bank1_rate_row2_column2_mode2']
    """
    if not hidden.layers:
        return np.array([*columns, "constant"], dtype=object)
    codes = CODE_NAMES.get(hidden.response, (hidden.response,))
    names = []
    for bank, (layer, geometry) in enumerate(zip(hidden.layers, hidden.geometries, strict=True), 1):
        places = range(1, geometry.n_regions + 1)
        modes = range(1, np.size(layer.gamma) + 1)
        names += [
            f"bank{bank}_{code}_row{row}_column{column}_mode{mode}"
            for code, row, column, mode in itertools.product(codes, places, places, modes)
        ]
    return np.array(names, dtype=object)
