"""The wave field of real tissue, of a ring that keeps what it was given, and how far [5] holds.

    pip install "wetcow[mri]"                # reads images, and has a small real one
    python examples/wave_field.py --out pictures --json -

Integrates ∂_t ∇²Ψ = −∇·(Σ·∇Ψ) [2] in a plane of dipy's diffusion-weighted volume and in a loop
that conducts badly, compares the field with the dispersion relation and with the network of wave
modes that it is. Takes about a minute; ``--quick`` half.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
import time
from typing import Any

import jax.numpy as jnp
import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from scipy import ndimage

import wetcow as wc
from wetcow.cli.output import write_json
from wetcow.files import save_figure, write_whole
from wetcow.tissue.projection import local_rates

SIDE = 0.06  # m, of the ring's plane
RADIUS, THICKNESS = 0.018, 0.003  # m
TURNS = 8  # waves around the ring
MM = 1e3


def real_plane(index: int, finer: int) -> wc.Conductivity:
    """Return a plane of dipy's volume; voxels without a fit take the tensor of the nearest one."""
    try:
        from dipy.data import get_fnames
    except ImportError:
        raise SystemExit('no image: `pip install "wetcow[mri]"`') from None
    volume = wc.conductivity_from_dwi(*get_fnames(name="small_64D"), non_positive="exclude")
    _, nearest = ndimage.distance_transform_edt(~volume.mask, return_indices=True)
    filled = wc.Conductivity(np.asarray(volume.sigma)[tuple(nearest)], volume.spacing)
    return filled.slice(2, index).refine(finer)


def uniform_like(tissue: wc.Conductivity) -> wc.Conductivity:
    """Return uniform, isotropic tissue of the same mean conductivity."""
    mean = float(np.trace(np.asarray(tissue.sigma, float), axis1=-2, axis2=-1).mean())
    mean /= tissue.dimension
    return wc.Conductivity(np.full(tissue.grid, mean), tissue.spacing, periodic=True)


def decay_time(tissue: wc.Conductivity) -> float:
    """Return the time in which uniform tissue of the same mean decays by e, s."""
    return float(1 / uniform_like(tissue).scaled()[(0,) * (tissue.dimension + 2)])


def ring(size: int) -> wc.Conductivity:
    """Return a plane with a loop that conducts a tenth of what surrounds it."""

    def sigma(r):
        away = jnp.hypot(r[0] - SIDE / 2, r[1] - SIDE / 2) - RADIUS
        return 0.5 - 0.45 * jnp.exp(-((away / THICKNESS) ** 2))

    return wc.Conductivity.from_function(sigma, (size, size), SIDE / size, periodic=True)


def around(tissue: wc.Conductivity) -> np.ndarray:
    """Return a wave around the ring, V."""
    away = tissue.positions() - SIDE / 2
    radius, angle = np.hypot(*np.moveaxis(away, -1, 0)), np.arctan2(away[..., 1], away[..., 0])
    return np.exp(-(((radius - RADIUS) / THICKNESS) ** 2)) * np.cos(TURNS * angle)


def figure_real(tissue: wc.Conductivity, field: xr.Dataset) -> Figure:
    """Snapshots of a field in the plane, over the conductivity's contours."""
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    panels = figure.subplots(1, field.sizes["time"], sharex=True, sharey=True)
    mean = np.trace(np.asarray(tissue.sigma), axis1=-2, axis2=-1) / 2
    x, y = field["x"] * MM, field["y"] * MM
    for panel, moment in zip(panels, field["psi"], strict=True):
        largest = float(abs(moment).max())
        picture = panel.pcolormesh(
            x, y, moment.T, cmap="RdBu_r", vmin=-largest, vmax=largest, rasterized=True
        )
        figure.colorbar(picture, ax=panel, orientation="horizontal", label="Ψ (V)")
        panel.contour(x, y, mean.T, levels=[1.0, 2.0], colors="k", linewidths=0.6)
        panel.set(title=f"{float(moment['time']) * 1e3:.2f} ms", xlabel="x (mm)", aspect="equal")
    panels[0].set_ylabel("y (mm)")
    figure.suptitle("Two poles in real tissue; lines: conductivity of 1 and 2 S/m")
    return figure


def figure_persistence(fields: dict[str, xr.Dataset], tau: float) -> Figure:
    """Energy against time."""
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    panel = figure.subplots()
    for name, field in fields.items():
        panel.semilogy(field["time"] * 1e3, field["energy"] / field["energy"][0], label=name)
    panel.set(
        xlabel=f"time (ms; uniform tissue decays by e in {tau * 1e3:.2f} ms)",
        ylabel="energy relative to the start",
        ylim=(1e-9, 1.5),
    )
    panel.legend()
    return figure


