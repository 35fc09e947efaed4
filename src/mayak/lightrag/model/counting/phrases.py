"""Nouns with their numbers: 7 open issues assigned to Kate, 7 открытых задач."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mayak.lightrag.model.counting.plan import Aggregate, Flag, Kind, Plan
from mayak.lightrag.model.language import Locale

Gender = Literal["f", "m", "n"]
_EN: dict[Kind, tuple[str, str]] = {
    "issue": ("issue", "issues"),
    "deal": ("deal", "deals"),
    "conversation": ("conversation", "conversations"),
    "message": ("message", "messages"),
    "company": ("company", "companies"),
    "person": ("person in the CRM", "people in the CRM"),
    "contact": ("contact in Chatwoot", "contacts in Chatwoot"),
    "comment": ("comment", "comments"),
    "note": ("note in the CRM", "notes in the CRM"),
    "task": ("task in the CRM", "tasks in the CRM"),
    "project": ("project", "projects"),
    "cycle": ("cycle", "cycles"),
}
_RU: dict[Kind, tuple[Gender, str, str, str, str]] = {
    "issue": ("f", "задача", "задачи", "задач", ""),
    "deal": ("f", "сделка", "сделки", "сделок", ""),
    "conversation": ("m", "диалог", "диалога", "диалогов", ""),
    "message": ("n", "сообщение", "сообщения", "сообщений", ""),
    "company": ("f", "компания", "компании", "компаний", ""),
    "person": ("m", "контакт", "контакта", "контактов", " в CRM"),
    "contact": ("m", "контакт", "контакта", "контактов", " в Chatwoot"),
    "comment": ("m", "комментарий", "комментария", "комментариев", ""),
    "note": ("f", "заметка", "заметки", "заметок", " в CRM"),
    "task": ("n", "дело", "дела", "дел", " в CRM"),
    "project": ("m", "проект", "проекта", "проектов", ""),
    "cycle": ("m", "цикл", "цикла", "циклов", ""),
}
_EN_FLAGS: dict[Flag, str] = {
    "open": "open", "closed": "closed", "done": "completed", "cancelled": "cancelled",
    "won": "won", "lost": "lost", "overdue": "overdue", "blocked": "blocked",
    "unassigned": "unassigned", "waiting": "unanswered", "incoming": "incoming",
    "outgoing": "outgoing",
}  # fmt: skip
_RU_FLAGS: dict[Flag, str] = {
    "open": "открыт", "closed": "закрыт", "done": "завершённ", "cancelled": "отменённ",
    "won": "выигранн", "lost": "проигранн", "overdue": "просроченн", "blocked": "заблокированн",
    "waiting": "неотвеченн", "incoming": "входящ", "outgoing": "исходящ",
}  # fmt: skip
_EN_PRIORITIES = {0: "without priority", 1: "urgent", 2: "high-priority", 3: "medium-priority",
                  4: "low-priority"}  # fmt: skip
_RU_PRIORITIES = {0: "нет", 1: "срочный", 2: "высокий", 3: "средний", 4: "низкий"}
_ENDINGS: dict[Gender, tuple[str, str]] = {
    "f": ("ая", "ые"), "m": ("ый", "ых"), "n": ("ое", "ых"),
}  # fmt: skip
_SOFT = {"ая": "ая", "ый": "ий", "ое": "ее", "ые": "ие", "ых": "их"}
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$", "RUB": "₽"}
NARROW = "\u202f"
_EN_SUPERLATIVES = {
    "largest": "largest", "smallest": "smallest", "oldest": "oldest", "newest": "newest",
    "soonest": "first due",
}  # fmt: skip
_RU_SUPERLATIVES = {
    "largest": "Самое крупное по сумме", "smallest": "Самое маленькое по сумме",
    "oldest": "Раньше всех создано", "newest": "Позже всех создано", "soonest": "Раньше всех срок",
}  # fmt: skip


def money(amount: float, currency: str | None, locale: Locale) -> str:
    """An amount as people write it: £18,400, 18 400 £; kopecks only where there are any."""
    cents = f"{amount:,.2f}"
    plain = cents.removesuffix(".00")
    sign = _SIGNS.get(currency or "", currency or "")
    if locale == "ru":
        russian = plain.replace(",", NARROW).replace(".", ",")
        return f"{russian} {sign}".strip()
    return f"{sign}{plain}" if len(sign) == 1 else f"{plain} {sign}".strip()


def figures(said: Sequence[str], locale: Locale) -> str:
    """Figures that cannot be added up, one beside the other."""
    return (" и " if locale == "ru" else " and ").join(said)


def plural(number: int, one: str, few: str, many: str) -> str:
    """The Russian form of a noun after a number."""
    if number % 10 == 1 and number % 100 != 11:  # noqa: PLR2004
        return one
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return few
    return many


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """What was counted, for any number of it."""

    plan: Plan
    locale: Locale

    def counted(self, number: int) -> str:
        """The number and the noun, as the beginning of a sentence."""
        if self.locale == "ru":
            grouped = f"{number:,}".replace(",", NARROW)
            return f"{grouped} {self.noun(number)}" if number else f"Нет {self.noun(0)}"
        return f"{number:,} {self.noun(number)}" if number else f"No {self.noun(0)}"

    def noun(self, number: int) -> str:
        return _russian(self.plan, number) if self.locale == "ru" else _english(self.plan, number)

    def superlative(self, way: Aggregate, named: str, value: str, total: int) -> str:
        """Which row is ahead of all others."""
        if self.locale == "ru":
            out_of = f" ({self.counted(total).lower()})" if total > 1 else ""
            return f"{_RU_SUPERLATIVES[way]}: {named}, {value}{out_of}."
        if total == 1:
            return f"The only one of {self.noun(1)}: {named}, {value}."
        return f"The {_EN_SUPERLATIVES[way]} of {self.counted(total)} is {named}: {value}."

    def most(self, best: Sequence[tuple[str, int]], total: int, fewest: bool) -> str:  # noqa: FBT001
        """Who has the most; all of them when several do."""
        if not best:
            return f"{self.counted(0)}."
        names, number = ", ".join(name for name, _ in best), best[0][1]
        if self.locale == "ru":
            more = "Меньше всего" if fewest else "Больше всего"
            return f"{more} — {names}: {number} из {total} ({self.noun(5)})."
        verb = "have" if len(best) > 1 else "has"
        more = "fewest" if fewest else "most"
        return f"{names} {verb} the {more} {self.noun(2)}: {number} of {total}."


def phrase(plan: Plan, locale: Locale) -> Phrase:
    return Phrase(plan=plan, locale=locale)


def _english(plan: Plan, number: int) -> str:
    one, many = _EN[plan.kind]
    before = [word for flag, word in _EN_FLAGS.items() if flag in plan.flags]
    if plan.status:
        before.append(plan.status)
    after = _english_after(plan)
    if plan.priority:
        before.append(_EN_PRIORITIES[plan.priority])
    elif plan.priority == 0:
        after.insert(0, _EN_PRIORITIES[0])
    return " ".join([*before, one if number == 1 else many, *after])


def _english_after(plan: Plan) -> list[str]:
    said: list[str] = []
    work = {"deal": "owned by", "message": "by", "comment": "by", "note": "by", "project": "led by"}
    roles = {
        "member": "created by" if plan.author else work.get(plan.kind, "assigned to"),
        "contact": "from" if plan.kind == "message" else "with",
        "company": "of",
        "state": "in",
        "stage": "in",
        "label": "labelled",
        "project": "in project",
    }
    for dimension, role in roles.items():
        names = [one.text for one in plan.names if one.dimension == dimension]
        if names:
            said.append(f"{role} {' or '.join(names)}")
    if plan.bound.over is not None:
        said.append(f"over {money(plan.bound.over, plan.bound.currency, 'en')}")
    if plan.bound.under is not None:
        said.append(f"under {money(plan.bound.under, plan.bound.currency, 'en')}")
    if plan.period:
        done = {"created": "created", "completed": "ended", "due": "due"}
        sent = plan.kind in ("message", "comment", "note")
        said.append(f"{'written' if sent else done[plan.period_of]} {plan.period.text_en}")
    return said


def _russian(plan: Plan, number: int) -> str:
    gender, one, few, many, where = _RU[plan.kind]
    noun = plural(number, one, few, many) if number else many
    single, plural_few = _ENDINGS[gender]
    ending = plural(number, single, plural_few, "ых") if number else "ых"
    said = []
    for flag, stem in _RU_FLAGS.items():
        if flag in plan.flags:
            soft = stem.endswith("щ")
            said.append(stem + (_SOFT[ending] if soft else ending))
    details = _russian_details(plan)
    bracket = f" ({'; '.join(details)})" if details else ""
    return " ".join([*said, noun]) + where + bracket


def _russian_details(plan: Plan) -> list[str]:
    said: list[str] = []
    work = {"deal": "ответственный", "message": "автор", "comment": "автор", "note": "автор"}
    roles = {
        "member": "автор" if plan.author else work.get(plan.kind, "исполнитель"),
        "contact": "клиент",
        "company": "компания",
        "state": "статус",
        "stage": "этап",
        "label": "метка",
        "project": "проект",
    }
    for dimension, role in roles.items():
        names = [one.text for one in plan.names if one.dimension == dimension]
        if names:
            said.append(f"{role}: {' или '.join(names)}")
    if "unassigned" in plan.flags:
        said.append("без исполнителя")
    if plan.status:
        said.append(f"статус: {plan.status}")
    if plan.priority is not None:
        said.append(f"приоритет: {_RU_PRIORITIES[plan.priority]}")
    if plan.bound.over is not None:
        said.append(f"больше {money(plan.bound.over, plan.bound.currency, 'ru')}")
    if plan.bound.under is not None:
        said.append(f"меньше {money(plan.bound.under, plan.bound.currency, 'ru')}")
    if plan.period:
        done = {"created": "создано", "completed": "завершено", "due": "срок"}
        said.append(f"{done[plan.period_of]} {plan.period.text_ru}")
    return said
