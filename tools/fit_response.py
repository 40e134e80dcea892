"""Make src/wetcow/modes/canonical_response.json and check it against limit cycles in between.

    python tools/fit_response.py [--check]

With --check nothing is written; the shipped fit is compared with solved limit cycles.
"""

import json
import pathlib
import sys

import jax
import numpy as np

from wetcow.files import write_whole
from wetcow.modes.criticality import CANONICAL
from wetcow.modes.limit_cycle import limit_cycle
from wetcow.modes.response import response
from wetcow.modes.response_fit import fit_response, response_fit

TARGET = pathlib.Path(__file__).parents[1] / "src/wetcow/modes/canonical_response.json"


def main() -> None:
    """Write the fit (unless --check) and print its largest relative errors."""
    if "--check" not in sys.argv:
        fit = fit_response(CANONICAL)
        content = {"constants": CANONICAL._asdict(), **fit._asdict()}
        write_whole(TARGET, json.dumps(content, indent=1).encode())
        response_fit.cache_clear()
    criticality = np.concatenate([np.linspace(1e-3, 0.999, 997), 1 - np.logspace(-3, -4, 101)])
    with jax.enable_x64(True):
        cycle = jax.lax.map(
            lambda x: limit_cycle(x, CANONICAL), np.sqrt(1 - criticality), batch_size=64
        )
        frequency, amplitude = response(2 * criticality)
        errors = [
            float(np.max(np.abs(fitted / solved - 1)))
            for fitted, solved in ((frequency, cycle.frequency), (amplitude, cycle.mean_amplitude))
        ]
    print(f"largest relative error, 0 < cr < 0.9999: f {errors[0]:.1e}, M {errors[1]:.1e}")


if __name__ == "__main__":
    main()
