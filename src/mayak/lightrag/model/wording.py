"""The few words around quotes, in the reader's language."""

import re
from datetime import datetime

from mayak.lightrag.model.language import Locale

_MONTHS: dict[Locale, tuple[str, ...]] = {
    "en": (
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ),
    "ru": (
        "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
        "октября", "ноября", "декабря",
    ),
}  # fmt: skip
_SOMEBODY: dict[Locale, str] = {"en": "Unknown author", "ru": "Автор неизвестен"}
_QUOTED: dict[Locale, str] = {
    "en": "{author}, {day}: “{quote}”",
    "ru": "{author}, {day}: «{quote}»",
}

_FACT: dict[Locale, str] = {
    "en": "{label} of “{title}”: “{quote}” ({source}, {day})",
    "ru": "{label}, «{title}»: «{quote}» ({source}, {day})",
}
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_ACTIVE = (
    (re.compile(r"!\["), "! ["),
    (re.compile(r"\](?=[(\[:])"), "] "),
    (re.compile(r"<(?=[\w/!?])"), "< "),
    (re.compile(r"(?<=\w):(?=//)"), ": "),
    (re.compile(r"\b(javascript|vbscript|data|mailto):", re.IGNORECASE), r"\1 :"),
    (re.compile(r"\bwww\.", re.IGNORECASE), "www ."),
)

_REASONS: dict[Locale, dict[str, str]] = {
    "en": {
        "no_source_rows": "There is nothing to answer from yet: nothing has been synced.",
        "none_chunked": "The data is here but has not been prepared for search yet. "
        "Try again in a minute.",
        "none_embedded": "The data is still being prepared, and nothing in it has the words "
        "of this question. Try again in a few minutes.",
        "filtered": "What was found has been deleted or changed since it was prepared for search.",
        "gone": "What this answer quoted has been deleted or changed since.",
        "below_threshold": "Not in the data: nothing that was synced answers this clearly enough.",
    },
    "ru": {
        "no_source_rows": "Отвечать пока не по чему: ничего ещё не загружено.",
        "none_chunked": "Данные загружены, но ещё не подготовлены к поиску. Спросите через минуту.",
        "none_embedded": "Данные ещё готовятся к поиску, а слов из вопроса в них не нашлось. "
        "Спросите через несколько минут.",
        "filtered": "Найденное с тех пор удалили или изменили.",
        "gone": "То, на что ссылался этот ответ, с тех пор удалили или изменили.",
        "below_threshold": "В данных этого нет: ничто из загруженного не отвечает "
        "на вопрос достаточно ясно.",
    },
}


def framed(
    author: str | None,
    day: datetime,
    quote: str,
    locale: Locale,
    at: datetime,
    *,
    where: str | None = None,
) -> str:
    """A quote with who said it, or else where it stands, and when."""
    return _QUOTED[locale].format(
        author=harmless(author or where or _SOMEBODY[locale]),
        day=_day(day, locale, at),
        quote=harmless(quote),
    )


def framed_fact(
    about: tuple[str, str],
    value: str,
    source: str,
    day: datetime,
    locale: Locale,
    at: datetime,
) -> str:
    """A field of a record: its label, the name of the record, the value, the service and the day
    of its last change there.
    """
    label, title = about
    return _FACT[locale].format(
        label=label,
        title=harmless(title),
        quote=harmless(value),
        source=source,
        day=_day(day, locale, at),
    )


def _day(day: datetime, locale: Locale, at: datetime) -> str:
    """The year only when it is not that of `at`."""
    written = f"{day.day} {_MONTHS[locale][day.month - 1]}"
    return written if day.year == at.astimezone(day.tzinfo).year else f"{written} {day.year}"


def harmless(text: str) -> str:
    """Words of others as a reader may see them, whatever shows them: characters that nobody sees
    are gone, and what would become a link, an image or a tag is broken by a space.

    Only around quotes; the quote of a citation stays as it stands in the record.
    """
    seen = _UNSEEN.sub("", text)
    for pattern, broken in _ACTIVE:
        seen = pattern.sub(broken, seen)
    return seen


def reason_text(reason: str, locale: Locale) -> str:
    """Why there is no answer, for people."""
    return _REASONS[locale][reason]


def not_read(connector: str, locale: Locale) -> str:
    """Why nothing can be counted."""
    name = connector.capitalize()
    if locale == "ru":
        return f"Считать пока нечего: {name} ещё не прочитан до конца."
    return f"There is nothing to count yet: {name} has not been read to its end."
