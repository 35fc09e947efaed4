"""What a question asks for: its words, its identifiers, the kind of fact that would answer it."""

import re
from dataclasses import dataclass
from datetime import timedelta

from mayak.errors import AppError, InvalidInput
from mayak.lightrag.model.identifiers import Identifier, identifiers
from mayak.lightrag.model.language import Language, Locale, language, locale_of

LONGEST = 2000
"""Characters of a question."""

_ASKING = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|much|many|long|"
    r"что|чего|чему|чем|как|как(?:ой|ая|ое|ие|ого|ую|им|их|ими|ом|ому)|кто|кого|кому|кем|когда|где|"
    r"куда|откуда|почему|зачем|сколько|скольк(?:их|им|ими)|ли|есть|is|are|was|were|do|does|did|"
    r"would|could|will|can|now|сейчас|теперь|there)\b",
    re.IGNORECASE,
)

_DATE = re.compile(
    r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}(?:st|nd|rd|th|-?(?:го|е|му|м|ого))\b|\b\d{1,2}:\d\d\b|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|"
    r"\b(?:today|tomorrow|tonight|yesterday|(?:next|this|last|each|every) (?:week|month|year))\b|"
    r"\b(?:jan|febr)uary\b|\b(?:march|april|may|june|july|august)\b|"
    r"\b(?:septem|octo|novem|decem)ber\b|"
    r"понедельник|вторник|\bсред[ауы]\b|четверг|пятниц|суббот|воскресен|"
    r"сегодня|завтра|вчера|недел|месяц|"
    r"январ|феврал|\bмарта\b|апрел|\bмая\b|июн|июл|август|сентябр|октябр|ноябр|декабр",
    re.IGNORECASE,
)
_MONEY = re.compile(r"[£$€₽]|\b(?:eur|usd|gbp|rub|руб\w*|euros?|pounds?|dollars?)\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|"
    r"два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|половин\w*)\b",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"because|\bcaused?\b|due to|\breason|so that|так как|потому|поэтому|причин|из-за|выяснил|"
    r"оказал",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[^.!?\s]\s)[A-ZА-ЯЁ][a-zа-яё]+")
_PLACE = re.compile(
    r"\b(?:in|at|on)\s+[A-Z]|\b(?:в|во|на)\s+[А-ЯЁ«]|\b(?:room|street|floor|этаж\w*|улиц\w*)\b"
)
_BOUND = re.compile(
    r"\b(?:lowest|minimum|minimal|floor|at least)\b|not below|миним|не ниже|не меньше",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"(?:passw|passphrase|парол|secret)\w*\W+(?:\S+\s+){0,3}?(?=\S*\d)(?=\S*[^\W\d_])\S{8,}",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_NEEDED = (_BOUND, _SECRET, _LINK)

_KINDS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(
            r"\bwhen\b|what (?:time|day)|which day|\bdates?\b|deadline|\bкогда\b|\bдат[ауеы]\b|"
            r"\bкак(?:ую|ая|ой|ого|ие)\s+(?:дат|день|дня|срок|числ)|до какого|"
            r"на какое (?:число|время)|какой срок",
            re.IGNORECASE,
        ),
        _DATE,
    ),
    (
        re.compile(
            r"how much|\bcosts?\b|\bprices?\b|\bfees?\b|budget|amount|estimate|"
            r"сколько (?:стои|осталось|заплат|долж|будет стоить)|\bцен|стоимост|сумм|бюджет|оценк",
            re.IGNORECASE,
        ),
        _MONEY,
    ),
    (
        re.compile(
            r"how (?:many|much|long|often|big)|\blimit|\bsize\b|\bnumber of|percent|discount|"
            r"сколько|скольки|процент|размер|лимит|скидк",
            re.IGNORECASE,
        ),
        _NUMBER,
    ),
    (
        re.compile(r"\bwhy\b|\bcause|\breason|почему|из-за чего|зачем|причин", re.IGNORECASE),
        _CAUSE,
    ),
    (
        re.compile(
            r"\b(?:lowest|minimum|minimal|floor)\b|how low|миним|самая низкая|нижн", re.IGNORECASE
        ),
        _BOUND,
    ),
    (re.compile(r"passw|passphrase|парол|\bsecret\b", re.IGNORECASE), _SECRET),
    (
        re.compile(
            r"\b(?:give|send|what|where)\b.{0,20}\blinks?\b|"
            r"(?:дай|пришли|скинь|кака[яй]|где)\w*\b.{0,20}\bссылк",
            re.IGNORECASE,
        ),
        _LINK,
    ),
    (re.compile(r"\bwhom?\b|\bкто\b|\bкому\b|\bкого\b|\bкем\b", re.IGNORECASE), _NAME),
    (re.compile(r"\bwhere\b|\bгде\b|\bкуда\b|\bоткуда\b", re.IGNORECASE), _PLACE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    text: str
    words: str
    """The text without the words that only ask."""
    language: Language
    locale: Locale
    """Which language the frame of the answer is in."""
    identifiers: tuple[Identifier, ...]
    facts: tuple[re.Pattern[str], ...]
    """What an answering sentence would hold: a date, a sum, a number, a cause, a name, a place."""
    needed: tuple[re.Pattern[str], ...] = ()
    """Those of them without which nothing is an answer: a secret, a link, a lower bound."""


@dataclass(eq=False)
class QuestionTooHeavy(AppError):
    status = 503
    code = "question_too_heavy"
    message = "Searching took longer than {seconds} s. Try again in a minute, or ask more briefly."
    retryable = True

    limit: timedelta

    @property
    def seconds(self) -> float:
        return self.limit.total_seconds()

    def __str__(self) -> str:
        return self.message.format(seconds=f"{self.seconds:g}")


def question(text: str, locale: Locale | None = None) -> Question:
    """Read a question. Raises InvalidInput when it is empty, too long or holds no word."""
    clean = text.replace("\x00", "").strip()
    if not clean:
        raise InvalidInput("question", "write a question first")
    if len(clean) > LONGEST:
        raise InvalidInput("question", f"at most {LONGEST} characters, this has {len(clean)}")
    if not any(letter.isalnum() for letter in clean):
        raise InvalidInput("question", "a question needs at least one word or number")
    return Question(
        text=clean,
        words=words_of(clean),
        language=language(clean),
        locale=locale or locale_of(clean),
        identifiers=tuple(identifiers(clean)),
        facts=tuple(fact for asks, fact in _KINDS if asks.search(clean)),
        needed=tuple(fact for asks, fact in _KINDS if fact in _NEEDED and asks.search(clean)),
    )


def words_of(text: str) -> str:
    """A question without the words that only ask."""
    return _ASKING.sub(" ", text)


def fitting(asked: Question, sentence: str) -> float:
    """Which share of the kinds of fact asked for a sentence holds; 0.0 when no kind is known."""
    if not asked.facts:
        return 0.0
    return sum(bool(fact.search(sentence)) for fact in asked.facts) / len(asked.facts)
