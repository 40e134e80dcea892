"""The explorer's page, and the server that shows it to this machine alone."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import panel as pn
from tornado.web import HTTPError, RequestHandler

from wetcow.explore.model import SharedModel
from wetcow.explore.pages.brain import brain_page
from wetcow.explore.pages.digit import digit_page
from wetcow.explore.pages.memory import memory_page
from wetcow.explore.pages.mode import mode_page
from wetcow.explore.pages.network import network_page
from wetcow.explore.pages.tissue import tissue_page
from wetcow.explore.parts.names import Names

ADDRESS = "127.0.0.1"  # never another: whoever reaches the server can make it compute
TITLE = "wetcow explorer"
_SHOW_LOADING = 100  # ms, for the browser to draw
_LARGEST_FILE = 200_000_000  # bytes of a picture that is given; they come in one message

_CSS = """
body { font-family: system-ui, sans-serif; margin: 0.5em 1.5em; }
"""
_INNER_CSS = """
.values td { padding: 2px 10px 2px 0; vertical-align: top; }
.values td + td { font-variant-numeric: tabular-nums; font-weight: 600; }
.equation { margin: 0.3em 1em; font-family: serif; font-size: 1.1em; }
.equation mark { background: #ffe28a; border-radius: 3px; padding: 0 2px; }
h1 { font-size: 1.3em; }
.answer { font-size: 80px; font-weight: 700; text-align: center; line-height: 1; }
"""


def explorer_page(model: SharedModel) -> Any:
    """Return the page of one session. A tab is filled when it is first opened."""
    last = "show a picture" if model.is_coloured else "draw a digit"
    makers: dict[str, Callable[[], Any]] = {
        "a mode": mode_page,
        "a network": network_page,
        "a memory": memory_page,
        "a brain": brain_page,
        "tissue": tissue_page,
        last: lambda: digit_page(model.future),
    }
    places = [pn.Column(sizing_mode="stretch_width", min_height=300) for _ in makers]
    tabs = pn.Tabs(*zip(makers, places, strict=True), sizing_mode="stretch_width")

    def fill(*_: Any) -> None:
        place, maker = places[tabs.active], list(makers.values())[tabs.active]
        if len(place) or place.loading:
            return

        def make() -> None:
            try:
                place.append(maker())
            finally:
                place.loading = False

        if pn.state.curdoc is None:  # no browser is there
            make()
        else:  # what is made compiles: first show that something happens
            place.loading = True
            pn.state.curdoc.add_timeout_callback(make, _SHOW_LOADING)

    tabs.param.watch(fill, "active")
    if pn.state.curdoc is None:
        fill()
    else:
        pn.state.onload(fill)
    title = pn.pane.HTML(f"<h1>{TITLE}</h1>")
    return pn.Column(title, tabs, Names(), sizing_mode="stretch_width")


def make_server(port: int, model: SharedModel) -> Any:
    """Return a server that listens, on the loopback interface only, but does not answer yet.

    Parameters
    ----------
    port : int
        0: any free one; ``server.port`` tells which.
    model : SharedModel
        Which answers to drawings.

    Returns
    -------
    bokeh.server.server.Server
        `answer` lets it work.

    Raises
    ------
    OSError
        If the port is taken.
    """
    pn.extension(
        raw_css=[_CSS],
        loading_spinner="dots",
        notifications=True,
        disconnect_notification="The explorer does not answer any more: start wetcow explore "
        "again, and load this page anew.",
    )
    pn.pane.HTML.stylesheets = [_INNER_CSS]
    port = _usable(port)  # known here, since only pages from this very address may connect
    server = pn.io.server.get_server(
        {"/": lambda: explorer_page(model)},  # Panel takes functions only, not partial ones
        port=port,
        address=ADDRESS,
        title={"/": TITLE},
        websocket_origin=[f"{ADDRESS}:{port}", f"localhost:{port}"],
        websocket_max_message_size=_LARGEST_FILE,
    )
    # A name of somebody else's that leads to this machine gets nothing; nor can a page of theirs
    # load the explorer as a part of its own, which Bokeh would let any.
    web = server._tornado
    web.add_handlers(rf"(?!({re.escape(ADDRESS)}|localhost)$).*", [(".*", _Refused)])
    web.add_handlers(".*", [(r"/autoload\.js", _Refused)])
    return server


class _Refused(RequestHandler):
    """Answers nothing."""

    def prepare(self) -> None:
        raise HTTPError(403)


def _usable(port: int) -> int:
    """Return the port, or for 0 a free one."""
    try:
        with socket.create_server((ADDRESS, port)) as listening:
            return listening.getsockname()[1]
    except OSError as error:
        raise OSError(
            f"port {port} cannot be used ({error.strerror}): choose another with --port, or 0 for "
            "any that is free"
        ) from error


def serve_until_interrupted(server: Any) -> None:
    """Let a server answer until it is interrupted (KeyboardInterrupt)."""
    server.start()
    server.io_loop.start()
