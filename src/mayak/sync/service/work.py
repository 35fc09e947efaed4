"""One sync of one project: what its steps share, and the steps that every stream has."""

import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mayak.automation.model import JobRun
from mayak.connectors.base import Rejected
from mayak.connectors.chatwoot import Chatwoot
from mayak.errors import Upstream
from mayak.kit.clock import now
from mayak.platform.db import Conn
from mayak.sync.model import (
    LEASE,
    STREAMS,
    BindingsChanged,
    Saved,
    Scope,
    Stream,
    Verdict,
    verdict_of,
)
from mayak.sync.queries import bindings, errors, states

SHARED = frozenset({"auth", "rate_limit"})
"""Failures that every other stream would run into as well."""
NUMBERS = re.compile(r"\d+")
SEE_ERRORS = "See the list of connector errors; the next sync tries them again."
COUNTED = {"inbox": "inboxes", "contact": "contacts", "conversation": "conversations",
           "message": "messages", "attachment": "attachments"}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Work:
    """Owns what this run has counted and what it knows to be failing."""

    run: JobRun
    source: Chatwoot
    scope: Scope
    account_ref: str
    clock_offset: timedelta = timedelta(0)
    """The server's clock minus ours."""
    counters: Counter[str] = field(default_factory=Counter)
    failing: dict[Stream, set[str]] = field(default_factory=dict)
    """Records with an open error, of the streams that have begun."""
    retry_due: set[Stream] = field(default_factory=set)
    """Streams whose lists have to be read again for the sake of rejected records."""

    def server_now(self) -> datetime:
        return now() + self.clock_offset

    def count(self, kind: str, saved: Saved) -> None:
        name = COUNTED[kind]
        self.counters[f"{name}_written"] += saved.written
        self.counters[f"{name}_deleted"] += saved.deleted
        self.counters[f"{name}_unchanged"] += saved.unchanged

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Conn]:
        """A unit of work in which what is bound stays bound: taking it away waits, and finds the
        rows. Raises BindingsChanged when the run reads something else than what is bound now.
        """
        async with self.run.transaction() as conn:
            bound = await bindings.held(conn, self.run.project_id, self.account_ref)
            if Scope.of(bound) != self.scope:
                raise BindingsChanged
            yield conn

    async def begin(self, stream: Stream) -> dict[str, Any]:
        """Mark the stream as running; the checkpoint at which it stopped."""
        project_id = self.run.project_id
        async with self.writing() as conn:
            checkpoint = await states.begin(
                conn, project_id, stream, run_id=self.run.run_id, lease=LEASE
            )
            self.failing[stream] = await errors.failing(conn, project_id, stream)
            if await errors.retry_due(conn, project_id, stream):
                self.retry_due.add(stream)
        return checkpoint

    async def page(
        self,
        conn: Conn,
        stream: Stream,
        *,
        rows: int,
        checkpoint: Mapping[str, Any] | None = None,
    ) -> None:
        """The last statement of a page: its checkpoint, its counters, a new lease.

        Last, because it locks the row that the other reader of the stream needs too.
        """
        self.counters["pages"] += 1
        await states.do_not_wait_for_disk(conn)
        await states.page(
            conn,
            self.run.project_id,
            stream,
            checkpoint=None if checkpoint is None else dict(checkpoint),
            rows=rows,
            lease=LEASE,
        )

    async def came_through(
        self, conn: Conn, stream: Stream, kind: str, external_ids: Iterable[str]
    ) -> None:
        """Resolve the errors of these records, if they have any."""
        failing = self.failing[stream]
        if failing and (healed := failing & {named(kind, id_) for id_ in external_ids}):
            await errors.resolve(conn, self.run.project_id, stream, healed)

    async def quarantine(self, conn: Conn, stream: Stream, rejected: list[Rejected]) -> None:
        """Put rejected records aside, so that their page can go on."""
        rows = {}
        for one in rejected:
            mark = fingerprint("schema", f"{one.kind} {one.reason}")
            external_id = None if one.external_id is None else named(one.kind, one.external_id)
            rows[mark, external_id] = {
                "kind": "schema",
                "fingerprint": mark,
                "message": f"A {one.kind} does not have the expected form: {one.reason}",
                "external_id": external_id,
                "parent_id": one.parent_id,
                "payload": one.payload,
            }
        await errors.report(conn, self.run.project_id, stream, list(rows.values()))
        self.counters["rejected"] += len(rows)

    async def report_conversation(self, error: Upstream, conversation_id: str) -> None:
        """The messages of one conversation cannot be read; others may."""
        async with self.writing() as conn:
            await self._report(conn, "messages", error, conversation_id)

    async def fail(self, stream: Stream, error: Upstream) -> None:
        """Record the failure of a stream, and the state that it means.

        A token or a limit is shared by all streams: then the ones after it fail with it.
        """
        verdict = verdict_of(error)
        shared = STREAMS[STREAMS.index(stream) :] if error.kind in SHARED else (stream,)
        async with self.run.transaction() as conn:
            await self._report(conn, stream, error, None)
            await states.forget_run(conn, self.run.project_id)
            for one in shared:
                await states.settle(conn, self.run.project_id, one, verdict)

    async def _report(
        self, conn: Conn, stream: Stream, error: Upstream, conversation_id: str | None
    ) -> None:
        external_id = None if conversation_id is None else named("conversation", conversation_id)
        row = {
            "kind": error.kind,
            "fingerprint": fingerprint(error.kind, error.reason),
            "message": str(error),
            "external_id": external_id,
            "parent_id": conversation_id,
            "payload": None,
        }
        await errors.report(conn, self.run.project_id, stream, [row])

    async def finish(self, stream: Stream, lacking: Verdict | None = None) -> bool:
        """Leave the stream as ok; False and partial when some of its records are failing.

        `lacking` is the state when no record failed and something is missing all the same.
        """
        project_id = self.run.project_id
        async with self.run.transaction() as conn:
            await errors.resolve_stream(conn, project_id, stream)
            left = await errors.unresolved(conn, project_id, stream)
            verdict = lacking or Verdict(status="ok")
            if left:
                cause = f"{left} of its records could not be copied."
                verdict = Verdict(status="partial", cause=cause, next_step=SEE_ERRORS)
            await states.settle(conn, project_id, stream, verdict)
        return verdict.status == "ok"


def named(kind: str, external_id: str) -> str:
    """A record in the list of errors, where ids of several kinds meet."""
    return f"{kind} {external_id}"


def fingerprint(kind: str, reason: str) -> str:
    """The same for failures that differ only in their numbers."""
    return hashlib.sha256(f"{kind} {NUMBERS.sub('#', reason)}".encode()).hexdigest()[:16]
