"""The command ``wetcow doctor``: what is here, what works, and what to do about the rest."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import typer

from wetcow.cli.output import DataDir, Json, check_json, console, machine, plainly, write_json
from wetcow.installation import extras, import_names, install_command, required
from wetcow.version import __version__

EXAMPLES = ("wetcow doctor", "wetcow doctor --json doctor.json")
BROKEN = 1  # exit code: something that is required does not work
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container, on Linux


def command(data_dir: DataDir = None, json_file: Json = None) -> None:
    """Say what is installed, which devices and data there are, and what does not work.

    The exit code is 1 if something that is required is broken; extras and data are not.
    """
    with plainly():
        check_json(json_file)
        report = diagnose(data_dir)
        _print(report, json_file)
        write_json(report, json_file)
    if report["broken"]:
        raise typer.Exit(BROKEN)


def diagnose(data_dir: Path | None = None) -> dict[str, Any]:
    """Look at the installation, the machine, JAX and the data.

    Parameters
    ----------
    data_dir : path, optional
        Folder of the data; see `wetcow.datasets.load`.

    Returns
    -------
    dict
        The fields of ``wetcow doctor --json``. ``broken`` has what is required but does not work,
        one sentence each.
    """
    broken: list[str] = []
    report = {
        "wetcow": __version__,
        "installed_in": Path(__file__).parents[1],
        "python": platform.python_version(),
        "executable": sys.executable,
        "machine": {**machine(), "usable_cores": _usable_cores(), "memory_mb": memory_mb()},
        **_packages(broken),
        "jax": _jax(broken),
        "data": _data(data_dir),
        "broken": broken,
    }
    return report


def memory_mb() -> float | None:
    """Memory of this machine or, if that is less, of this container, in MB; None if not known."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return None
    try:
        found = min(found, int(_CGROUP_LIMIT.read_text()))
    except (OSError, ValueError):  # there is no container, or it has no limit ("max")
        pass
    return found / 1e6


def _usable_cores() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS or Windows
        return os.cpu_count()


def _packages(broken: list[str]) -> dict[str, Any]:
    """Versions of required packages, each imported once, and of those of extras, which are not."""
    try:
        needed, more = required(), extras()
    except metadata.PackageNotFoundError:
        broken.append("wetcow itself is not installed: pip install . in its source tree")
        return {"required": [], "extras": {}}
    modules = import_names(found.name for found in needed)
    for found in needed:
        if not found.good:
            broken.append(
                f"{found.name}{found.wanted} is required, found {found.version or 'none'}: "
                f'pip install "{found.name}{found.wanted}"'
            )
        elif problem := _failure(modules.get(found.name)):
            broken.append(f"{found.name} {found.version} cannot be imported: {problem}")
    return {
        "required": [found._asdict() for found in needed],
        "extras": {
            name: {
                "complete": all(found.good for found in parts),
                "packages": [found._asdict() for found in parts],
                "install": install_command(name),
            }
            for name, parts in more.items()
        },
    }


def _failure(module: str | None) -> str:
    """Why a module cannot be imported; empty if it can."""
    if module is None:
        return ""
    try:
        importlib.import_module(module)
    except Exception as error:  # a broken installation may raise anything
        return f"{type(error).__name__}: {error}"
    return ""


def _jax(broken: list[str]) -> dict[str, Any]:
    """Devices, and whether they compute in both precisions."""
    try:
        import jax
        import jax.numpy as jnp

        devices = jax.devices()
        found: dict[str, Any] = {
            "backend": jax.default_backend(),
            "devices": [f"{one.platform}:{one.id} {one.device_kind}" for one in devices],
            "x64_by_default": bool(jax.config.values["jax_enable_x64"]),
            "flags": os.environ.get("XLA_FLAGS"),
        }
        with jax.enable_x64(True):
            third = float(jnp.sum(jnp.full(3, 1 / 3) ** 2))
        found["double_precision"] = abs(third - 1 / 3) < 1e-15
        if not found["double_precision"]:
            broken.append(f"JAX does not compute in double precision: 3 · (1/3)² gave {third!r}")
    except Exception as error:  # what a backend that is there but unfit raises differs
        broken.append(f"JAX finds no device that computes: {type(error).__name__}: {error}")
        return {"backend": None, "devices": []}
    return found


def _data(data_dir: Path | None) -> dict[str, Any]:
    """Which data sets are where `load` looks for them."""
    try:
        from wetcow.datasets import check_folder

        folder, problems = check_folder(data_dir)
    except ImportError as error:  # among the broken packages by now
        return {"folder": None, "sets": {}, "error": str(error)}
    downloads = data_dir is None and not os.environ.get("WETCOW_DATA_DIR")
    later = "; downloaded when first used" if downloads else ""
    sets = {"digits": {"complete": True, "problem": ""}}
    sets |= {
        name: {"complete": not said, "problem": said and said + later}
        for name, said in problems.items()
    }
    return {"folder": folder, "sets": sets}


def _print(report: dict[str, Any], json_file: str | None) -> None:
    screen = console(json_file)
    for title, rows in _sections(report).items():
        screen.print(title)
        for name, text in rows:
            screen.print(f"  {name:<18} {text}", soft_wrap=True)
    for sentence in report["broken"]:
        typer.secho(f"broken: {sentence}", fg="red", err=True)
    if not report["broken"]:
        screen.print("everything that is required works")


def _sections(report: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Lines of each part of the report, a name and a text."""
    here, jax, data = report["machine"], report["jax"], report["data"]
    memory = here["memory_mb"]
    cores = f"{here['usable_cores']} of {here['cores']} cores"
    return {
        "wetcow": [
            ("version", f"{report['wetcow']}, {report['installed_in']}"),
            ("Python", f"{report['python']}, {report['executable']}"),
            ("machine", f"{here['cpu']}, {cores}, {here['system']}"),
            ("memory", "unknown" if memory is None else f"{memory / 1e3:.1f} GB"),
        ],
        "required": [
            (found["name"], f"{found['version'] or 'not installed'} (wanted {found['wanted']})")
            for found in report["required"]
        ],
        "extras": [
            (name, _extra(extra["packages"], extra["install"]))
            for name, extra in report["extras"].items()
        ],
        "JAX": [
            ("devices", ", ".join(jax["devices"]) or "none"),
            ("double precision", "works" if jax.get("double_precision") else "does not work"),
        ],
        "data": [
            ("folder", str(data["folder"])),
            *((name, one["problem"] or "complete") for name, one in data["sets"].items()),
        ],
    }


def _extra(packages: list[dict[str, Any]], install: str) -> str:
    """One line on an extra: versions, or what is missing and how to get it."""
    here = ", ".join(f"{one['name']} {one['version']}" for one in packages if one["good"])
    missing = ", ".join(
        f"{one['name']} {one['version']} is too old" if one["version"] else one["name"]
        for one in packages
        if not one["good"]
    )
    if not missing:
        return here
    return f"missing: {missing}; {install}" + (f" (here: {here})" if here else "")
