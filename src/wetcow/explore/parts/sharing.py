"""What a page gives away: its numbers as Python, its run as files, its picture."""

from __future__ import annotations

import io
import pathlib
import tempfile

import panel as pn
import xarray as xr

from wetcow.plotting.kinds import plot
from wetcow.simulation.files.results import save_run

_COPY = """
navigator.clipboard.writeText(code.value);
"""


class Gifts:
    """Buttons for what a page shows now.

    Attributes
    ----------
    buttons : Panel object
        To be put on the page.

    Parameters
    ----------
    name : str
        Of the files, without suffix.
    """

    def __init__(self, name: str):
        self._run: xr.Dataset | None = None
        self._code = pn.widgets.TextAreaInput(
            label="Python that computes this", disabled=True, width=290, height=160
        )
        copy = pn.widgets.Button(label="copy as Python", width=290)
        copy.js_on_click(args={"code": self._code}, code=_COPY)
        self._configuration: str | None = None
        self._toml = pn.widgets.FileDownload(
            callback=self.toml, filename=f"{name}.toml", label="configuration (TOML)"
        )
        self._files = [
            pn.widgets.FileDownload(callback=make, filename=f"{name}.{suffix}", label=label)
            for label, suffix, make in (
                ("data (netCDF)", "nc", self.data),
                ("figure (SVG)", "svg", self.svg),
                ("figure (PNG)", "png", self.png),
            )
        ]
        self.buttons = pn.Card(
            copy,
            self._code,
            self._toml,
            *self._files,
            title="take it with you",
            collapsed=True,
            width=300,
        )
        self.give(None, "", None)

    def give(self, run: xr.Dataset | None, code: str, configuration: str | None) -> None:
        """Offer a run, its code and its configuration; None: there is none."""
        self._run, self._code.value, self._configuration = run, code, configuration
        self._toml.visible = configuration is not None
        self.buttons.visible = run is not None

    def toml(self) -> io.BytesIO:
        """The file with which ``wetcow simulate`` makes the run again."""
        return io.BytesIO((self._configuration or "").encode())

    def data(self) -> io.BytesIO:
        """The run as `wetcow.save_run` writes it."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "run.nc")
            save_run(self._held(), path)
            return io.BytesIO(path.read_bytes())

    def svg(self) -> io.BytesIO:
        """The figure that `wetcow.plot` makes of the run."""
        return self._figure("svg")

    def png(self) -> io.BytesIO:
        """As `svg`, in pixels."""
        return self._figure("png")

    def _figure(self, suffix: str) -> io.BytesIO:
        buffer = io.BytesIO()
        plot(self._held()).savefig(buffer, format=suffix, dpi=150)
        buffer.seek(0)
        return buffer

    def _held(self) -> xr.Dataset:
        if self._run is None:
            raise RuntimeError("nothing is shown, so that there is nothing to take")
        return self._run
