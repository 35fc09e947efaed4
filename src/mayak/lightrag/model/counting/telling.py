"""What was counted, in one sentence and a table, in both languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mayak.lightrag.model.counting.phrases import Phrase, figures, money, phrase
from mayak.lightrag.model.counting.plan import Kind, Plan
from mayak.lightrag.model.language import Locale
from mayak.lightrag.model.records import RecordType
from mayak.lightrag.model.table import CellKind, Column, Table, TableRow
from mayak.lightrag.model.wording import harmless

Row = Mapping[str, Any]
RECORDS: Mapping[Kind, RecordType] = {
    "issue": "linear_issue",
    "comment": "linear_comment",
    "project": "linear_project",
    "deal": "attio_deal",
    "company": "attio_company",
    "person": "attio_person",
    "note": "attio_note",
    "task": "attio_task",
    "conversation": "chatwoot_conversation",
    "message": "chatwoot_message",
    "contact": "chatwoot_contact",
}
"""Of what kind of record a row is; a cycle is of none."""
_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "issue": ("key", "title", "state", "person", "priority", "day"),
    "comment": ("key", "title", "person", "created"),
    "project": ("title", "state", "person", "day"),
    "cycle": ("key", "title", "day"),
    "deal": ("title", "client", "state", "amount", "person", "day"),
    "company": ("title", "state", "person"),
    "person": ("title", "place", "client"),
    "note": ("title", "person", "created"),
    "task": ("title", "person", "day"),
    "conversation": ("key", "title", "client", "state", "person", "created"),
    "message": ("title", "person", "client", "created"),
    "contact": ("title", "client"),
}
_LABELS: Mapping[str, tuple[str, str, CellKind]] = {
    "key": ("No.", "№", "text"),
    "title": ("Name", "Название", "text"),
    "state": ("Status", "Статус", "text"),
    "person": ("Who", "Кто", "person"),
    "client": ("Client", "Клиент", "person"),
    "priority": ("Priority", "Приоритет", "text"),
    "day": ("Due", "Срок", "date"),
    "created": ("Date", "Дата", "date"),
    "amount": ("Amount", "Сумма", "money"),
    "estimate": ("Estimate", "Оценка", "number"),
    "place": ("Role", "Должность", "text"),
    "name": ("Name", "Название", "text"),
    "count": ("Number", "Количество", "number"),
    "sum": ("Total", "Всего", "money"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    sentence: str
    table: Table


def told(
    plan: Plan,
    *,
    total: int,
    rows: Sequence[Row],
    sums: Sequence[Row],
    groups: Sequence[Row],
    locale: Locale,
) -> Told | None:
    """The sentence and the table; None when the rows do not have what was asked for, such as the
    largest of deals in two currencies.
    """
    what = phrase(plan, locale)
    if plan.aggregate == "group":
        return _grouped(plan, what, total, groups, locale)
    if plan.aggregate in ("sum", "average"):
        return _added(plan, what, total, rows, sums, locale)
    if plan.aggregate in ("largest", "smallest", "soonest", "oldest", "newest"):
        return _first(plan, what, total, rows, sums, locale)
    result = str(total) if plan.aggregate == "count" else None
    return Told(sentence=f"{what.counted(total)}.", table=_table(plan, total, rows, locale, result))


def _table(
    plan: Plan, total: int, rows: Sequence[Row], locale: Locale, result: str | None
) -> Table:
    names = list(_COLUMNS[plan.kind])
    if plan.measure == "estimate":
        names.append("estimate")
    return Table(
        columns=[_column(name, locale) for name in names],
        rows=[
            TableRow(
                cells={name: _cell(name, row, locale) for name in names},
                url=row["url"],
                source_type=RECORDS.get(plan.kind),
                external_id=row["external_id"],
            )
            for row in rows
        ],
        total=total,
        shown=len(rows),
        result=result,
    )


def _column(name: str, locale: Locale) -> Column:
    english, russian, kind = _LABELS[name]
    return Column(key=name, label=russian if locale == "ru" else english, kind=kind)


def _cell(name: str, row: Row, locale: Locale) -> str | float | None:
    value = row[name]
    if value is None:
        return None
    if name == "amount":
        return money(value, row["currency"], locale)
    if name == "estimate":
        return float(value)
    return str(value)[:10] if name in ("day", "created") else harmless(str(value))


def _added(
    plan: Plan,
    what: Phrase,
    total: int,
    rows: Sequence[Row],
    sums: Sequence[Row],
    locale: Locale,
) -> Told:
    mean = plan.aggregate == "average"
    if plan.measure == "estimate":
        points = sum(one["estimate"] or 0.0 for one in sums)
        said = [f"{points:g}"]
    else:
        known = [one for one in sums if one["count"]]
        said = [money(one["mean" if mean else "sum"], one["currency"], locale) for one in known]
    result = figures(said, locale) or "0"
    counted = what.counted(total)
    how = {
        ("en", False): f"{counted}: {result} in total.",
        ("en", True): f"{counted}: {result} on average.",
        ("ru", False): f"{counted}: всего {result}.",
        ("ru", True): f"{counted}: в среднем {result}.",
    }[locale, mean]
    sentence = how if total else f"{counted}."
    return Told(sentence=sentence, table=_table(plan, total, rows, locale, result))


def _first(
    plan: Plan,
    what: Phrase,
    total: int,
    rows: Sequence[Row],
    sums: Sequence[Row],
    locale: Locale,
) -> Told | None:
    measure = {"largest": "amount", "smallest": "amount", "soonest": "day"}.get(
        plan.aggregate, "created"
    )
    if not total:
        return Told(sentence=f"{what.counted(0)}.", table=_table(plan, 0, [], locale, None))
    measured = [row for row in rows if row[measure] is not None]
    if not measured or (measure == "amount" and len([one for one in sums if one["count"]]) > 1):
        return None
    best = [row for row in measured if row[measure] == measured[0][measure]]
    named = "; ".join(_named(row, locale) for row in best)
    value = _cell(measure, best[0], locale)
    sentence = what.superlative(plan.aggregate, named, str(value), total)
    return Told(sentence=sentence, table=_table(plan, total, rows, locale, f"{named}: {value}"))


def _named(row: Row, locale: Locale) -> str:
    title = row["title"] or row["client"] or row["external_id"]
    title = harmless(str(title))
    quoted = f"«{title}»" if locale == "ru" else f"“{title}”"
    return f"{row['key']} {quoted}" if row["key"] else quoted


def _grouped(
    plan: Plan, what: Phrase, total: int, groups: Sequence[Row], locale: Locale
) -> Told | None:
    named = [one for one in groups if one["name"]]
    if total and not named:
        return None
    nobody = "никто" if locale == "ru" else "nobody"
    missing = nobody if plan.grouping == "person" else "—"
    best = [one for one in named if one["count"] == named[0]["count"]] if named else []
    result = "; ".join(f"{harmless(one['name'])} ({one['count']})" for one in best) or None
    sentence = what.most(
        [(harmless(one["name"]), one["count"]) for one in best], total, plan.fewest
    )
    return Told(
        sentence=sentence,
        table=Table(
            columns=[_column("name", locale), _column("count", locale)],
            rows=[
                TableRow(cells={"name": harmless(one["name"] or missing), "count": one["count"]})
                for one in groups
            ],
            total=groups[0]["total"] if groups else 0,
            shown=len(groups),
            result=result,
        ),
    )
