"""The README's example runs as it stands."""

import pathlib
import re

import pytest

README = pathlib.Path(__file__).parents[1] / "README.md"


@pytest.mark.slow
def test_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    names = {}
    exec(compile(block, str(README), "exec"), names)
    wc = names["wc"]
    assert names["mode"].state == "subcritical"
    assert wc.load_run("run.nc").attrs["gamma"] == 1.9
    wanted = names["mode"].spiking_frequency()
    assert abs(wc.spiking_frequency(names["run"]) / wanted - 1).max() < 0.005
    assert float(wc.order_parameter(names["run"])[-1]) > 0.999
    assert dict(names["runs"].sizes) == {"gamma": 5, "seed": 8, "mode": 10}
