"""SQL of webhooks: where services call, and what they said that nobody has looked into yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

import orjson

from mayak.connectors.webhooks import Change, Delivery
from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_one
from mayak.sync.model import Connector

EndpointMode = Literal["signed", "path"]
EndpointStatus = Literal["active", "failing", "removed"]
DeliveryStatus = Literal["received", "done", "ignored", "failed"]

COLUMNS: LiteralString = """
project_id, id, connector, mode, secret, path_secret_hash, url, remote_id, objects, objects_at,
status, last_error, created_at, last_delivery_at
"""

FOUND: LiteralString = f"""
SELECT {COLUMNS}
  FROM webhook_endpoints
 WHERE id = %(id)s AND connector = %(connector)s AND status <> 'removed'
"""

LIVE: LiteralString = f"""
SELECT {COLUMNS}
  FROM webhook_endpoints
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND status <> 'removed'
"""

ADD: LiteralString = """
INSERT INTO webhook_endpoints (project_id, id, connector, url)
VALUES (%(project_id)s, %(id)s, %(connector)s, %(url)s)
    ON CONFLICT DO NOTHING
"""

INSTALLED: LiteralString = """
UPDATE webhook_endpoints
   SET mode = %(mode)s, secret = %(secret)s, path_secret_hash = %(path_secret_hash)s,
       url = %(url)s, remote_id = %(remote_id)s, objects = %(objects)s::jsonb,
       objects_at = now(), status = 'active', last_error = NULL
 WHERE project_id = %(project_id)s AND id = %(id)s
"""

OBJECTS: LiteralString = """
UPDATE webhook_endpoints
   SET objects = %(objects)s::jsonb, objects_at = now()
 WHERE project_id = %(project_id)s AND id = %(id)s
"""

FAILING: LiteralString = """
UPDATE webhook_endpoints
   SET status = 'failing', last_error = %(error)s
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND status <> 'removed'
"""

REMOVED: LiteralString = """
UPDATE webhook_endpoints
   SET status = 'removed', secret = NULL, path_secret_hash = NULL
 WHERE project_id = %(project_id)s AND id = %(id)s AND status <> 'removed'
"""

FORGET: LiteralString = """
DELETE FROM webhook_endpoints
 WHERE project_id = %(project_id)s AND id = %(id)s
"""

STORE: LiteralString = """
INSERT INTO webhook_deliveries (project_id, endpoint_id, delivery_id, event, changes, body, headers,
                                stale, status, error, processed_at)
SELECT %(project_id)s, %(endpoint_id)s, %(delivery_id)s, %(event)s, %(changes)s::jsonb,
       CASE WHEN EXISTS (SELECT 1 FROM connector_bindings AS bound
                          WHERE bound.project_id = %(project_id)s
                            AND bound.connector = %(connector)s AND bound.kind = 'account')
            THEN %(body)s::bytea END,
       %(headers)s::jsonb, %(stale)s, %(status)s::text, %(error)s,
       CASE WHEN %(status)s::text <> 'received' THEN now() END
    ON CONFLICT DO NOTHING
"""

HEARD: LiteralString = """
UPDATE webhook_endpoints
   SET last_delivery_at = now()
 WHERE project_id = %(project_id)s AND id = %(id)s
   -- Many come at once: the row is locked by few of them.
   AND (last_delivery_at IS NULL OR last_delivery_at < now() - interval '1 second')
"""

GIVE_UP: LiteralString = """
UPDATE webhook_deliveries AS told
   SET status = 'failed', processed_at = now(), error = %(error)s
  FROM webhook_endpoints AS endpoint
 WHERE told.project_id = %(project_id)s AND told.status = 'received' AND told.attempts >= %(most)s
   AND endpoint.project_id = told.project_id AND endpoint.id = told.endpoint_id
   AND endpoint.connector = %(connector)s
"""

TAKE: LiteralString = """
WITH next AS (
  SELECT told.project_id, told.endpoint_id, told.delivery_id
    FROM webhook_deliveries AS told
    JOIN webhook_endpoints AS endpoint
           ON endpoint.project_id = told.project_id AND endpoint.id = told.endpoint_id
   WHERE told.project_id = %(project_id)s AND told.status = 'received'
     AND endpoint.connector = %(connector)s
   -- What was begun before and not ended may be what ended its worker: it waits for the others.
   ORDER BY told.attempts, told.received_at, told.delivery_id
   LIMIT %(limit)s
     FOR UPDATE OF told SKIP LOCKED
)
UPDATE webhook_deliveries AS mine
   SET attempts = attempts + 1
  FROM next
 WHERE mine.project_id = next.project_id AND mine.endpoint_id = next.endpoint_id
   AND mine.delivery_id = next.delivery_id
