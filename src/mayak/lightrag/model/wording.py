"""The few words around quotes, in the reader's language."""

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

_REASONS: dict[Locale, dict[str, str]] = {
    "en": {
        "no_source_rows": "There is nothing to answer from yet: no messages have been synced.",
        "none_chunked": "The messages are here but have not been prepared for search yet. "
        "Try again in a minute.",
        "none_embedded": "The messages are still being prepared, and none of them has the words "
        "of this question. Try again in a few minutes.",
        "filtered": "What was found has been deleted or changed since it was prepared for search.",
        "below_threshold": "Not in the data: nothing that was synced answers this clearly enough.",
    },
    "ru": {
        "no_source_rows": "Отвечать пока не по чему: ни одного сообщения ещё не загружено.",
        "none_chunked": "Сообщения загружены, но ещё не подготовлены к поиску. "
        "Спросите через минуту.",
        "none_embedded": "Сообщения ещё готовятся к поиску, а слов из вопроса в них не нашлось. "
        "Спросите через несколько минут.",
        "filtered": "Найденное с тех пор удалили или изменили.",
        "below_threshold": "В данных этого нет: ни одно из загруженных сообщений не отвечает "
        "на вопрос достаточно ясно.",
    },
}


def framed(author: str | None, day: datetime, quote: str, locale: Locale, at: datetime) -> str:
    """A quote with who said it and when; the year only when it is not that of `at`."""
    written = f"{day.day} {_MONTHS[locale][day.month - 1]}"
    if day.year != at.astimezone(day.tzinfo).year:
        written += f" {day.year}"
    return _QUOTED[locale].format(author=author or _SOMEBODY[locale], day=written, quote=quote)


def reason_text(reason: str, locale: Locale) -> str:
    """Why there is no answer, for people."""
    return _REASONS[locale][reason]
