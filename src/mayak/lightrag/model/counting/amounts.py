"""Amounts that a value has to be over or under."""

import re

from mayak.lightrag.model.counting.plan import Bound
from mayak.lightrag.model.counting.words import Tape, words

_TIMES = (("k", 1e3), ("thousand", 1e3), ("тыс", 1e3), ("m", 1e6), ("млн", 1e6),
          ("миллион", 1e6))  # fmt: skip
_CURRENCIES = (("£", "GBP"), ("$", "USD"), ("€", "EUR"), ("₽", "RUB"), ("eur", "EUR"),
               ("pound", "GBP"), ("gbp", "GBP"), ("dollar", "USD"), ("usd", "USD"),
               ("руб", "RUB"), ("rub", "RUB"))  # fmt: skip
_FIGURE = (
    r"(?: чем)? (?P<cur>[£$€₽] )?(?P<n>\d+(?: \d{3})*)"
    r"(?P<k>k| k|m| thousand| million| тысяч(?:и|)| тыс| млн| миллион(?:а|ов)|)"
    r"(?P<unit> [£$€₽]| euros?| eur| pounds?| gbp| dollars?| usd| руб(?:лей|ля|)| rub|)"
)
OVER = words(
    r"(?:worth |valued |for )?(?:over|above|more than|greater than|exceeding|bigger than|"
    rf"дороже|больше|более|свыше|выше){_FIGURE}"
)
UNDER = words(
    r"(?:worth |valued |for )?(?:under|below|less than|smaller than|cheaper than|"
    rf"дешевле|меньше|менее|ниже){_FIGURE}"
)


def bound_of(tape: Tape) -> tuple[Bound, bool]:
    """The bound that a question names, taken off the tape; and whether it is not clear."""
    over, under = tape.take(OVER), tape.take(UNDER)
    if len(over) > 1 or len(under) > 1:
        return Bound(), True
    currencies = {one for match in (*over, *under) if (one := _currency(match))}
    if len(currencies) > 1:
        return Bound(), True
    return (
        Bound(
            over=_amount(over[0]) if over else None,
            under=_amount(under[0]) if under else None,
            currency=next(iter(currencies), None),
        ),
        False,
    )


def _amount(match: re.Match[str]) -> float:
    times = next((factor for word, factor in _TIMES if match["k"].strip().startswith(word)), 1.0)
    return float(match["n"].replace(" ", "")) * times


def _currency(match: re.Match[str]) -> str | None:
    said = f"{match['cur'] or ''}{match['unit'] or ''}".strip()
    return next((code for sign, code in _CURRENCIES if said.startswith(sign)), None)
