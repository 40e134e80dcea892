"""Short forms of the fuzzers of models and pictures: nothing but "ok" and "refused"."""

from collections import Counter

import models
import pictures
import pytest


@pytest.mark.slow
@pytest.mark.parametrize(("fuzzer", "number"), [(models, 60), (pictures, 120)])
def test_refused_or_answered_as_it_should(fuzzer, number):
    found = Counter(map(fuzzer.check, fuzzer.cases(1, number)))
    assert set(found) == {"ok", "refused"}, found
    assert found["refused"] > number / 3


@pytest.mark.slow
@pytest.mark.parametrize("fuzzer", [models, pictures])
def test_the_same_seed_gives_the_same_cases(fuzzer):
    first, again = ([case.change for case in fuzzer.cases(3, 20)] for _ in range(2))
    assert first == again and len(set(first)) > 10


@pytest.mark.slow
def test_what_is_good_is_ok():
    for base in models.BASES:
        whole = models.good(base)
        assert models.check(models.Case(base, "nothing", whole.content)) == "ok"
