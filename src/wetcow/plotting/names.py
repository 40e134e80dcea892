"""Names of modes and regions, and choosing by them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def names_of(result: Any, dimension: str = "mode") -> tuple[list[str], str]:
    """Return the names along a dimension, and what they are names of.

    Regions, where `wetcow.Connectome.label` has added them; otherwise numbers.
    """
    region = "region_from" if dimension.endswith("_from") else "region"
    if region in result.coords and result[region].dims == (dimension,):
        return [str(name) for name in result[region].values], "region"
    numbers = result[dimension].values if dimension in result.coords else None
    if numbers is None:
        numbers = np.arange(result.sizes[dimension])
    return [str(number) for number in numbers], dimension.removesuffix("_from")


def choose(result: Any, modes: Any) -> Any:
    """Return the results of some modes, by region names or numbers.

    Raises
    ------
    ValueError
        For a name or a number that they do not have.
    """
    if modes is None:
        return result
    if "mode" not in result.dims:
        raise ValueError(f"there are no modes to choose from in the dimensions {[*result.dims]}")
    if isinstance(modes, str) or not isinstance(modes, Iterable):
        modes = [modes]
    names, kind = names_of(result)
    numbers = names_of(result.drop_vars("region", errors="ignore"))[0]
    by_number = {number: place for place, number in enumerate(numbers)}
    by_name = {**by_number, **{name: place for place, name in enumerate(names)}}
    found = []
    for one in modes:
        place = (by_name if isinstance(one, str) else by_number).get(str(one))
        if place is None:
            shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
            raise ValueError(
                f"modes: {one!r} is none of the {len(names)} {kind}s of these results ({shown}); "
                "choose by name of region or by number of mode"
            )
        found.append(place)
    if not found:
        raise ValueError("modes must not be empty: choose at least one")
    chosen = result.isel(mode=found)
    return chosen.isel(mode_from=found) if "mode_from" in result.dims else chosen