def animate(fields: dict[str, xr.Dataset], path: pathlib.Path) -> None:
    """Write the fields side by side as a GIF, with one scale of colours for all times."""
    from matplotlib import animation

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    panels = figure.subplots(1, len(fields), sharex=True, sharey=True)
    pictures = []
    for panel, (name, field) in zip(panels, fields.items(), strict=True):
        edge = [0, float(field["x"][-1]) * MM] * 2
        pictures.append(
            panel.imshow(
                field["psi"][0].T, origin="lower", extent=edge, cmap="RdBu_r", vmin=-1, vmax=1
            )
        )
        panel.set(title=name, xlabel="x (mm)")
    panels[0].set_ylabel("y (mm)")
    figure.colorbar(pictures[0], ax=panels, label="Ψ (V)", shrink=0.8)
    title = figure.suptitle(" ")

    def draw(frame):
        for picture, field in zip(pictures, fields.values(), strict=True):
            picture.set_data(field["psi"][frame].T)
        moment = float(next(iter(fields.values()))["time"][frame]) * 1e3
        title.set_text(f"{moment:.2f} ms")
        return pictures

    frames = next(iter(fields.values())).sizes["time"]
    shown = animation.FuncAnimation(figure, draw, frames, interval=80)
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder, path.name)
        shown.save(made, animation.PillowWriter(fps=12), dpi=72)
        write_whole(path, made.read_bytes())


def wavy(r: Any) -> Any:
    """Smooth, anisotropic conductivity that repeats after 0.1 m, S/m."""
    turn = 2 * jnp.pi * r / 0.1
    axis = jnp.stack([jnp.cos(turn[0]), jnp.sin(turn[1] + 0.3)])
    isotropic = (0.3 + 0.1 * jnp.sin(turn[0] + 2 * turn[1])) * jnp.eye(2)
    return isotropic + 0.2 * jnp.outer(axis, axis)


def packet(waves: int) -> dict[str, float]:
    """Compare a packet of so many waves per side with the dispersion relation."""
    size, side = 8 * waves, 0.1
    tissue = wc.Conductivity.from_function(wavy, (size, size), side / size, periodic=True)
    k = 2 * np.pi / side * waves * np.array([1.5, 1.0])
    voxel = (size // 2, size // 4)
    away = tissue.positions() - tissue.positions()[voxel]
    envelope = np.exp(-8 * np.sum(np.sin(np.pi * away / side) ** 2, -1))
    psi0 = envelope * np.exp(-1j * tissue.positions() @ k)
    names = ["gamma", "omega", "omega_potential"]
    wanted = wc.dispersion(tissue, k, names).isel(x=voxel[0], y=voxel[1], wave=0)
    field = wc.simulate_field(tissue, 1 / float(wanted.gamma), psi0, num_samples=201)
    rates = local_rates(field, voxel).sel(quantity="density")
    found = rates.isel(time=0)
    return {
        "k_times_side": float(np.linalg.norm(k) * side),
        "gamma_error": abs(float(found.gamma / wanted.gamma) - 1),
        "omega_error": abs(float(found.omega / wanted.omega) - 1),
        "omega_over_gamma": abs(float(wanted.omega / wanted.gamma)),
        # In the time in which γ would make it decay by e.
        "turned_by_over_omega_t": float(rates.omega.mean("time") / wanted.omega),
    }


def figure_packets(rows: list[dict[str, float]]) -> Figure:
    """Errors of the dispersion relation against kL."""
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    panel = figure.subplots()
    kl = np.array([row["k_times_side"] for row in rows])
    for name, label in (("omega_error", "frequency ω"), ("gamma_error", "damping γ")):
        panel.loglog(kl, [row[name] for row in rows], "o-", label=label)
    panel.loglog(kl, rows[0]["omega_error"] * (kl[0] / kl) ** 2, "k:", label="∝ 1/(kL)²")
    panel.set(
        xlabel="kL (rad; wave number × length on which Σ repeats)",
        ylabel="relative error of [5]",
    )
    panel.legend()
    return figure


def modes_of(tissue: wc.Conductivity, count: int, seed: int) -> list[dict[str, float]]:
    """Compare the network of long waves that follows from a tissue with ones fitted to fields.

    The longer the fields, the more has gone to shorter waves and come back.
    """
    side = np.asarray(tissue.grid) * tissue.spacing
    line = np.arange(-count, count + 1)
    k = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    k = k[np.any(k != 0, axis=1)] * 2 * np.pi / side
    exact = wc.network_of_tissue(tissue, k)
    waves = np.exp(1j * tissue.positions() @ k.T)
    rng = np.random.default_rng(seed)
    starts = [waves @ (rng.normal(size=(len(k), 2)) @ [1, 1j]) for _ in k]
    rows = []
    for share in (1.0, 0.1, 0.01):
        t1 = share / np.abs(exact.gamma).max()
        fields = [wc.simulate_field(tissue, t1, psi0, num_samples=9) for psi0 in starts]
        fitted = wc.network_of_field(fields, k)
        rows.append(
            {
                "modes": len(k),
                "times_largest_gamma": share,
                "residual": fitted.residual,
                **{
                    f"{name}_differs_by": float(
                        np.linalg.norm(getattr(fitted, name) - getattr(exact, name))
                        / np.linalg.norm(getattr(exact, name))
                    )
                    for name in ("gamma", "coupling")
                },
            }
        )
    return rows


def all_rates(tissue: wc.Conductivity) -> dict[str, float]:
    """Rates of every mode of a tissue, as eigenvalues of its network of all waves of the grid."""
    lines = [
        2 * np.pi * np.fft.fftfreq(n, h) for n, h in zip(tissue.grid, tissue.spacing, strict=True)
    ]
    k = np.stack(np.meshgrid(*lines, indexing="ij"), -1).reshape(-1, 2)
    found = wc.network_of_tissue(tissue, k[np.any(k != 0, axis=1)])
    rates = np.linalg.eigvals(np.diag(found.gamma + 1j * found.omega) + found.coupling)
    return {
        "modes": len(rates),
        "slowest": float(-rates.real.max()),
        "fastest": float(-rates.real.min()),
        "largest_frequency_over_fastest": float(np.abs(rates.imag).max() / -rates.real.min()),
    }


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="The wave field of real tissue and of a ring.")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs/images"))
    parser.add_argument("--json", help="write the numbers to this file, or - for the screen")
    parser.add_argument("--quick", action="store_true", help="coarser grids, no animation")
    parser.add_argument("--seed", type=int, default=0, help="of initial fields of the network")
    return parser.parse_args(arguments)