RETURNING mine.endpoint_id, mine.delivery_id, mine.changes
"""

FINISH: LiteralString = """
UPDATE webhook_deliveries AS told
   SET status = %(status)s, error = %(error)s, processed_at = now()
  FROM unnest(%(endpoint_ids)s::uuid[], %(delivery_ids)s::text[]) AS done (endpoint_id, delivery_id)
 WHERE told.project_id = %(project_id)s AND told.endpoint_id = done.endpoint_id
   AND told.delivery_id = done.delivery_id
"""

GIVE_BACK: LiteralString = """
UPDATE webhook_deliveries AS told
   SET attempts = attempts - 1, error = %(error)s
  FROM unnest(%(endpoint_ids)s::uuid[], %(delivery_ids)s::text[]) AS mine (endpoint_id, delivery_id)
 WHERE told.project_id = %(project_id)s AND told.endpoint_id = mine.endpoint_id
   AND told.delivery_id = mine.delivery_id AND told.status = 'received'
"""

LATELY: LiteralString = """
SELECT status, count(*) AS deliveries,
       (array_agg(error ORDER BY received_at DESC) FILTER (WHERE error IS NOT NULL))[1] AS error
  FROM webhook_deliveries
 WHERE project_id = %(project_id)s AND endpoint_id = %(endpoint_id)s
   AND received_at > now() - interval '24 hours'
 GROUP BY status
