"""Make docs/configuration.md from the models of configuration files.

python tools/document_configuration.py
"""

import pathlib

from wetcow.config.reference import page

TARGET = pathlib.Path(__file__).parents[1] / "docs/configuration.md"

if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
