"""Names of widgets for those who have the page read to them."""

from __future__ import annotations

import pathlib

from panel.custom import JSComponent


class Names(JSComponent):
    """Shows nothing; gives each slider, arrow and field of the page the name that stands by it."""

    _esm = pathlib.Path(__file__).with_name("names.js").read_text(encoding="utf-8")
