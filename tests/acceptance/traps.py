"""What the tests of the traps share: the copy beside the World, and the end of a rate limit."""

from typing import Any

from mayak.sync.model import STREAMS, Connector
from tests.sync.studio import Studio

Json = dict[str, Any]

MOVING = frozenset(
    {"updatedAt", "updated_at", "branchName", "web_url", "url", "timestamp", "last_activity_at",
     "waiting_since", "unread_count", "agent_last_seen_at", "thumbnail", "availability_status",
     "assignee_last_seen_at", "can_reply", "first_reply_created_at"}
)  # fmt: skip
"""What changes while nothing that matters does: a row is not rewritten for it. Addresses are
among it: that of a comment names the title of its issue, old ones go on working.
"""
BOOKKEEPING = frozenset({"active_from", "active_until", "created_by_actor"})
PLAIN = (str, int, float, bool, type(None))


async def assert_same(studio: Studio, connector: Connector) -> None:
    """Every stream has the World's rows and no others, each once and with the World's words."""
    for stream in STREAMS[connector]:
        if stream.name == "attributes":
            continue  # the World has those of lists too
        rows = await studio.rows(
            f"SELECT external_id, payload FROM {stream.mirror.table} WHERE deleted_at IS NULL"
        )
        have = {row["external_id"]: row["payload"] for row in rows}
        told = {id_: row for id_, row in studio.told(stream).items() if not _tombstone(row)}
        assert len(have) == len(rows), f"{stream.name} twice"
        assert have.keys() == told.keys(), stream.name
        for id_, row in told.items():
            assert _differences(have[id_], row) == [], f"{stream.name} {id_}"


async def limits_are_over(studio: Studio) -> None:
    """The wait that a service asked for has passed."""
    await studio.rows("UPDATE connector_sync_state SET until_at = now() RETURNING 1")


async def limit_of(studio: Studio, stream: str) -> float:
    """Seconds from now until a stream may be asked for again."""
    [row] = await studio.rows(
        "SELECT extract(epoch FROM until_at - now())::float AS wait FROM connector_sync_state "
        "WHERE stream = %s AND status = 'rate_limited'",
        stream,
    )
    return float(row["wait"])


def _tombstone(row: Json) -> bool:
    """A deleted message stays at Chatwoot, without its words."""
    attributes = row.get("content_attributes")
    return isinstance(attributes, dict) and attributes.get("deleted") is True


def _differences(have: Json, told: Json) -> list[str]:
    """Names of what the two, as far as both spell it, do not say alike."""
    pairs = [(name, have[name], told[name]) for name in have.keys() & told.keys() - MOVING]
    found = [
        name
        for name, ours, theirs in pairs
        if isinstance(ours, PLAIN) and isinstance(theirs, PLAIN) and ours != theirs
    ]
    # Linear tells another row as an object where the World keeps its id.
    found += [
        name
        for name, one in have.items()
        if f"{name}Id" in told and isinstance(one, dict | None) and _id(one) != told[f"{name}Id"]
    ]
    if "meta" in told and _id(have["meta"].get("sender")) != _id(told["meta"].get("sender")):
        found.append("meta.sender")
    if _id(have.get("sender")) != _id(told.get("sender")):
        found.append("sender")
    if _values(have.get("values")) != _values(told.get("values")):
        found.append("values")
    return found


def _id(one: object) -> object:
    return one.get("id") if isinstance(one, dict) else None


def _values(found: object) -> Json:
    """The values of Attio, without when and by whom they were written."""
    values = found if isinstance(found, dict) else {}
    return {
        slug: [{k: v for k, v in one.items() if k not in BOOKKEEPING} for one in listed]
        for slug, listed in values.items()
        if listed
    }
