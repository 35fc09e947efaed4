"""What people say about failing things: try again now, it does not matter, it does after all."""

from collections.abc import Sequence
from uuid import UUID

from mayak.automation.model import Registry, Run
from mayak.automation.service import trigger
from mayak.platform.db import Conn
from mayak.sync.model import (
    Connector,
    ConnectorError,
    ErrorDetail,
    ErrorNotFound,
    NotDead,
    SettledOtherwise,
)
from mayak.sync.queries import letters, states
from mayak.sync.service.work import SEE_ERRORS

RETRY_JOB = "connector_errors_retry"


async def retry_soon(
    conn: Conn,
    registry: Registry,
    project_id: UUID,
    *,
    ids: Sequence[UUID] | None = None,
    connector: Connector | None = None,
    dead_too: bool = False,
) -> Run:
    """Make failing things due now and have them tried; a run that waits for the same is joined.

    Raises ErrorNotFound for an id that is none of the project's.
    """
    if ids is not None:
        known = await letters.known(conn, project_id, ids)
        for one in ids:
            if one not in known:
                raise ErrorNotFound(one)
    await letters.make_due(conn, project_id, ids=ids, connector=connector, dead_too=dead_too)
    payload: dict[str, object] = {}
    if ids is not None:
        payload["ids"] = sorted({str(one) for one in ids})
    if connector is not None:
        payload["connector"] = connector
    return await trigger(conn, registry, project_id, RETRY_JOB, payload=payload)


async def retry_dead(conn: Conn, registry: Registry, project_id: UUID, error_id: UUID) -> Run:
    """The same for one dead letter. Raises ErrorNotFound, and NotDead for what is none."""
    found = await _found(conn, project_id, error_id)
    if found.status != "dead_letter":
        raise NotDead(error_id, found.status)
    return await retry_soon(conn, registry, project_id, ids=[error_id], dead_too=True)


async def discard(conn: Conn, project_id: UUID, error_id: UUID, *, by: str) -> ConnectorError:
    """Be done with it until the record changes. Raises ErrorNotFound, SettledOtherwise."""
    found = await _found(conn, project_id, error_id)
    if not await letters.discard(conn, project_id, error_id, by=by):
        raise SettledOtherwise("It is resolved already.")
    await _agree(conn, project_id, found)
    return await _found(conn, project_id, error_id)


async def restore(conn: Conn, project_id: UUID, error_id: UUID) -> ConnectorError:
    """Take a discard back. Raises ErrorNotFound, SettledOtherwise."""
    found = await _found(conn, project_id, error_id)
    if not await letters.restore(conn, project_id, error_id):
        reason = (
            "It was not discarded."
            if found.discarded_at is None
            else "The same fails again under a newer error."
        )
        raise SettledOtherwise(reason)
    await _agree(conn, project_id, found)
    return await _found(conn, project_id, error_id)


async def _found(conn: Conn, project_id: UUID, error_id: UUID) -> ErrorDetail:
    found = await letters.error(conn, project_id, error_id)
    if found is None:
        raise ErrorNotFound(error_id)
    return found


async def _agree(conn: Conn, project_id: UUID, error: ConnectorError) -> None:
    """Let the state of the stream say how many of its records fail now."""
    await states.agree(conn, project_id, error.connector, error.stream, next_step=SEE_ERRORS)
