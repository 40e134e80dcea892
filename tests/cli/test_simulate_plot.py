"""What `wetcow simulate --plot` draws."""

import pytest
from typer.testing import CliRunner

from wetcow.cli import app

CONFIG = """
[system]
kind = "mode"
gamma = 1.0
[simulation]
t1 = 40
num_samples = 201
[sweep]
gamma = [0.5, 1.0]
"""


@pytest.mark.slow
def test_a_sweep_is_drawn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.toml").write_text(CONFIG, encoding="utf-8")
    done = CliRunner().invoke(app, ["simulate", "sweep.toml", "--plot", "sweep.png"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert "wrote sweep.png" in done.output
