"""The words of conditions: what a row has to be, English and Russian."""

import re

from mayak.lightrag.model.counting.plan import Flag
from mayak.lightrag.model.counting.words import words

FLAGS: dict[Flag, re.Pattern[str]] = {
    "unassigned": words(
        "unassigned",
        "without (?:an )?assignee",
        "not assigned(?: to (?:anyone|anybody))?",
        "assigned to (?:nobody|no one)",
        "(?:with )?no assignee",
        "без исполнителя",
        "без ответственного",
        "(?:ни на кого )?не назначен(?:о|ы|а|)",
        "неназначенн(?:ых|ые)",
        "ничь(?:и|их)",
        "has no owner",
    ),
    "overdue": words(
        "overdue",
        "past (?:their |its |the )?due(?: dates?)?",
        "просрочен(?:о|ы|а|)",
        "просроченн(?:ых|ые|ая|ую)",
    ),
    "blocked": words("blocked", "заблокирован(?:о|ы|а|)", "заблокированн(?:ых|ые|ая)"),
    "waiting": words(
        "(?:is |are |'s )?waiting for (?:(?:our|a|an) )?(?:reply|answer|response)(?: from us)?",
        "who's waiting for an answer from us",
        "waiting for us(?: to (?:reply|answer))?",
        "unanswered",
        "awaiting (?:our )?(?:reply|answer|response)",
        "waiting on us",
        "жд(?:ут|ет) (?:нашего )?ответа(?: от нас)?",
        "без (?:нашего )?ответа",
        "неотвеченн(?:ых|ые)",
        "жд(?:ут|ет) нас",
    ),
    "won": words(
        "(?:have |did |has )?(?:we |been )?(?:already )?(?:won|win)",
        "выигран(?:о|ы|а)?",
        "выигранн(?:ых|ые|ая|ую)",
        "(?:мы )?(?:уже )?выиграл(?:и|а)?",
    ),
    "lost": words(
        "(?:have |did |has )?(?:we |been )?(?:already )?(?:lost|lose)",
        "проигран(?:о|ы|а)?",
        "проигранн(?:ых|ые|ая|ую)",
        "(?:мы )?(?:уже )?проиграл(?:и|а)?",
    ),
    "open": words(
        "(?:still )?(?:open|active|unresolved|outstanding)",
        "(?:are |is )?not (?:yet )?(?:closed|done|finished|completed|resolved)",
        "(?:все )?(?:еще )?не (?:закрыт|завершен|сделан|решен)(?:о|ы|а|)",
        "(?:еще )?открыт(?:ых|ые|ая|ую|о|ы|ой|а|ое|)",
        "незакрыт(?:ых|ые)",
        "незавершенн(?:ых|ые)",
        "активн(?:ых|ые)",
    ),
    "cancelled": words("cancell?ed", "отменен(?:о|ы|а|)", "отмененн(?:ых|ые)"),
    "done": words(
        "done",
        "completed?",
        "finish(?:ed)?",
        "сделан(?:о|ы|а|)",
        "завершен(?:о|ы|а|)",
        "завершил(?:а|и)?",
        "сделал(?:а|и)?",
        "завершенн(?:ых|ые)",
        "сделанн(?:ых|ые)",
        "выполнен(?:о|ы|а|)",
        "выполненн(?:ых|ые)",
        "выполнил(?:а|и)?",
    ),
    "closed": words(
        "closed?",
        "resolved?",
        "закрыт(?:ых|ые|ая|о|ы|)",
        "закрыл(?:а|и)?",
        "решен(?:о|ы|а|)",
        "решенн(?:ых|ые)",
        "решил(?:а|и)?",
    ),
    "incoming": words(
        "incoming",
        "inbound",
        "(?:from|by) (?:the )?(?:clients?|customers?)",
        "входящ(?:их|ие)",
        "от клиент(?:ов|а)",
    ),
    "outgoing": words("outgoing", "outbound", "исходящ(?:их|ие)"),
}
"""In the order in which they are looked for: `not closed` before `closed`."""

PRIORITIES: dict[int, re.Pattern[str]] = {
    1: words("urgent(?: priority)?", "срочн(?:ых|ые|ая|ую)"),
    2: words(
        "high[- ]priority",
        "(?:with )?high priority",
        "(?:с )?высок(?:им|ого|ий) приоритет(?:ом|а|)",
        "важн(?:ых|ые)",
    ),
    3: words("medium[- ]priority", "(?:со )?средн(?:им|его|ий) приоритет(?:ом|а|)"),
    4: words(
        "low[- ]priority", "(?:with )?low priority", "(?:с )?низк(?:им|ого|ий) приоритет(?:ом|а|)"
    ),
    0: words("without (?:a )?priority", "(?:with )?no priority", "без приоритета"),
}
STATUSES: dict[str, re.Pattern[str]] = {
    "pending": words("(?:in |на |в )?pending", "в ожидании(?: pending)?"),
    "snoozed": words("snoozed", "отложенн(?:ых|ые)", "отложен(?:о|ы)"),
}
CREATED = words(
    "created?",
    "opened",
    "new",
    "added",
    "came in",
    "received",
    "arrived",
    "reported",
    "sent?",
    "wrote",
    "written",
    "posted",
    "raised",
    "создан(?:о|ы|а|)",
    "создал(?:а|и)?",
    "созданн(?:ых|ые)",
    "нов(?:ых|ые|ая)",
    "заведен(?:о|ы)",
    "завел(?:а|и)?",
    "пришл(?:о|и|а)",
    "пришел",
    "поступил(?:о|и|а)?",
    "написал(?:а|и)?",
    "написан(?:о|ы)",
    "отправил(?:а|и)?",
    "отправлен(?:о|ы)",
    "поставил(?:а|и)?",
    "появил(?:ось|ись|ась)",
    "добавил(?:а|и)?",
)
DUE = words("due", "со сроком", "(?:expected )?to close", "closing", "закрываются")
WAS_DUE = words("(?:was|were) due", "(?:был|была|было|были) со сроком")
"""Said of days that are over."""

STATES: dict[str, re.Pattern[str]] = {
    "in progress": words("in progress", "in work", "в работе", "being worked on"),
    "in review": words("in review", "under review", "на (?:ревью|проверке)"),
    "backlog": words("(?:in |the )*backlog", "(?:в )?бэклог(?:е|а|)"),
    "triage": words("(?:in )?triage", "(?:в )?триаж(?:е|а|)", "на разборе"),
    "todo": words("(?:in )?to-?do", "к выполнению"),
    "duplicate": words("duplicates?", "дубликат(?:ы|ов)"),
}
"""By the usual name of a state; it counts where the project has a state of that name."""
STAGES: dict[str, re.Pattern[str]] = {
    "negotiation": words(
        "(?:in )?(?:the )?negotiations?(?: stage)?",
        "(?:в|на (?:стадии|этапе))? ?переговор(?:ах|ов)",
    ),
    "proposal": words(
        "(?:in )?(?:the )?proposals?(?: stage)?(?: proposals?)?",
        "(?:в|на (?:стадии|этапе))? ?предложени(?:ях|и|я)(?: proposals?)?",
    ),
    "qualif": words(
        "(?:in )?qualifi(?:ed|cation)(?: stage)?", "(?:на (?:стадии|этапе))? ?квалификации"
    ),
    "lead": words("(?:in )?(?:the )?leads?(?: stage)?", "(?:в )?лид(?:ах|ы|ов)"),
}
