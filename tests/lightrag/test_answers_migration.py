"""Answers that were kept before they had kinds and titles can still be read."""

from uuid import UUID

import psycopg
import pytest

from mayak.lightrag import service
from mayak.platform.db import Database
from mayak.platform.schema import migrate
from tests.lightrag.test_sets_migration import migrate_before

pytestmark = pytest.mark.anyio

OLD = """
WITH home AS (INSERT INTO workspaces (name) VALUES ('Studio') RETURNING id),
     made AS (INSERT INTO projects (workspace_id, slug, name)
              SELECT id, 'northwind', 'Northwind' FROM home RETURNING id),
     talk AS (INSERT INTO cw_conversations (project_id, external_id, status, payload, content_hash)
              SELECT id, '7', 'open', '{}', '' FROM made RETURNING project_id),
     said AS (INSERT INTO cw_messages (project_id, external_id, conversation_id, message_type,
                     content_type, content, source_created_at, payload, content_hash)
              SELECT project_id, '1', '7', 'incoming', 'text', 'It is the 28th.', now(), '{}', ''
                FROM talk RETURNING project_id)
INSERT INTO lightrag_query_runs
       (project_id, id, question, locale, status, mode, answer, timings)
SELECT project_id, '00000000-0000-0000-0000-000000000007', 'When?', 'en', 'answered', 'lexical',
       %s::jsonb, '{"total_ms": 12.5}'
  FROM said
RETURNING project_id
"""
ANSWER = """
{"id": "00000000-0000-0000-0000-000000000007", "question": "When?", "locale": "en",
 "status": "answered", "mode": "lexical", "reason": null, "reason_text": null,
 "answer": "Helen: “It is the 28th.”",
 "sentences": [{"text": "Helen: “It is the 28th.”", "citations": [1]}],
 "citations": [{"index": 1, "quote": "It is the 28th.", "source_type": "chatwoot_message",
   "external_id": "1", "field": "content", "start": 0, "end": 15, "url": null, "author": "Helen",
   "author_kind": "contact", "conversation_id": "7", "occurred_at": "2026-11-12T10:00:00Z",
   "synced_at": "2026-11-12T10:00:00Z"}],
 "notes": [], "timings": {"embed_ms": 1, "search_ms": 2, "answer_ms": 3, "total_ms": 12.5},
 "asked_at": "2026-11-12T10:00:00Z", "feedback": null}
"""


async def test_an_answer_of_the_old_shape_is_read_as_it_was(guest: str) -> None:
    migrate_before(guest, "0014")
    with psycopg.connect(guest) as conn:
        conn.execute("SET ROLE mayak_system")
        row = conn.execute(OLD, (ANSWER,)).fetchone()
        assert row

    await migrate(guest)

    async with Database(guest) as database, database.transaction(row[0]) as scoped:
        answer = await service.answer_of(scoped, row[0], UUID(int=7))
        [listed] = await service.asked_before(scoped, row[0], limit=5)
    assert (answer.kind, answer.mode, answer.searched) == ("quotes", "mix", "lexical")
    [citation] = answer.citations
    assert (citation.document_type, citation.document_id) == ("chatwoot_conversation", "7")
    assert answer.sentences[0].citations == [citation.index]
    assert (listed.searched, listed.duration_ms) == ("lexical", 12.5)
