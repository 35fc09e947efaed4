"""The chance of an answer to be right, as docs/decisions/0018-quality-score.md has it."""

from dataclasses import replace

import pytest

from mayak.lightrag.model.quality import Features, chance

WEAK = Features(
    close=0.3,
    sentence=0.3,
    words=0.2,
    unknown=0.4,
    fit=0.0,
    lacking=1.0,
    gap=0.0,
    identifier=0.0,
    foreign=0.0,
    dense=1.0,
)


@pytest.mark.parametrize("stronger", [{"sentence": 0.6}, {"fit": 1.0}, {"identifier": 1.0}])
def test_what_speaks_for_an_answer_raises_its_chance(stronger: dict[str, float]) -> None:
    assert chance(replace(WEAK, **stronger)) > chance(WEAK)


def test_a_chance_is_one_even_at_the_ends() -> None:
    nothing = replace(WEAK, sentence=-1.0)
    everything = replace(WEAK, sentence=1.0, fit=1.0, identifier=1.0)

    assert 0 < chance(nothing) < 0.5 < chance(everything) < 1
