"""Which facts of a card a question asks for: a date that nobody asked about answers nothing."""

import re
from collections.abc import Mapping

HEADINGS = frozenset({"identifier", "title", "name", "subject"})
"""What an entity is called. It may always be shown, and says which entity is meant."""
_WHICH = re.compile(
    r"\b(?:issue|ticket|bug|deal|contact|project|track|call|name)|задач|тикет|сделк|проект|контакт|"
    r"заве(?:л|дён|ден)|назван|называ|зовут",
    re.IGNORECASE,
)

_WHEN = (
    r"\bwhen\b(?! (?:was|were|did|had)\b)|\bdue\b|deadline|\bdates?\b|\bday\b|until|"
    r"\bкогда\b|\bсрок|\bдат[аыуе]\b|до какого|\bчисл[аоу]\b"
)
_WHO = (
    r"\bwho|assign|owner|responsible|\bkeeps?\b|\bкто\b|\bкому\b|\bкого\b|\bкем\b|\bчей\b|\bчья\b|"
    r"\bчьи\b|исполнител|ответствен|ведет|ведёт"
)
_HOW_FAR = (
    r"stat(?:e|us)\b|\bstages?\b|\bdone\b|finished|\bopen\b|closed|became|progress|how far|"
    r"статус|состояни|этап|стади|готов|сделан|закрыт|открыт|\bчто (?:с|со|по)\b|на ч[её]м"
)
_E_MAIL = r"\be-?mail|address|contact|почт|\bадрес|связаться|контакт"
_PHONE = r"phone|\bnumber|\bcall\b|contact|телефон|номер|звон|связаться|контакт"
_ASKS: Mapping[str, str] = {
    "state": _HOW_FAR,
    "status": _HOW_FAR,
    "stage": _HOW_FAR,
    "health": _HOW_FAR,
    "progress": _HOW_FAR + r"|percent|процент",
    "amount": r"how much|amount|costs?\b|price|worth|value|budget|сколько|сумм|стои|\bцен|бюджет",
    "next_step": r"\bnext\b|\bsteps?\b|\bшаг|дальше|следующ",
    "owner": _WHO,
    "assignee": _WHO,
    "assignees": _WHO,
    "lead": _WHO,
    "creator": r"creat|report|wrote|author|завел|завёл|создал|автор|постановщик",
    "due_date": _WHEN,
    "deadline": _WHEN,
    "target_date": _WHEN,
    "close_date": _WHEN,
    "start_date": r"\bstart|\bbeg[ai]n|начал|старт|начн",
    "started": r"\bstarted|\bbegan|начал|взял",
    "completed": r"complet|finish|\bdone\b|closed|fixed|заверш|закрыт|сделал|сделан|исправил|готов",
    "canceled": r"cancel|отмен",
    "created": r"creat|opened|added|reported|создан|завед|завел|завёл|открыли|добавлен",
    "last_activity": r"activ|last (?:seen|heard|written)|активн|последн",
    "priority": r"priorit|urgent|приоритет|срочн|важн",
    "estimate": r"estimate|points?\b|оценк|поинт",
    "labels": r"\blabel|\btags?\b|метк|\bтег",
    "project": r"project|проект",
    "cycle": r"cycle|sprint|цикл|спринт",
    "parent": r"parent|part of|родительск|част(?:ь|ью)",
    "blocked_by": r"block|wait|stuck|hold|блокир|жд[её]|мешает|стоит|стопор|зависит",
    "domains": r"domain|website|домен|\bсайт",
    "deals": r"\bdeals?\b|сделк",
    "people": r"people|person|\bwho\b|contact|люди|кто|контакт",
    "emails": _E_MAIL,
    "email": _E_MAIL,
    "phones": _PHONE,
    "phone": _PHONE,
    "job_title": r"\bjob|\btitle\b|position|\brole\b|\bwho\b|должност|\bкто\b|\bкем\b|занимает",
    "company": r"compan|\bwho\b|works? (?:at|for|in)|компани|\bкто\b|работает|фирм",
    "conversations": r"conversation|\btalk|обращени|диалог|разговор|переписк",
    "inbox": r"inbox|channel|канал",
    "contact": r"\bwho|contact|client|кто|контакт|клиент",
    "previous_identifiers": r"former|previous|прежн|раньше",
}
_PATTERNS = {field: re.compile(asks, re.IGNORECASE) for field, asks in _ASKS.items()}


def asks_for(question: str, field: str) -> bool:
    """Whether a question asks for this fact. A fact that is not known here is asked for by any."""
    pattern = _PATTERNS.get(field)
    return pattern is None or bool(pattern.search(question))


def asks_which(question: str) -> bool:
    """Whether what an entity is called could be the answer."""
    return bool(_WHICH.search(question))