def of_ring(fields: dict[str, Any], tau: float) -> dict[str, Any]:
    """Return how long fields of a ring last, in numbers."""
    return {
        "decay_time_ms": tau * 1e3,
        **{
            f"{name}: energy left after 5 and 10 decay times": [
                float(field.energy.sel(time=n * tau, method="nearest") / field.energy[0])
                for n in (5, 10)
            ]
            for name, field in fields.items()
        },
    }


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run everything; return the numbers."""
    options = parse(arguments)
    quick, began = options.quick, time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)

    plane = real_plane(5, 4 if quick else 12)
    tau = decay_time(plane)
    place = plane.positions() * MM
    spots = [np.exp(-(((place - at) / 1.5) ** 2).sum(-1)) for at in ([5, 9], [9, 9])]  # mm
    poles = spots[0] - spots[1]
    framed = wc.simulate_field(plane, 3 * tau, poles, num_samples=4, borders="absorbing")

    loop = ring(64 if quick else 192)
    ring_tau, psi0 = decay_time(loop), around(loop)
    planes = {"ring of low conductivity": loop, "uniform": uniform_like(loop)}
    fields = {
        name: wc.simulate_field(one, 10 * ring_tau, psi0, num_samples=11 if quick else 61)
        for name, one in planes.items()
    }
    packets = [packet(waves) for waves in ((8, 16) if quick else (8, 12, 16, 24, 32))]
    for name, figure in (
        ("field_real", figure_real(plane, framed)),
        ("field_persistence", figure_persistence(fields, ring_tau)),
        ("field_packets", figure_packets(packets)),
    ):
        save_figure(figure, options.out / f"{name}.png", dpi=110)
    if not quick:
        animate(fields, options.out / "field_ring.gif")

    odd = real_plane(5, 2 if quick else 4)  # an odd number of voxels: no wave that has no partner
    numbers = {
        "seed": options.seed,
        "real_plane": {
            "voxels": plane.grid,
            "decay_time_ms": tau * 1e3,
            "energy_left_after_3_decay_times": float(framed.energy[-1] / framed.energy[0]),
            "of_uniform_tissue": float(np.exp(-6)),
            "modes": all_rates(odd),
        },
        "ring": of_ring(fields, ring_tau),
        "packets": packets,
        "network_of_waves": modes_of(odd, 1 if quick else 2, options.seed),
        "seconds": time.perf_counter() - began,
    }
    write_json(numbers, options.json)
    return numbers


if __name__ == "__main__":
    main(sys.argv[1:])