"""

NAMING: LiteralString = """
SELECT 'companies' AS stream, external_id FROM attio_accounts_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND person_ids && %(ids)s::text[]
UNION ALL
SELECT 'deals', external_id FROM attio_opportunities_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND (company_id = ANY(%(ids)s::text[]) OR person_ids && %(ids)s::text[])
UNION ALL
SELECT 'people', external_id FROM attio_people_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND company_id = ANY(%(ids)s::text[])
UNION ALL
SELECT 'notes', external_id FROM attio_notes_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND parent_id = ANY(%(ids)s::text[])
UNION ALL
SELECT 'tasks', external_id FROM attio_tasks_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND linked_ids && %(ids)s::text[]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A row of `webhook_endpoints`."""

    project_id: UUID
    id: UUID
    connector: Connector
    mode: EndpointMode
    secret: bytes | None = field(repr=False)
    """Sealed."""
    path_secret_hash: bytes | None = field(repr=False)
    url: str
    remote_id: str | None
    objects: dict[str, str]
    objects_at: datetime | None
    status: EndpointStatus
    last_error: str | None
    created_at: datetime
    last_delivery_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A delivery that is being worked on."""

    endpoint_id: UUID
    delivery_id: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How many deliveries ended one way, and what was last said about them."""

    status: DeliveryStatus
    deliveries: int
    error: str | None


async def found(conn: Conn, endpoint_id: UUID, connector: Connector) -> Endpoint | None:
    """The endpoint of this id, whosever it is; needs a system transaction."""
    return await fetch_one(conn, Endpoint, FOUND, id=endpoint_id, connector=connector)


async def live(conn: Conn, project_id: UUID, connector: Connector) -> Endpoint | None:
    """The endpoint that the project has for a service."""
    return await fetch_one(conn, Endpoint, LIVE, project_id=project_id, connector=connector)


async def add(
    conn: Conn, project_id: UUID, endpoint_id: UUID, connector: Connector, url: str
) -> None:
    """Prepare an endpoint that the service does not know yet; nothing when there is one."""
    await execute(conn, ADD, project_id=project_id, id=endpoint_id, connector=connector, url=url)


async def installed(
    conn: Conn,
    endpoint: Endpoint,
    *,
    mode: EndpointMode,
    secret: bytes | None,
    path_secret_hash: bytes | None,
    url: str,
    remote_id: str,
    objects: Mapping[str, str],
) -> None:
    """The service calls the endpoint from now on."""
    await execute(
        conn,
        INSTALLED,
        project_id=endpoint.project_id,
        id=endpoint.id,
        mode=mode,
        secret=secret,
        path_secret_hash=path_secret_hash,
        url=url,
        remote_id=remote_id,
        objects=orjson.dumps(objects).decode(),
    )


async def know_objects(conn: Conn, endpoint: Endpoint, objects: Mapping[str, str]) -> None:
    """Remember which stream each object of Attio is."""
    await execute(
        conn,
        OBJECTS,
        project_id=endpoint.project_id,
        id=endpoint.id,
        objects=orjson.dumps(objects).decode(),
    )


async def failing(conn: Conn, project_id: UUID, connector: Connector, error: str) -> None:
    await execute(conn, FAILING, project_id=project_id, connector=connector, error=error)


async def removed(conn: Conn, endpoint: Endpoint) -> None:
    """Nobody is heard there any more; its secrets are gone."""
    await execute(conn, REMOVED, project_id=endpoint.project_id, id=endpoint.id)


async def forget(conn: Conn, endpoint: Endpoint) -> None:
    """As if it had never been, with all that it was told."""
    await execute(conn, FORGET, project_id=endpoint.project_id, id=endpoint.id)


async def store(
    conn: Conn,
    endpoint: Endpoint,
    delivery: Delivery,
    *,
    event: str | None,
    body: bytes,
    headers: Mapping[str, str],
    status: DeliveryStatus,
    error: str | None = None,
) -> bool:
    """Keep a delivery; False when it was kept before."""
    changes = [
        {
            "stream": one.stream,
            "external_id": one.external_id,
            "deleted": one.deleted,
            "replaces": one.replaces,
        }
        for one in delivery.changes
    ]
    rows = await execute(
        conn,
        STORE,
        project_id=endpoint.project_id,
        endpoint_id=endpoint.id,
        connector=endpoint.connector,
        delivery_id=delivery.id,
        event=event,
        changes=orjson.dumps(changes).decode(),
        body=body,
        headers=orjson.dumps(headers).decode(),
        stale=delivery.stale,
        status=status,
        error=error,
    )
    await execute(conn, HEARD, project_id=endpoint.project_id, id=endpoint.id)
    return rows == 1


async def give_up(
    conn: Conn, project_id: UUID, connector: Connector, *, most: int, error: str
) -> int:
    """Set those aside that were begun `most` times and never ended; how many."""
    return await execute(
        conn, GIVE_UP, project_id=project_id, connector=connector, most=most, error=error
    )


async def take(conn: Conn, project_id: UUID, connector: Connector, *, limit: int) -> list[Told]:
    """The deliveries to work on next. They stay waiting until `finish`, so a kill loses none."""
    rows = await fetch_dicts(conn, TAKE, project_id=project_id, connector=connector, limit=limit)
    return [
        Told(
            endpoint_id=row["endpoint_id"],
            delivery_id=row["delivery_id"],
            changes=tuple(Change(**change) for change in row["changes"]),
        )
        for row in rows
    ]


async def finish(
    conn: Conn,
    project_id: UUID,
    told: Sequence[Told],
    status: DeliveryStatus,
    *,
    error: str | None = None,
) -> None:
    await execute(conn, FINISH, **_keys(project_id, told), status=status, error=error)


async def give_back(conn: Conn, project_id: UUID, told: Sequence[Told], *, error: str) -> None:
    """Let them wait on: it was not their fault."""
    await execute(conn, GIVE_BACK, **_keys(project_id, told), error=error)


def _keys(project_id: UUID, told: Sequence[Told]) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "endpoint_ids": [one.endpoint_id for one in told],
        "delivery_ids": [one.delivery_id for one in told],
    }


async def heard(conn: Conn, project_id: UUID, endpoint_id: UUID) -> list[Heard]:
    """The deliveries of the last 24 hours."""
    return await fetch_all(conn, Heard, LATELY, project_id=project_id, endpoint_id=endpoint_id)


async def naming(conn: Conn, project_id: UUID, ids: Sequence[str]) -> list[tuple[str, str]]:
    """Live records of Attio that name one of these, as (stream, id)."""
    rows = await fetch_dicts(conn, NAMING, project_id=project_id, ids=list(ids))
    return [(row["stream"], row["external_id"]) for row in rows]
