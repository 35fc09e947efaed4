"""Messages beside their source: conversation by conversation, those first that waited longest."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from mayak.errors import Upstream
from mayak.platform.db import Conn
from mayak.sync.model import StreamType
from mayak.sync.model.reconciliation import (
    KINDS,
    MESSAGES_CONVERSATIONS,
    Compared,
    Difference,
    FindingKind,
)
from mayak.sync.queries import comparing as queries
from mayak.sync.queries import findings, listings, mirror, states
from mayak.sync.service.comparing import version_of
from mayak.sync.service.work import Work

MOST = 10_000
"""Differences of one conversation that are named."""


@dataclass(slots=True, kw_only=True)
class Threads:
    """Owns what the conversations of one run came to."""

    work: Work
    stream: StreamType
    shown: int = 0
    local: int = 0
    checked: int = 0
    counted: dict[FindingKind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    async def compare(self) -> Compared:
        """Each conversation that was read to its end counts, and its findings stand.

        One that is not found is one of those that are gone. Raises Upstream when the source fails.
        """
        inboxes = self.work.scope.inboxes
        async with self.work.run.transaction() as conn:
            waiting, total = await queries.conversations(
                conn,
                self.work.run.project_id,
                None if inboxes is None else sorted(inboxes),
                limit=MESSAGES_CONVERSATIONS,
            )
        for conversation_id in waiting:
            try:
                await self._compare_one(conversation_id)
            except Upstream as error:
                if error.kind != "not_found":
                    raise
        return Compared(
            local_count=self.local,
            source_count=self.shown,
            missing=self.counted["missing"],
            extra=self.counted["extra"],
            stale=self.counted["stale"],
            parts_checked=self.checked,
            parts_total=total,
        )

    async def _compare_one(self, conversation_id: str) -> None:
        work, project_id = self.work, self.work.run.project_id
        async with work.run.transaction() as conn:
            started = work.at = await states.clock(conn)
        listing = uuid4()
        sure = await self._list(conversation_id, listing)
        async with work.writing() as conn:
            found = await self._beside(conn, conversation_id, listing, started, sure=sure)
            self.shown += await listings.size(conn, project_id, listing)
            self.local += await queries.messages_of(conn, project_id, conversation_id)
            await findings.find(conn, project_id, "chatwoot", "messages", found)
            kinds: set[FindingKind] = (
                {"missing", "stale", "extra"} if sure else {"missing", "stale"}
            )
            over = await findings.unseen(
                conn, project_id, "chatwoot", "messages", kinds, part=conversation_id
            )
            live = await mirror.live(conn, project_id, "message", list(over.values()))
            await findings.close(conn, project_id, "chatwoot", "messages", over, live=live)
            await queries.checked(conn, project_id, conversation_id)
            await listings.drop(conn, project_id, listing)
        self.checked += 1
        for one in found:
            self.counted[one.kind] += 1

    async def _list(self, conversation_id: str, listing: UUID) -> bool:
        """False when a message came without an id: it may be any that the list seems to lack."""
        checkpoint: dict[str, object] = {"conversation_id": conversation_id}
        sure = True
        while True:
            page = await self.work.pull("messages", checkpoint)
            if page.window is not None:
                sure = sure and all(one.external_id for one in page.rejected)
                shown: dict[str, str | None] = {
                    one.external_id: version_of(self.stream, one)
                    for one in page.records
                    if not one.deleted
                }
                shown |= {
                    one.external_id: queries.UNREADABLE for one in page.rejected if one.external_id
                }
                async with self.work.run.transaction() as conn:
                    await listings.add(conn, self.work.run.project_id, listing, shown)
            if page.complete:
                return sure
            checkpoint = dict(page.checkpoint)

    async def _beside(
        self,
        conn: Conn,
        conversation_id: str,
        listing: UUID,
        started: datetime,
        *,
        sure: bool,
    ) -> list[Difference]:
        project_id, stream = self.work.run.project_id, self.stream
        missing = await queries.missing(
            conn, project_id, stream, listing, started=started, after="", limit=MOST
        )
        stale = await queries.stale(
            conn, project_id, stream, listing, started=started, after="", limit=MOST
        )
        extra = await queries.absent(
            conn, project_id, stream, listing,
            started=started, part=conversation_id, after="", limit=MOST,
        )  # fmt: skip
        found: list[Difference] = []
        by_kind: list[tuple[FindingKind, list[dict[str, object]]]] = [
            ("missing", missing),
            ("stale", stale),
            ("extra", extra if sure else []),
        ]
        for kind, rows in by_kind:
            for row in rows:
                detail = {name: one for name, one in row.items() if name != "external_id" and one}
                found.append(
                    Difference(
                        kind=kind,
                        external_id=str(row["external_id"]),
                        detail={**detail, "conversation_id": conversation_id},
                    )
                )
        return found
