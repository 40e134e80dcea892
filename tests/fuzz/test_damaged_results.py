"""A short form of the fuzzers of results: nothing but "ok" and "refused"."""

import collections

import pytest
from fuzz import kills, results


@pytest.mark.slow
def test_damaged_files_are_refused_or_read_to_what_was_written():
    found = {case: results.check(case) for case in results.cases(seed=0, number=60)}
    assert not {case: said for case, said in found.items() if said not in ("ok", "refused")}
    assert collections.Counter(found.values())["refused"] > 25


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_the_old_or_the_new_result_is_there_after_a_kill(suffix):
    case = next(case for case in kills.cases(seed=0, number=10) if case.suffix == suffix)
    assert kills.check(case) == "ok"
