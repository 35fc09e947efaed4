"""Whose a record is, for those who read records of any service."""

from mayak.connectors.base import Record
from mayak.platform.db import Conn
from mayak.sync.model import StreamType
from mayak.sync.service import attio, linear
from mayak.sync.service.listing import touches
from mayak.sync.service.reading import Rules
from mayak.sync.service.work import Work


async def rules_of(work: Work, stream: StreamType, companies: attio.Companies) -> Rules:
    """What belongs to the project of a stream. `companies` is asked for once in a run."""
    match work.connector:
        case "linear":
            return await linear.rules_of(work, stream)
        case "attio":
            return await attio.rules_of(work, stream, companies)
        case "chatwoot":
            return Rules(belongs=_of_bound_inboxes)


async def _of_bound_inboxes(
    _conn: Conn, work: Work, stream: StreamType, records: list[Record]
) -> list[Record]:
    own = [one for one in records if one.kind == stream.mirror.kind]
    match stream.name:
        case "inboxes":
            return [one for one in own if work.scope.holds(one.external_id)]
        case "contacts":
            return [one for one in own if touches(work, one.payload)]
        case "conversations":
            return [one for one in own if work.scope.holds(one.fields["inbox_id"])]
        case _:
            return own
