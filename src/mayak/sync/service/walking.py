"""Messages: every conversation that was touched is read again from its first to its last.

Only a full reading sees an edit or a deletion deep in the history: messages carry no time of
change, and the conversation says no more than that something in it was touched.
"""

from datetime import datetime
from typing import Any

from mayak.connectors.base import Page
from mayak.errors import Upstream
from mayak.sync.model import IN_A_ROW, DueWalk, Saved
from mayak.sync.queries import walks
from mayak.sync.service.work import Work


async def sync_messages(work: Work) -> bool:
    await work.begin("messages")
    started = work.server_now()
    async with work.run.transaction() as conn:
        due = await walks.due(
            conn,
            work.run.project_id,
            inboxes=work.scope.inboxes,
            dead_too=work.run.trigger == "manual",
        )
    total = len(due)
    reading = Reading(work, total)
    for last in (False, True):  # what failed for a moment is tried once more after all others
        due = await reading.read(due, last=last)
        if not due:
            break
    await work.run.progress(total, total, f"{work.counters['messages_read']} messages read")
    return await work.finish("messages", work.doubt(), fresh_until=started)


class Reading:
    """Owns how far the reading of this run's conversations is.

    One page after the other: with two under way, a kill would lose two, and each is promised
    to be asked for at most once more.
    """

    def __init__(self, work: Work, total: int) -> None:
        self._work = work
        self._total = total
        self._done = 0
        self._in_a_row = 0
        self._again: list[DueWalk] = []

    async def read(self, due: list[DueWalk], *, last: bool) -> list[DueWalk]:
        """Read these conversations; those that may come through in another pass.

        Raises Upstream when the source as a whole is failing.
        """
        self._again = []
        for walk in due:
            await self._attempt(walk, last=last)
        return self._again

    async def _attempt(self, walk: DueWalk, *, last: bool) -> None:
        work = self._work
        try:
            await read_conversation(work, walk)
        except Upstream as error:
            if error.kind in {"auth", "rate_limit"}:
                raise
            if error.kind == "not_found":
                await bury_if_gone(work, walk.external_id, error)
                return
            self._in_a_row += 1
            if self._in_a_row >= IN_A_ROW and error.retryable:
                raise
            if error.retryable and not last:
                self._again.append(walk)
                return
            await work.report_record("messages", error, "conversation", walk.external_id)
        else:
            self._in_a_row = 0
        self._done += 1
        note = f"{work.counters['messages_read']} messages read"
        await work.run.progress(self._done, self._total, note)


async def read_conversation(work: Work, walk: DueWalk) -> None:
    """Read one conversation, window by window, a transaction each.

    The time of change that counts as read is the one known before the first request: what
    moves while the walk is under way makes the next one due.
    """
    target = walk.source_updated_at
    checkpoint: dict[str, Any] = {"conversation_id": walk.external_id}
    kept = walk.walk_cursor
    if kept and kept["source_updated_at"] == _text(target):
        checkpoint["windows"] = kept["windows"]
    while True:
        page = await work.pull("messages", checkpoint)
        if page.window is None:
            await _save_split(work, walk, page)
        else:
            await _save_window(work, walk, page, page.window)
        if page.complete:
            return
        checkpoint = dict(page.checkpoint)


async def _save_split(work: Work, walk: DueWalk, page: Page) -> None:
    """A reply that proved nothing says at least how to ask: it is not needed a second time."""
    async with work.writing() as conn:
        await walks.keep_cursor(conn, work.run.project_id, walk.external_id, _cursor(walk, page))
        await work.page(conn, "messages", rows=0)


async def _save_window(work: Work, walk: DueWalk, page: Page, window: tuple[int, int]) -> None:
    """One transaction: rows, tombstones, rejected records, how far the walk is, counters."""
    project_id, conversation_id = work.run.project_id, walk.external_id
    files = [file for record in page.records for file in record.parts]
    unread = {one.external_id for one in page.rejected}
    async with work.writing() as conn:
        at = page.asked_at or work.present()
        saved = await work.save(conn, "message", page.records, observed_at=at)
        kept_files = await work.save(conn, "attachment", files, observed_at=at)
        await work.notice_drift(conn, "messages", page.records)
        gone = lost_files = 0
        if None not in unread:
            # A message that cannot be read is there all the same. One without even an id may
            # be any of ours, so nothing of the window can be called gone.
            there = {str(id_) for id_ in unread}
            present = {one.external_id for one in page.records} | there
            gone = await walks.bury_messages(
                conn, project_id, conversation_id, window=window, present=present, observed_at=at
            )
            lost_files = await walks.bury_attachments(
                conn,
                project_id,
                conversation_id,
                window=window,
                present={one.external_id for one in files},
                unread=there,
                observed_at=at,
            )
        await work.came_through(conn, "messages", "conversation", [conversation_id])
        read = [one.external_id for one in page.records]
        await work.came_through(conn, "messages", "message", read)
        await work.quarantine(conn, "messages", page.rejected)
        if page.complete:
            await walks.finish(conn, project_id, conversation_id, walk.source_updated_at)
        else:
            await walks.keep_cursor(conn, project_id, conversation_id, _cursor(walk, page))
        rows = saved.written + saved.deleted + gone
        await work.page(conn, "messages", rows=rows, seen=len(page.records))
    work.counters["messages_read"] += len(page.records)
    work.count("message", saved)
    work.count("message", Saved(deleted=gone))
    work.count("attachment", kept_files)
    work.count("attachment", Saved(deleted=lost_files))


async def bury_if_gone(work: Work, conversation_id: str, error: Upstream) -> None:
    """A hard deletion leaves no other trace than that the conversation itself is not found."""
    found = await work.source.fetch("conversations", [conversation_id])
    if not found.missing:
        await work.report_record("messages", error, "conversation", conversation_id)
        return
    async with work.writing() as conn:
        messages = await walks.bury_conversations(conn, work.run.project_id, [conversation_id])
        await work.came_through(conn, "messages", "conversation", [conversation_id])
        await work.page(conn, "messages", rows=1 + messages)
    work.count("conversation", Saved(deleted=1))
    work.count("message", Saved(deleted=messages))


def _cursor(walk: DueWalk, page: Page) -> dict[str, Any]:
    """What is left to read of a conversation, while nothing in it is touched."""
    updated_at = _text(walk.source_updated_at)
    return {"source_updated_at": updated_at, "windows": page.checkpoint["windows"]}


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
