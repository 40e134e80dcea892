"""Write docs/results.md from the measured tables in docs/results/*.json.

    python tools/results.py            # write the page
    python tools/results.py --check    # say whether page and tables agree; continuous integration

A file is one section: its title, the command that measured it, machine, date and seed, a sentence
or two before and after, and the table. Numbers are changed there, after a new measurement, never
on the page.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys

from wetcow.files import write_whole

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PAGE, TABLES = DOCS / "results.md", DOCS / "results"
KEYS = {"title", "command", "machine", "date", "seed", "before", "columns", "rows", "after"}
OPENING = """# Results

Everything measured that the README and the first pages speak of. Each table says with which
command, on which machine, when and from which seed it was made. The tables are kept as JSON in
`docs/results/`, and this page is made from them by `python tools/results.py`.
"""


def section(content: dict) -> str:
    """Return one section of the page as Markdown.

    Raises
    ------
    ValueError
        For missing or unknown keys, or rows that do not fit the columns.
    """
    if content.keys() != KEYS:
        raise ValueError(f"keys must be {sorted(KEYS)}, got {sorted(content)}")
    columns, rows = content["columns"], content["rows"]
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"rows of {content['title']!r} must have {len(columns)} entries")
    made = (
        f"`{content['command']}`, seed {content['seed']}, {content['machine']}, {content['date']}."
    )
    lines = [_line(columns), _line(["---"] * len(columns)), *map(_line, rows)]
    table = "\n".join(lines) if columns else ""
    parts = [f"## {content['title']}", made, content["before"], table, content["after"]]
    return "\n\n".join(part for part in parts if part)


def _line(cells: list) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def page() -> str:
    """Return the whole page."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(TABLES.glob("*.json"))]
    return "\n\n".join([OPENING.strip(), *map(section, found)]) + "\n"


def main() -> None:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare only; exit code 1 if old")
    if not parser.parse_args().check:
        write_whole(PAGE, page().encode())
    elif not PAGE.exists() or PAGE.read_text("utf-8") != page():
        sys.exit("docs/results.md is not what docs/results/*.json say: run python tools/results.py")


if __name__ == "__main__":
    main()
