"""A short form of the fuzzer of arguments: nothing but "ok" and "refused"."""

import collections

import pytest
from fuzz import arguments


@pytest.mark.slow
def test_strange_numbers_are_refused_or_answered():
    # Those that are answered compile something; most are refused at once.
    drawn = [case for case in arguments.cases(seed=0, number=150) if case.call != "sweep"]
    found = {case: arguments.check(case) for case in drawn}
    wrong = {case: said for case, said in found.items() if said not in ("ok", "refused")}
    assert not wrong
    assert collections.Counter(found.values())["refused"] > 60
