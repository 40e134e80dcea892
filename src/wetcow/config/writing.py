"""A configuration file of what was built in Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetcow.modes.mode import Mode
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network


def configuration_of(system: Mode | Network, a0: Any, **simulation: Any) -> str:
    """Return the file with which ``wetcow simulate`` makes a run again.

    Parameters
    ----------
    system : Mode or Network
        A network with `Dense` coupling.
    a0 : complex or complex array (n,)
        Initial amplitudes.
    **simulation
        Other arguments of `wetcow.simulate` that a file can have, such as t1 and dt.

    Returns
    -------
    str
        TOML. Numbers have all their digits.

    Raises
    ------
    ValueError
        For couplings that are not `Dense`.

    Examples
    --------
    >>> text = configuration_of(Mode(1.5), 0.05, t1=10.0)
    >>> print(text[:text.index("omega")])
    [system]
    kind = "mode"
    gamma = 1.5
    <BLANKLINE>
    """
    import tomli_w

    parameters = {name: plain(value) for name, value in system.parameters().items()}
    if isinstance(system, Mode):
        tables: dict[str, Any] = {"system": {"kind": "mode", **parameters}}
    elif isinstance(system.coupling, Dense):
        r = np.asarray(system.coupling.matrix())
        parameters = {name: plain(value) for name, value in system.modes.parameters().items()}
        coupling = {"kind": "dense", "r_real": plain(np.real(r)), "r_imag": plain(np.imag(r))}
        tables = {"system": {"kind": "network", **parameters}, "coupling": coupling}
    else:
        raise ValueError(
            f"only modes and networks with Dense coupling are written, got one with "
            f"{type(system.coupling).__name__}: use Dense(network.coupling.matrix())"
        )
    start = {"a0": plain(np.abs(a0)), "a0_phase": plain(np.angle(a0))}
    return tomli_w.dumps({**tables, "simulation": {**start, **simulation}})


def plain(value: Any) -> Any:
    """A number, or lists of them."""
    return np.asarray(value).tolist()
