"""Every question is kept, however it ended, and leaves a row in the audit."""

import dataclasses
from time import perf_counter
from uuid import UUID

from mayak.access import service as access
from mayak.access.model import Actor, AuditStatus
from mayak.lightrag.model.answer import Answer, Status
from mayak.lightrag.queries import runs
from mayak.platform.db import Conn

OUTCOME: dict[Status, AuditStatus] = {"answered": "ok", "empty": "empty", "error": "error"}


class Watch:
    """Milliseconds since the last look at it."""

    def __init__(self) -> None:
        self.begun = self._last = perf_counter()

    def lap(self) -> float:
        before, self._last = self._last, perf_counter()
        return round((self._last - before) * 1000, 1)

    def total(self) -> float:
        return round((perf_counter() - self.begun) * 1000, 1)


async def keep(conn: Conn, project_id: UUID, answer: Answer, actor: Actor) -> None:
    """Keep an answer, without its explanation: that is large, and of the moment."""
    stored = dataclasses.asdict(dataclasses.replace(answer, explain=None))
    await runs.save(conn, project_id, stored, user_id=actor.user_id)
    await access.audit(
        conn,
        project_id,
        actor=actor,
        action="lightrag.query",
        entity=f"lightrag_query:{answer.id}",
        status=OUTCOME[answer.status],
        at=answer.asked_at,
        duration_ms=answer.timings.total_ms,
        payload={
            "question": answer.question,
            "mode": answer.mode,
            "filters": dict(answer.filters),
            "history": list(answer.history),
        },
    )
