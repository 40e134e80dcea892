"""The README's example runs as it stands."""

import pathlib
import re

import pytest

README = pathlib.Path(__file__).parents[2] / "README.md"


@pytest.mark.slow
def test_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    names = {}
    exec(compile(block, str(README), "exec"), names)
    wc = names["wc"]
    assert names["mode"].state == "subcritical"
    assert wc.load_run("run.nc").identical(names["run"])
    wanted = names["mode"].spiking_frequency()
    assert abs(wc.spiking_frequency(names["run"]) / wanted - 1).max() < 0.005
    assert float(wc.order_parameter(names["run"])[-1]) > 0.999
    learned = wc.WaveClassifier.load("digits.wetcow")
    assert (learned.predict(names["X"][:50]) == names["y"][:50]).mean() > 0.95


def test_is_on_two_screens():
    assert len(README.read_text().split()) <= 900
