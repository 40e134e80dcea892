"""What `wetcow simulate --plot` draws, and `--restart` after damage."""

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


@pytest.mark.slow
@pytest.mark.parametrize("config", [CONFIG, CONFIG.partition("[sweep]")[0]])
def test_restart_goes_on_without_a_damaged_run(tmp_path, monkeypatch, config):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.toml").write_text(config, encoding="utf-8")
    command = ["simulate", "c.toml", "--out", "c.zarr"]
    assert CliRunner().invoke(app, command).exit_code == 0
    (tmp_path / "c.zarr" / "zarr.json").write_text("x\n", encoding="utf-8")
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code != 0
    assert "damaged" in refused.output
    done = CliRunner().invoke(app, [*command, "--restart"])
    assert done.exit_code == 0, done.output
    assert "c.zarr is damaged: it is kept as c.zarr.old" in done.output
    assert (tmp_path / "c.zarr.old" / "zarr.json").read_text(encoding="utf-8") == "x\n"
    assert CliRunner().invoke(app, command).exit_code == 0
