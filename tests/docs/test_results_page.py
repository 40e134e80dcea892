"""The page of measured tables is made from the files that hold them."""

import importlib.util
import pathlib

import pytest

TOOL = pathlib.Path(__file__).parents[2] / "tools/results.py"


@pytest.fixture
def results():
    spec = importlib.util.spec_from_file_location("results", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_and_tables_agree(results):
    assert results.PAGE.read_text("utf-8") == results.page()


def test_rows_that_do_not_fit_and_unknown_keys_are_refused(results):
    content = dict.fromkeys(results.KEYS, "")
    content |= {"title": "Speed", "columns": ["n", "seconds"], "rows": [[1, 2.5]]}
    assert "| 1 | 2.5 |" in results.section(content)
    with pytest.raises(ValueError, match="must have 2 entries"):
        results.section(content | {"rows": [[1]]})
    with pytest.raises(ValueError, match="keys must be"):
        results.section(content | {"extra": 1})
