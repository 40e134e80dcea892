"""What there is to see of waves in tissue: a packet in a slice with a bundle of fibres [2, 5]."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from wetcow.tissue.conductivity import Conductivity
from wetcow.tissue.dispersion import dispersion
from wetcow.tissue.field import simulate_field

SIDE = 48  # voxels of the slice
SPACING = 1e-3  # m
CENTRE = 5e-3  # m, along both axes from the first voxel back to the centre of the circles
MIDDLE = 23e-3  # m, along both axes of the slice: where the packet starts, amid the bundle
RADIUS = 0.0396  # m, of the circles there
THICKNESS = 6e-3  # m, of the bundle
WIDTH = 5e-3  # m, of the packet
SAMPLES = 41  # pictures of a run
LASTS = 3.0  # decay times of uniform tissue that a run lasts


class TissueView(NamedTuple):
    """A packet of waves in a slice of tissue, seen.

    Attributes
    ----------
    time : float64 array (samples,)
        s.
    potential : float64 array (samples, x, y)
        Ψ, V.
    largest : float64 array (x, y)
        Largest conductivity of each voxel, S/m.
    energy : float64 array (samples,)
        Of the field, relative to the start.
    uniform : float64 array (samples,)
        The same in uniform tissue of the same mean conductivity.
    omega, gamma : float
        Frequency (rad/s) and damping (1/s) of [5] where the packet starts.
    code : str
        Python that computes the numbers with the package alone.
    configuration : None
        Fields have no file of ``wetcow simulate``.
    run : xarray.Dataset
        The field, as that Python has it.
    """

    time: np.ndarray
    potential: np.ndarray
    largest: np.ndarray
    energy: np.ndarray
    uniform: np.ndarray
    omega: float
    gamma: float
    code: str
    configuration: None
    run: xr.Dataset


def look_at_tissue(
    across: float = 0.1, wavelength: float = 10.0, angle: float = 45.0
) -> TissueView:
    """Integrate the field of a packet of waves that starts on a bent bundle of fibres.

    The bundle conducts with 1 S/m along its fibres; outside, tissue conducts alike in all
    directions, as well as the bundle does across its fibres.

    Parameters
    ----------
    across : float
        Conductivity outside the bundle and across its fibres, S/m, at most 1.
    wavelength : float
        Of the packet, mm.
    angle : float
        Direction of its wave vector, degrees; that of the fibres is 135 where it starts.

    Returns
    -------
    TissueView

    Raises
    ------
    ValueError
        For a conductivity or a wavelength that is not positive.

    Examples
    --------
    >>> view = look_at_tissue()
    >>> view.potential.shape, bool(view.energy[-1] > 10 * view.uniform[-1])
    ((41, 48, 48), True)
    """
    if not 0 < across <= 1:
        raise ValueError(f"across must be above 0 and at most 1, got {across}")
    if not wavelength > 0:
        raise ValueError(f"wavelength must be positive, got {wavelength}")
    tissue = _bundle(across)
    direction = np.radians(angle)
    k = 2e3 * np.pi / wavelength * np.array([np.cos(direction), np.sin(direction)])
    away = tissue.positions() - MIDDLE
    psi0 = np.exp(-(away**2).sum(axis=-1) / (2 * WIDTH**2)) * np.cos(away @ k)
    mean = np.trace(np.asarray(tissue.sigma), axis1=-2, axis2=-1).mean() / 2
    t1 = float(LASTS * tissue.permittivity / mean)
    field = simulate_field(tissue, t1, psi0, num_samples=SAMPLES, borders="absorbing")
    waves = dispersion(tissue, k[None])
    here = waves.sel(x=MIDDLE, y=MIDDLE, method="nearest").isel(wave=0)
    time = field["time"].values
    return TissueView(
        time=time,
        potential=field["psi"].values,
        largest=np.linalg.eigvalsh(np.asarray(tissue.sigma))[..., -1],
        energy=(field["energy"] / field["energy"][0]).values,
        uniform=np.exp(-2 * LASTS * time / t1),
        omega=float(here["omega"]),
        gamma=float(here["gamma"]),
        code=_code(across, wavelength, angle),
        configuration=None,
        run=field,
    )


def _bundle(across: float) -> Conductivity:
    """Tissue with a bundle of fibres along circles about a point beside a corner."""
    side = CENTRE + SPACING * np.arange(SIDE)
    x, y = np.meshgrid(side, side, indexing="ij")
    radius = np.hypot(x, y)
    along = np.stack([-y, x], axis=-1) / radius[..., None]
    band = np.exp(-(((radius - RADIUS) / THICKNESS) ** 2))[..., None, None]
    fibres = band * along[..., :, None] * along[..., None, :]
    return Conductivity(across * np.eye(2) + (1 - across) * fibres, SPACING)


def _code(across: float, wavelength: float, angle: float) -> str:
    return f"""import numpy as np
import wetcow as wc

side = {CENTRE!r} + {SPACING!r} * np.arange({SIDE!r})
x, y = np.meshgrid(side, side, indexing="ij")
radius = np.hypot(x, y)
along = np.stack([-y, x], axis=-1) / radius[..., None]
band = np.exp(-(((radius - {RADIUS!r}) / {THICKNESS!r}) ** 2))[..., None, None]
fibres = band * along[..., :, None] * along[..., None, :]
tissue = wc.Conductivity({across!r} * np.eye(2) + (1 - {across!r}) * fibres, {SPACING!r})

direction = np.radians({angle!r})
k = 2e3 * np.pi / {wavelength!r} * np.array([np.cos(direction), np.sin(direction)])
away = tissue.positions() - {MIDDLE!r}
psi0 = np.exp(-(away**2).sum(axis=-1) / (2 * {WIDTH!r}**2)) * np.cos(away @ k)
mean = np.trace(np.asarray(tissue.sigma), axis1=-2, axis2=-1).mean() / 2
t1 = float({LASTS!r} * tissue.permittivity / mean)
field = wc.simulate_field(tissue, t1, psi0, num_samples={SAMPLES!r}, borders="absorbing")
energy = field.energy / field.energy[0]
uniform = np.exp(-{2 * LASTS!r} * field.time / t1)
waves = wc.dispersion(tissue, k[None]).sel(x={MIDDLE!r}, y={MIDDLE!r}, method="nearest")
"""
