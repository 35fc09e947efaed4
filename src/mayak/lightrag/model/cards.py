"""What is known of one entity as a chunk of its own, and what was written about it as others.

A line of a card is a label and a value. Labels are in both languages, because values mostly are
not: a question in either finds "Этап" as well as "Stage".
"""

from collections.abc import Iterable, Mapping, Sequence

from mayak.lightrag.model.chunking import (
    Chunk,
    Passage,
    Span,
    hash_of,
    prefix_of,
    span,
    windows_of,
)
from mayak.lightrag.model.cutting import LIMIT, cut, tokens
from mayak.lightrag.model.labels import LABELS
from mayak.lightrag.model.language import language
from mayak.lightrag.model.records import DocumentType, Record, RecordType

FACT = 100
"""The longest value on a card, in tokens; of a longer one the beginning is shown."""
CARD = 350
"""Tokens of a card: lines that would make it longer are left out, the last first."""

HEADINGS: Mapping[DocumentType, tuple[str, ...]] = {
    "linear_issue": ("identifier", "title"),
    "linear_project": ("name",),
    "attio_company": ("name",),
    "attio_person": ("name",),
    "attio_deal": ("name",),
    "chatwoot_contact": ("name",),
    "chatwoot_conversation": ("subject",),
}
FACTS: Mapping[DocumentType, tuple[str, ...]] = {
    "linear_issue": (
        "state", "assignee", "due_date", "priority", "project", "blocked_by", "labels", "cycle",
        "parent", "estimate", "creator", "created", "started", "completed", "canceled",
        "previous_identifiers",
    ),
    "linear_project": (
        "status", "lead", "target_date", "health", "progress", "start_date", "completed",
        "canceled",
    ),
    "attio_company": ("stage", "domains", "owner", "deals", "people", "created"),
    "attio_person": ("job_title", "company", "emails", "phones", "created"),
    "attio_deal": (
        "stage", "amount", "close_date", "company", "owner", "next_step", "people", "created",
    ),
    "chatwoot_contact": ("company", "email", "phone", "conversations"),
    "chatwoot_conversation": (
        "status", "contact", "assignee", "priority", "labels", "inbox", "created",
        "last_activity",
    ),
}  # fmt: skip
"""The lines of cards, the weightiest first. A conversation has no card: its words say more."""
STATES = ("state", "status", "stage")
"""Fields that say how far an entity is."""
TEXTS: Mapping[RecordType, tuple[str, ...]] = {
    "linear_issue": ("description",),
    "linear_comment": ("body",),
    "linear_project": ("description",),
    "attio_note": ("title", "content"),
    "attio_task": ("content", "status", "assignees", "deadline"),
}
"""The fields that are written out in chunks of text, in this order."""


def entity_chunks(entity: Record, parts: Iterable[Record]) -> list[Chunk]:
    """The card of an entity, then what was written about it, in reading order.

    None when the entity is gone; what is gone of its parts leaves no trace.
    """
    if not entity.public:
        return []
    kind = entity.document[0]
    made = card(entity, HEADINGS[kind], FACTS[kind])
    said = [passage for record in (entity, *parts) if record.public for passage in passages(record)]
    text = windows_of(said, heading=entity.title, kind="text", limit=LIMIT)
    return [*([made] if made else []), *text]


def passages(record: Record) -> list[Passage]:
    """The texts of a record; who wrote it stands before the first, what it is before the others."""
    found: list[Passage] = []
    for field in TEXTS.get(record.key[0], ()):
        text = record.fields.get(field, "")
        if text.strip():
            fact = found and field not in ("content", "body")
            found.append(
                Passage(
                    key=record.key,
                    field=field,
                    text=text,
                    prefix=_labelled(field) if fact else "" if found else prefix_of(record.author),
                    at=record.at,
                )
            )
    return found


def card(entity: Record, heading: Sequence[str], facts: Sequence[str]) -> Chunk | None:
    """What is known of an entity, a fact a line; None when nothing is."""
    text, spans = "", list[Span]()
    for field in heading:
        text = _add(entity, field, f"{text} " if text else "", text, spans)
    for field in facts:
        before = f"{text}\n" if text else ""
        text = _add(entity, field, f"{before}{_labelled(field)}", text, spans)
    if not spans:
        return None
    return Chunk(
        kind="card",
        text=text,
        text_hash=hash_of(text),
        spans=tuple(spans),
        language=language(" ".join(text[one.start : one.end] for one in spans)),
        occurred_at=entity.at,
    )


def _add(entity: Record, field: str, before: str, text: str, spans: list[Span]) -> str:
    """The card with this field behind `before`; `text`, the card as it was, if it has no room."""
    value = entity.fields.get(field, "")
    if not value.strip():
        return text
    _, end = cut(value, limit=FACT, overlap=0)[0]
    made = before + value[:end].rstrip()
    if spans and tokens(made) > CARD:
        return text
    spans.append(span(entity.key, field, len(before), len(made)))
    return made


def _labelled(field: str) -> str:
    return " / ".join(dict.fromkeys(LABELS[field])) + ": "
