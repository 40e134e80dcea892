"""What the commands share: options, examples, JSON, errors in one line, versions."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pathlib
import platform
import sys
import warnings
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetcow.files import plain, write_whole
from wetcow.version import __version__

if TYPE_CHECKING:
    from rich.console import Console

INCOMPLETE, FAILED, INTERRUPTED = 1, 2, 130  # exit codes
STDOUT = "-"
PICTURES = (".png", ".pdf", ".svg")

Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE|-", help="Write results as JSON; - is stdout, alone."),
]
DataDir = Annotated[
    pathlib.Path | None,
    typer.Option(
        envvar="WETCOW_DATA_DIR",
        metavar="DIR",
        help="Holds mnist/ and fashion-mnist/ with their IDX files; otherwise downloaded.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of everything random.")]
Out = Annotated[
    pathlib.Path, typer.Option("--out", metavar="DIR", help="Folder of the page and its figures.")
]
ModelFile = Annotated[
    pathlib.Path, typer.Argument(metavar="MODEL", help="A file of WaveClassifier.save.")
]


def epilog(examples: tuple[str, ...]) -> str:
    """Text after the help of a command, in Typer's markup: a blank line ends a line."""
    return "\n\n".join(("Examples:", *(f"[dim]  $ {line}[/dim]" for line in examples)))


def console(json_file: str | None = None) -> Console:
    """Return where tables and notes go: stdout, unless that is reserved for JSON."""
    from rich.console import Console

    return Console(stderr=json_file == STDOUT, highlight=False, markup=False)


def check_json(json_file: str | None) -> None:
    """Raise before the work, not after it, if the JSON could not be written."""
    if json_file not in (None, STDOUT) and pathlib.Path(json_file).is_dir():
        raise ValueError(f"--json {json_file} is a folder; give a file or -")


def write_json(result: dict[str, Any], json_file: str | None) -> None:
    """Write a result to a file, which appears only when complete, to stdout ("-"), or nowhere."""
    if json_file is None:
        return
    text = json.dumps(plain(result), indent=2, allow_nan=False) + "\n"
    if json_file == STDOUT:
        typer.echo(text, nl=False)
        return
    write_whole(json_file, text.encode())


def show_report(report: dict[str, Any], json_file: str | None) -> None:
    """Print what a page of `wetcow.reports` found, and write its data."""
    screen = console(json_file)
    for claim in report["claims"]:
        screen.print(f"{claim['verdict']}: {claim['claim']}. {claim['measured']}")
    for finding in report["findings"]:
        screen.print(finding)
    screen.print(f"wrote {report['html']}", soft_wrap=True)
    write_json(report, json_file)


def versions() -> dict[str, str]:
    """Return versions of what results depend on."""
    names = ("jax", "numpy", "scipy", "scikit-learn")
    return {
        "python": platform.python_version(),
        "wetcow": __version__,  # also if not installed
        **{name: metadata.version(name) for name in names},
    }


def machine() -> dict[str, Any]:
    """Describe where this runs."""
    model = platform.processor() or platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():  # Linux, where platform.processor() is empty or only the architecture
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
    }


def peak_memory_mb() -> float | None:
    """Return the most memory this process has held, in MB; None where that is not known."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _say(style: str, text: str) -> None:
    typer.secho(" ".join(text.split()), fg=style, err=True)


def note(text: str) -> None:
    """Say on stderr what long work has come to."""
    typer.secho(f"… {text}", fg="bright_black", err=True)


@contextlib.contextmanager
def plainly(on_interrupt: str = "nothing was kept") -> Iterator[None]:
    """Turn expected errors, warnings and Ctrl-C into one line on stderr and an exit code.

    Parameters
    ----------
    on_interrupt : str
        What an interrupted user should know.
    """

    def show(message, *_args, **_kwargs):
        _say("yellow", f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        try:
            yield
        except KeyboardInterrupt:
            # zarr writes in tasks; those cut off would each be reported while leaving.
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)
            _say("yellow", f"interrupted; {on_interrupt}")
            raise typer.Exit(INTERRUPTED) from None
        except (ValueError, OSError) as error:
            _say("red", f"error: {error}")
            raise typer.Exit(FAILED) from None
        except RuntimeError as error:
            # Only that of simulations is expected; its module is not imported before it is needed.
            if type(error).__name__ != "SimulationError":
                raise
            _say("red", f"error: {error}")
            raise typer.Exit(FAILED) from None


def use_all_cores() -> None:
    """Let JAX take each core for a device, which is faster, unless devices are chosen or in use."""
    import jax

    chosen = "device_count" in os.environ.get("XLA_FLAGS", "")
    with contextlib.suppress(RuntimeError):
        if jax.config.values["jax_num_cpu_devices"] < 1 and not chosen:
            jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
