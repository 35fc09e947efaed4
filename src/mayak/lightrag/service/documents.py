"""Documents and chunks follow the mirror: every change of a row they show, and nothing else."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from uuid import UUID

from mayak.lightrag.model.cards import entity_chunks
from mayak.lightrag.model.chunking import Chunk, chunks_of
from mayak.lightrag.model.mentions import Mention, mentions_of
from mayak.lightrag.model.records import DocumentType, Message, RecordKey, record_of
from mayak.lightrag.queries import checks, links, records
from mayak.lightrag.queries import documents as queries
from mayak.lightrag.queries.stale import STALE, Stale, drop_orphans, stale
from mayak.platform.db import Conn, Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    documents: int = 0
    removed: int = 0
    """Documents of records that are gone."""
    added: int = 0
    kept: int = 0
    dropped: int = 0

    def __add__(self, other: "Refreshed") -> "Refreshed":
        return Refreshed(
            documents=self.documents + other.documents,
            removed=self.removed + other.removed,
            added=self.added + other.added,
            kept=self.kept + other.kept,
            dropped=self.dropped + other.dropped,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a document is, before it is stored."""

    title: str | None
    chunks: Sequence[Chunk]
    mentions: Sequence[Mention]


Transactions = Callable[[], AbstractAsyncContextManager[Conn]]
Progress = Callable[[int, int], Awaitable[None]]

AT_ONCE = 30
"""Documents per transaction."""


async def catch_up(database: Database, project_id: UUID) -> Refreshed:
    """Bring all documents of a project up to date now, without waiting for the job; no vectors."""
    return await refresh_all(lambda: database.transaction(project_id), project_id)


async def refresh_all(
    transaction: Transactions, project_id: UUID, progress: Progress | None = None
) -> Refreshed:
    """Drop the documents of what is gone, make those anew whose rows changed, and link them."""
    async with transaction() as conn:
        removed, late = await _look(conn, project_id)
    done = Refreshed(removed=removed)
    total = sum(len(waiting) for waiting in late.values())
    for kind, waiting in late.items():
        for start in range(0, len(waiting), AT_ONCE):
            if progress:
                await progress(done.documents, total)
            some = waiting[start : start + AT_ONCE]
            async with transaction() as conn:
                done += await refresh(conn, project_id, kind, some)
                await checks.note_made(conn, project_id, kind, len(some))
    async with transaction() as conn:
        if await links.any_to_link(conn, project_id):
            await links.relink(conn, project_id)
    return done


async def _look(conn: Conn, project_id: UUID) -> tuple[int, dict[DocumentType, list[Stale]]]:
    """How many documents of what is gone were dropped, and which have to be made anew. Kinds that
    are as they were when nothing of them was stale are not looked at.
    """
    seen = await checks.states(conn, project_id)
    fresh = await checks.fresh_states(conn, project_id)
    changed = [kind for kind in STALE if seen[kind] != fresh.get(kind)]
    removed = await drop_orphans(conn, project_id) if changed else 0
    if removed:
        await links.relink(conn, project_id)
    late = {kind: await stale(conn, project_id, kind) for kind in changed}
    await checks.note(conn, project_id, seen, {kind: len(found) for kind, found in late.items()})
    return removed, late


async def refresh(
    conn: Conn, project_id: UUID, kind: DocumentType, waiting: Sequence[Stale]
) -> Refreshed:
    """Make these documents anew. A chunk whose text stayed keeps its id and its vector."""
    await links.writing_documents(conn, project_id)
    ids = [one.external_id for one in waiting]
    if kind == "chatwoot_conversation":
        made = await _talks(conn, project_id, ids)
    else:
        made = await _entities(conn, project_id, kind, ids)
    live = [(one, made[one.external_id]) for one in waiting if one.external_id in made]
    return await _save(conn, project_id, kind, live)


async def _talks(conn: Conn, project_id: UUID, ids: Sequence[str]) -> dict[str, Made]:
    live = await queries.conversations(conn, project_id, ids)
    talks: dict[str, list[Message]] = defaultdict(list)
    for message in await queries.messages(conn, project_id, ids):
        talks[message.conversation_id].append(message)
    return {one.external_id: _talk(one.subject, talks[one.external_id]) for one in live}


def _talk(subject: str | None, messages: Sequence[Message]) -> Made:
    return Made(
        title=subject,
        chunks=chunks_of(messages, subject=subject),
        mentions=mentions_of((record_of(one, subject) for one in messages), subject),
    )


async def _entities(
    conn: Conn, project_id: UUID, kind: DocumentType, ids: Sequence[str]
) -> dict[str, Made]:
    keys: list[RecordKey] = [(kind, id_) for id_ in ids]
    own = await records.records(conn, project_id, keys)
    parts = await records.parts(conn, project_id, kind, ids)
    return {
        id_: Made(
            title=entity.title,
            chunks=entity_chunks(entity, parts[id_]),
            mentions=mentions_of([entity, *parts[id_]]),
        )
        for (_, id_), entity in own.items()
        if entity.public
    }


@dataclass(slots=True)
class _Difference:
    """What has to be written so that stored chunks become those that were made."""

    moved: list[tuple[UUID, int, Chunk]] = field(default_factory=list)
    added: list[tuple[UUID, int, Chunk]] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    kept: int = 0

    def compare(
        self, document: UUID, old: Sequence[queries.KeptChunk], new: Sequence[Chunk]
    ) -> None:
        known: dict[bytes, list[queries.KeptChunk]] = defaultdict(list)
        for stored in old:
            known[stored.text_hash].append(stored)
        for ordinal, chunk in enumerate(new):
            if not known[chunk.text_hash]:
                self.added.append((document, ordinal, chunk))
                continue
            same = known[chunk.text_hash].pop(0)
            self.kept += 1
            if _differs(same, ordinal, chunk):
                self.moved.append((same.id, ordinal, chunk))
        self.gone += [left.id for rest in known.values() for left in rest]


async def _save(
    conn: Conn, project_id: UUID, kind: DocumentType, made: Sequence[tuple[Stale, Made]]
) -> Refreshed:
    ids = await queries.save_documents(
        conn, project_id, kind, [(made_of, one.title) for made_of, one in made]
    )
    stored: dict[UUID, list[queries.KeptChunk]] = defaultdict(list)
    for chunk in await queries.kept_chunks(conn, project_id, list(ids.values())):
        stored[chunk.document_id].append(chunk)
    found = _Difference()
    for made_of, one in made:
        document = ids[made_of.external_id]
        found.compare(document, stored[document], one.chunks)
    await queries.drop_chunks(conn, project_id, found.gone)
    await queries.move_chunks(conn, project_id, found.moved)
    await queries.add_chunks(conn, project_id, found.added)
    said = {ids[made_of.external_id]: one.mentions for made_of, one in made}
    await links.save_mentions(conn, project_id, said)
    return Refreshed(
        documents=len(made), added=len(found.added), kept=found.kept, dropped=len(found.gone)
    )


def _differs(kept: queries.KeptChunk, ordinal: int, chunk: Chunk) -> bool:
    return (kept.ordinal, kept.spans, kept.language, kept.occurred_at) != (
        ordinal,
        queries.spans_as_json(chunk),
        chunk.language,
        chunk.occurred_at,
    )
