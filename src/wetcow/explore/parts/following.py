"""Work that follows widgets, beside the event loop; pictures are dimmed meanwhile."""

from __future__ import annotations

import concurrent.futures
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import panel as pn

_PATIENCE = 200  # ms after which a page says that it computes


class Follower:
    """Looks at what widgets ask for, and shows it.

    The work is done in a thread of the session's own, so that no other session waits for it. While
    it lasts, changes of widgets wait together: the newest values are looked at next. After a fifth
    of a second what is shown is dimmed, as it is of earlier values.

    Parameters
    ----------
    widgets : dict of name to widget
    look : callable
        Gets the widgets' values by name and returns a view. Must not touch the page.
    show : callable
        Draws a view.
    fail : callable
        Gets an exception of `look`: says why, and leaves nothing of an earlier view.
    parts : sequence of Panel objects
        What is dimmed.
    """

    def __init__(
        self,
        widgets: Mapping[str, Any],
        look: Callable[..., Any],
        show: Callable[[Any], None],
        *,
        fail: Callable[[Exception], None],
        parts: Sequence[Any],
    ):
        self.widgets, self.look, self.show, self.fail = widgets, look, show, fail
        self.parts = parts
        self._document: Any = pn.state.curdoc  # None: no browser is there
        self._number = 0  # of the work begun last
        self._working = self._waiting = False
        if self._document is not None:
            self._worker = concurrent.futures.ThreadPoolExecutor(1)
            end = functools.partial(self._worker.shutdown, wait=False, cancel_futures=True)
            pn.state.on_session_destroyed(lambda _: end())
        for widget in widgets.values():
            widget.param.watch(self._changed, "value")
        self._changed()

    def _changed(self, *_: Any) -> None:
        if self._document is None:
            done: concurrent.futures.Future[Any] = concurrent.futures.Future()
            try:
                done.set_result(self.look(**self._values()))
            except ValueError as error:
                done.set_exception(error)
            self._tell(done)
        elif self._working:
            self._waiting = True
        else:
            self._begin()

    def _values(self) -> dict[str, Any]:
        return {name: widget.value for name, widget in self.widgets.items()}

    def _begin(self) -> None:
        self._working, self._waiting = True, False
        self._number += 1
        self._document.add_timeout_callback(functools.partial(self._dim, self._number), _PATIENCE)
        work = self._worker.submit(self.look, **self._values())
        work.add_done_callback(
            lambda done: self._document.add_next_tick_callback(functools.partial(self._end, done))
        )

    def _dim(self, number: int) -> None:
        if self._working and number == self._number:
            for part in self.parts:
                part.loading = True

    def _end(self, done: concurrent.futures.Future[Any]) -> None:
        self._working = False
        self._tell(done)
        if self._waiting:
            self._begin()
            return
        for part in self.parts:
            part.loading = False

    def _tell(self, done: concurrent.futures.Future[Any]) -> None:
        error = done.exception()
        if isinstance(error, Exception):
            self.fail(error)
        else:
            self.show(done.result())


def keep_in_address(page: str, widgets: Mapping[str, Any]) -> None:
    """Keep values of widgets in the page's address, which so leads back to them."""
    if pn.state.location is not None:
        for name, widget in widgets.items():
            pn.state.location.sync(widget, {"value": f"{page}-{name}"})
