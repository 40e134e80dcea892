"""A short form of the fuzzer of measures."""

import collections
import importlib.util
import pathlib

import pytest

PATH = pathlib.Path(__file__).with_name("measures.py")


def load():
    spec = importlib.util.spec_from_file_location("fuzz_measures", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_measures_agree_with_numpy():
    measures = load()
    found = collections.Counter()
    for case in measures.cases(0, 80):
        said = measures.check(case)
        assert said in ("ok", "refused"), f"{said}: {case}"
        found[said] += 1
    assert found["ok"] >= 30 and found["refused"] >= 30
