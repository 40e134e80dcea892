"""``python -m wetcow``: the command ``wetcow``."""

from wetcow.cli import app

if __name__ == "__main__":
    app(prog_name="wetcow")
