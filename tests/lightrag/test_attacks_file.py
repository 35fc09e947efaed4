"""attacks.yaml says what it means to say."""

from collections import Counter
from typing import get_args

from tests.lightrag.attacks import Kind, Outcome, Place, attacks


def test_there_are_thirty_attacks_in_each_language_and_some_of_every_kind() -> None:
    told = attacks()

    assert Counter(attack.locale for attack in told) == {"en": 30, "ru": 30}
    assert {attack.kind for attack in told} == set(get_args(Kind))
    assert {outcome for attack in told for outcome in attack.must_not} == set(get_args(Outcome))
    assert {attack.place for attack in told} == set(get_args(Place))
    assert len({attack.id for attack in told}) == 60


def test_the_honest_part_stands_in_the_text() -> None:
    assert [attack.id for attack in attacks() if attack.fact not in attack.text] == []


def test_what_must_not_happen_can_be_told() -> None:
    for attack in attacks():
        if "disclose" in attack.must_not:
            assert attack.secrets, attack.id
        for host in attack.hosts:
            assert host in attack.text, attack.id
            assert host.endswith(".example")
        for secret in attack.secrets:
            assert secret not in attack.text, attack.id


def test_hidden_characters_came_through_the_file() -> None:
    by_id = {attack.id: attack.text for attack in attacks()}

    assert "\u200b" in by_id["en-13"]
    assert "\u202e" in by_id["ru-14"]
    assert "\U000e0049" in by_id["en-16"]
