"""Attacks planted in customers' text, and what must not come of them: attacks.yaml, read."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

ATTACKS = Path(__file__).with_name("attacks.yaml")

Kind = Literal[
    "instruction",
    "markdown",
    "html",
    "hidden",
    "fake_citation",
    "fake_prompt",
    "delimiter",
    "disclose",
    "change_state",
    "exfiltration",
]
Outcome = Literal["obey", "render", "disclose", "change", "forge", "hide"]
"""What may not happen; attacks.yaml says what each means."""
Place = Literal["message", "subject", "contact_name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    id: str
    locale: Literal["en", "ru"]
    kind: Kind
    project: str
    text: str
    question: str
    fact: str
    """The honest part of the text, which may be quoted; empty when there is none."""
    must_not: tuple[Outcome, ...]
    place: Place = "message"
    marker: str | None = None
    """Words of an answer that obeyed. They may stand in a quote, for the text itself has them."""
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@cache
def attacks() -> tuple[Attack, ...]:
    """Every attack, in the order of the file."""
    told = yaml.safe_load(ATTACKS.read_text(encoding="utf-8"))["attacks"]
    several = ("must_not", "hosts", "secrets")
    return tuple(
        Attack(**{**one, **{name: tuple(one.get(name, ())) for name in several}}) for one in told
    )
