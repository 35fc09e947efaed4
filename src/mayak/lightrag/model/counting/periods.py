"""Spans of time as people name them: today, last month, since March, in November."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from mayak.lightrag.model.counting.plan import Period
from mayak.lightrag.model.counting.words import Tape, words

_EN = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
       "october", "november", "december")  # fmt: skip
_RU = ("январ", "феврал", "март", "апрел", "ма", "июн", "июл", "август", "сентябр", "октябр",
       "ноябр", "декабр")  # fmt: skip
_RU_IN = ("январе", "феврале", "марте", "апреле", "мае", "июне", "июле", "августе", "сентябре",
          "октябре", "ноябре", "декабре")  # fmt: skip
_RU_SINCE = ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
             "октября", "ноября", "декабря")  # fmt: skip
_MONTH = "|".join((*_EN, *(f"{stem}(?:[аяеьюй]|)" for stem in _RU)))
_NUMBER = r"(?P<n>\d{1,3})"

_DAYS = {
    "today": words("today", "сегодня", "за сегодня"),
    "yesterday": words("yesterday", "вчера", "за вчера"),
    "this_week": words("(?:in |during )?this week", "(?:на|за|в) эт(?:ой|у) недел[еюи]"),
    "last_week": words("(?:in |during )?(?:the )?last week", "(?:на|за) прошл(?:ой|ую) недел[еюи]"),
    "this_month": words("(?:in |during )?this month", "(?:в|за) это(?:м|т) месяц[ея]?"),
    "last_month": words(
        "(?:in |during )?(?:the )?last month", "(?:в|за) прошл(?:ом|ый) месяц[ея]?"
    ),
    "this_year": words("(?:in |during )?this year", "(?:в|за) это(?:м|т) год[у]?"),
    "last_year": words("(?:in |during )?last year", "(?:в|за) прошл(?:ом|ый) год[у]?"),
}
_LAST_DAYS = words(
    rf"(?:in |over |during |within )?the (?:last|past) {_NUMBER} days",
    r"(?:in |over |during |within )?(?:last|past) (?P<m>\d{1,3}) days",
    r"за последние (?P<k>\d{1,3}) (?:дней|дня|день)",
)
_MONTHS = words(
    rf"(?P<how>since|in|during|с|со|в|за) (?P<month>{_MONTH})(?: (?P<year>20\d\d)(?: года?)?)?"
)


def period_of(
    tape: Tape, at: datetime, zone: tzinfo, *, ahead: bool = False
) -> tuple[Period | None, bool]:
    """The span that a question names, taken off the tape; and whether there was one too many.

    A month without a year is the latest that has begun; `ahead`: the first that is not over.
    """
    found: list[Period] = []
    now = at.astimezone(zone)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for name, pattern in _DAYS.items():
        found += [_SPANS[name](today) for _ in tape.take(pattern)]
    for match in tape.take(_LAST_DAYS):
        days = int(next(one for one in match.groupdict().values() if one))
        found.append(
            Period(
                start=today - timedelta(days=days - 1),
                end=None,
                text_en=f"in the last {days} days",
                text_ru=f"за последние {days} дн.",
            )
        )
    found += [_month(match, today, ahead=ahead) for match in tape.take(_MONTHS)]
    return (found[0] if found else None), len(found) > 1


def _month(match: re.Match[str], today: datetime, *, ahead: bool) -> Period:
    said = match["month"]
    month = _EN.index(said) + 1 if said in _EN else _russian(said)
    since = match["how"] in ("since", "с", "со")
    if match["year"]:
        year = int(match["year"])
    elif ahead and not since:
        year = today.year + (month < today.month)
    else:
        year = today.year - (month > today.month)
    start = today.replace(year=year, month=month, day=1)
    shown = f" {year}" if match["year"] or year != today.year else ""
    english = f"{_EN[month - 1].capitalize()}{shown}"
    if since:
        return Period(
            start=start,
            end=None,
            text_en=f"since {english}",
            text_ru=f"с {_RU_SINCE[month - 1]}{shown}",
        )
    return Period(
        start=start,
        end=_next_month(start),
        text_en=f"in {english}",
        text_ru=f"в {_RU_IN[month - 1]}{shown}",
    )


def _russian(said: str) -> int:
    fitting = [place for place, stem in enumerate(_RU, start=1) if said.startswith(stem)]
    return max(fitting, key=lambda place: len(_RU[place - 1]))


def _next_month(start: datetime) -> datetime:
    return (start.replace(day=1) + timedelta(days=32)).replace(day=1)


def _week(today: datetime) -> datetime:
    return today - timedelta(days=today.weekday())


def _span(
    start: Callable[[datetime], datetime],
    end: Callable[[datetime], datetime | None],
    english: str,
    russian: str,
) -> Callable[[datetime], Period]:
    return lambda today: Period(
        start=start(today), end=end(today), text_en=english, text_ru=russian
    )


def _month_start(today: datetime) -> datetime:
    return today.replace(day=1)


def _last_month(today: datetime) -> datetime:
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def _year(today: datetime) -> datetime:
    return today.replace(month=1, day=1)


_DAY = timedelta(days=1)
_SPANS: dict[str, Callable[[datetime], Period]] = {
    "today": _span(lambda day: day, lambda day: day + _DAY, "today", "сегодня"),
    "yesterday": _span(lambda day: day - _DAY, lambda day: day, "yesterday", "вчера"),
    "this_week": _span(_week, lambda day: _week(day) + 7 * _DAY, "this week", "на этой неделе"),
    "last_week": _span(lambda day: _week(day) - 7 * _DAY, _week, "last week", "на прошлой неделе"),
    "this_month": _span(_month_start, _next_month, "this month", "в этом месяце"),
    "last_month": _span(_last_month, _month_start, "last month", "в прошлом месяце"),
    "this_year": _span(_year, lambda _: None, "this year", "в этом году"),
    "last_year": _span(
        lambda day: _year(day).replace(year=day.year - 1), _year, "last year", "в прошлом году"
    ),
}
