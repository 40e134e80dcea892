"""The list of versions, from which the site's switcher leads to the same page of another one.

``_static/versions.json`` has their names. Each version is published at ``SITE/VERSION/``, where
SITE is the address in ``conf.py``, and the newest at ``SITE/latest/`` too, whose list all others
show. Without an address the list is in the pages themselves, so that they need no server.
"""

from __future__ import annotations

import json
import pathlib
import urllib.parse
from typing import Any

LIST = pathlib.Path(__file__).parents[1] / "_static" / "versions.json"
NEWEST = "latest"


def listed(site: str) -> list[dict[str, str]]:
    """Versions with their addresses.

    Examples
    --------
    >>> listed("https://example.org/wetcow")[0]["url"]
    'https://example.org/wetcow/0.1.0/'
    """
    versions = json.loads(LIST.read_text("utf-8"))
    # A fragment leads nowhere: the version that is read is the only one there is.
    return [{**one, "url": f"{site}/{one['version']}/" if site else "#"} for one in versions]


def switcher(site: str, version: str) -> dict[str, str]:
    """What the theme wants to know of versions.

    Raises
    ------
    ValueError
        If this version is not in the list.
    """
    versions = listed(site)
    if version not in [one["version"] for one in versions]:
        raise ValueError(f"version {version} is missing in {LIST}: add it")
    here = "data:application/json," + urllib.parse.quote(json.dumps(versions))
    address = f"{site}/{NEWEST}/_static/{LIST.name}" if site else here
    return {"json_url": address, "version_match": version}


def _write(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        made = pathlib.Path(app.outdir, "_static", LIST.name)
        made.write_text(json.dumps(listed(app.config.site_address), indent=1), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_config_value("site_address", "", "html")
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
