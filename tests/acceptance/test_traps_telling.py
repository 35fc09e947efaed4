"""The traps of what services tell, and do not tell: webhooks, limits, sight, and new words.

Each test lets the World behave as the real service does, runs our whole sync over it, and holds
the copy to the World.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any
from uuid import UUID

import pytest

from mayak.errors import Upstream
from mayak.platform.db import Database
from mayak.sandbox.attio.telling import ATTIO_KEY
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import CONNECTORS, STREAMS, Connector
from tests.acceptance.traps import assert_same, limit_of, limits_are_over
from tests.sync.hearing import Calls, Hearing, issue_of, listening
from tests.sync.studio import Studio

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.database]

DAY = 86_400
COMPANIES, DEALS, PEOPLE, NOTES = STREAMS["attio"][2:6]
Headers = dict[str, str]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def studio(database: Database, project: UUID, world: World) -> Studio:
    """A project beside the World, bound to nothing yet."""
    return Studio(database, project, world)


@pytest.fixture
def hearing(database: Database, project: UUID, world: World) -> Hearing:
    """The same beside a World that calls it."""
    return Hearing(Calls(database, world), project)


async def test_trap_05_no_delete_webhook(hearing: Hearing, world: World) -> None:
    client = world.add_contact(name="Ida", email="ida@client.example").id
    talk = world.add_conversation(inbox_id=1, contact_id=client)
    world.add_message(talk.display_id, "Please forget me.")
    visitor = next(row.id for row in world.contacts.values() if not row.resolved)
    await listening(hearing, "chatwoot")
    apply_edit(world, "delete_contact", {"contact_id": visitor})
    apply_edit(world, "delete_contact", {"contact_id": client})
    apply_edit(world, "delete_conversation", {"display_id": 1})
    await hearing.hear("chatwoot")
    assert await hearing.deliveries() == [], "of a deletion nothing is told"
    world.clock.advance(DAY + 60)

    result = await hearing.sync("chatwoot")

    assert result.status == "ok"
    assert str(client) not in await hearing.live("contact")
    talks, said = STREAMS["chatwoot"][2:4]
    assert await hearing.live("conversation") == set(hearing.told(talks))
    assert await hearing.live("message") <= set(hearing.told(said))
    # Strangers are in no list: they are asked for once nothing that they said is left.
    world.clock.advance(DAY + 60)
    await hearing.sync("chatwoot")
    await assert_same(hearing, "chatwoot")


def signed(secret: str, *parts: bytes) -> str:
    return hmac.new(secret.encode(), b"".join(parts), hashlib.sha256).hexdigest()


def forms(now: int) -> list[tuple[Connector, Callable[[str, bytes], Headers], int]]:
    """Ways to sign a body: whose, the headers, and what they deserve."""
    stamp, old = str(now), str(now - 600)

    def chatwoot(at: str, sign: Callable[[str, bytes], str]) -> Callable[[str, bytes], Headers]:
        return lambda secret, raw: {
            "X-Chatwoot-Timestamp": at, "X-Chatwoot-Signature": sign(secret, raw)
        }  # fmt: skip

    def dotted(at: str) -> Callable[[str, bytes], str]:
        return lambda secret, raw: "sha256=" + signed(secret, at.encode(), b".", raw)

    return [
        ("chatwoot", chatwoot(stamp, dotted(stamp)), 200),
        ("chatwoot", chatwoot(stamp, lambda s, raw: "sha256=" + signed(s, raw)), 401),
        ("chatwoot", chatwoot(stamp, lambda s, raw: signed(s, stamp.encode(), b".", raw)), 401),
        ("chatwoot", chatwoot(old, dotted(old)), 401),
        ("chatwoot", chatwoot(stamp, dotted(old)), 401),
        ("linear", lambda s, raw: {"Linear-Signature": signed(s, raw)}, 200),
        ("linear", lambda s, raw: {"Linear-Signature": "sha256=" + signed(s, raw)}, 401),
        ("linear", lambda s, raw: {"Linear-Signature": signed(s, stamp.encode(), b".", raw)}, 401),
        ("attio", lambda s, raw: {"Attio-Signature": signed(s, raw)}, 200),
        ("attio", lambda s, raw: {"X-Attio-Signature": signed(s, raw)}, 200),
        ("attio", lambda s, raw: {"Attio-Signature": signed(s, stamp.encode(), b".", raw)}, 401),
        ("attio", lambda s, raw: {"Attio-Signature": signed("another" + s, raw)}, 401),
    ]


async def test_trap_06_signature_forms(hearing: Hearing, world: World) -> None:
    bodies: dict[Connector, dict[str, Any]] = {
        "chatwoot": {"event": "contact_updated", "id": 1},
        # Tried again an hour later, with the time of the first attempt.
        "linear": {"type": "Issue", "action": "update", "data": {"id": issue_of(world)},
                   "webhookTimestamp": (time.time() - 3_600) * 1000},
        "attio": {"webhook_id": "1", "events": []},
    }  # fmt: skip
    for connector in CONNECTORS:
        await listening(hearing, connector)
    rows = await hearing.rows("SELECT connector, url, secret FROM webhook_endpoints")
    at = {
        row["connector"]: (row["url"], hearing.sources.open_sealed(row["secret"])) for row in rows
    }
    given, due = [], []
    for number, (connector, headers, status) in enumerate(forms(int(time.time()))):
        url, secret = at[connector]
        raw = json.dumps({**bodies[connector], "attempt": number}).encode()
        answer = await hearing.calls.client.post(url, content=raw, headers=headers(secret, raw))
        given.append((number, connector, answer.status_code))
        due.append((number, connector, status))
    assert given == due
    assert len(await hearing.deliveries()) == 4

    apply_edit(world, "update_contact", {"contact_id": 1, "name": "Told by Chatwoot"})
    issue = {"issue": issue_of(world), "title": "Told by Linear"}
    apply_edit(world, "linear.update_issue", issue)
    person = {"record_id": min(hearing.told(PEOPLE)), "values": {"job_title": "Told by Attio"}}
    apply_edit(world, "attio.update_record", person)
    for connector in CONNECTORS:
        await hearing.hear(connector)
        await assert_same(hearing, connector)


async def test_trap_11_http_date(studio: Studio, world: World) -> None:
    """Attio says by its own clock, which is an hour before ours, when to come back."""
    await studio.bind("attio")
    world.clock.advance(3_600)
    world.faults.add("ratelimit", service="attio", op="records.query", nth=2)
    with pytest.raises(Upstream, match="429") as soon:
        await studio.sync("attio")
    assert soon.value.retry_after is not None
    assert 0.1 <= soon.value.retry_after.total_seconds() <= 1.6
    await limits_are_over(studio)
    later = {"retry-after": formatdate(world.clock.timestamp() + 90, usegmt=True)}
    refusal = {"status_code": 429, "type": "rate_limit_error", "code": "rate_limit_exceeded"}
    world.faults.add(
        "status", service="attio", op="notes.list", code=429, body=refusal, headers=later
    )

    with pytest.raises(Upstream, match="429"):
        await studio.sync("attio")

    assert 85 < await limit_of(studio, "notes") <= 92
    asked = len(world.journal)
    with pytest.raises(Upstream, match="not over yet"):
        await studio.sync("attio")
    assert len(world.journal) == asked
    await limits_are_over(studio)
    assert (await studio.sync("attio")).status == "ok"
    await assert_same(studio, "attio")


async def test_trap_12_ids_only_webhooks(hearing: Hearing, world: World) -> None:
    await listening(hearing, "attio")
    person = min(hearing.told(PEOPLE))
    values = {"job_title": "Head of Light", "name": "Helen Ray", "phone_numbers": ["+442079460999"]}
    before = len(world.journal.calls("records.show"))
    apply_edit(world, "attio.update_record", {"record_id": person, "values": values})
    apply_edit(world, "attio.add_note", {"record_id": person, "content": "Met at the pier."})
    await hearing.hear("attio")
    deliveries = await hearing.deliveries()
    assert len(deliveries) >= 4, "one for each attribute"
    assert len(world.journal.calls("records.show")) - before == 1, "and yet it is read once"
    await assert_same(hearing, "attio")

    # One event at a time so far; the documentation promises several in one delivery.
    companies = [(id_, row["id"]) for id_, row in hearing.told(COMPANIES).items()][:2]
    for id_, _ in companies:
        edit = {"record_id": id_, "values": {"name": f"Renamed {id_}"}}
        world.faults.add("webhook_drop", service="attio", times=None)
        apply_edit(world, "attio.update_record", edit)
    events = [{"event_type": "record.updated", "id": ids} for _, ids in companies]
    raw = json.dumps({"webhook_id": "1", "events": events}).encode()
    headers = {"Attio-Signature": signed(await hearing.secret(), raw)}
    [row] = await hearing.rows("SELECT url FROM webhook_endpoints")
    await hearing.calls.client.post(row["url"], content=raw, headers=headers)
    await hearing.drain("attio")
    await assert_same(hearing, "attio")


async def test_trap_13_merges(hearing: Hearing, world: World) -> None:
    first, second = (client.attio_company_ids[0] for client in world.projects[:2])
    await hearing.bind("attio", ("company", first), ("company", second))
    await hearing.sync("attio")
    await hearing.install("attio")
    hanging = {kind: await hearing.live(kind) for kind in ("deal", "person", "note", "task")}
    pair = {"primary_record_id": first, "secondary_record_id": second}
    merged = apply_edit(world, "attio.merge_records", pair)
    assert merged is not None
    new = merged["id"]["record_id"]

    async def everything_follows() -> None:
        assert await hearing.live("company") == {new}
        assert {kind: await hearing.live(kind) for kind in hanging} == hanging
        owners = await hearing.rows(
            "SELECT company_id FROM attio_opportunities_raw WHERE deleted_at IS NULL UNION "
            "SELECT company_id FROM attio_people_raw WHERE deleted_at IS NULL"
        )
        assert owners == [{"company_id": new}], "nobody belongs to what is gone"

    await hearing.hear("attio")
    await everything_follows()
    await hearing.sync("attio", full=True)
    await everything_follows()

    await hearing.bind("chatwoot")
    await hearing.sync("chatwoot")
    base, mergee = [row.id for row in world.contacts.values() if world.conversations_of(row.id)][:2]
    moved = {str(row.display_id) for row in world.conversations_of(mergee)}
    world.clock.advance(DAY + 60)
    apply_edit(world, "merge_contacts", {"base_id": base, "mergee_id": mergee})
    await hearing.sync("chatwoot")
    assert str(mergee) not in await hearing.live("contact")
    assert {(await hearing.one("conversation", id_))["contact_id"] for id_ in moved} == {str(base)}
    await assert_same(hearing, "chatwoot")


async def test_trap_15_permission_loss_that_looks_like_deletion(
    studio: Studio, world: World
) -> None:
    """A team of four issues, one of two inboxes, one object and one permission go out of sight."""
    await studio.bind("chatwoot", ("inbox", "1"), ("inbox", "2"))
    await studio.bind("linear")
    await studio.bind("attio")
    await studio.sync()
    kinds = [one.mirror.kind for connector in CONNECTORS for one in STREAMS[connector]]
    # The inbox itself and the attributes of the object are rightly not there any more.
    kept = [kind for kind in kinds if kind not in {"inbox", "attribute"}]
    before = {kind: await studio.live(kind) for kind in kept}
    issues = world.linear.issues
    small = min(world.linear.teams, key=lambda team: len(issues.of("team_id", team.id))).id
    scopes = world.attio.tokens[ATTIO_KEY].scopes
    world.faults.add("permission_loss", service="linear", team_id=small, times=None)
    world.faults.add("permission_loss", service="chatwoot", inbox_id=2, times=None)
    world.faults.add("permission_loss", service="attio", object="deals", times=None)
    left = sorted(scopes - {"note:read", "note:read-write"})
    apply_edit(world, "attio.set_scopes", {"token": ATTIO_KEY, "scopes": left})

    ended: dict[str, str] = {}
    for connector in CONNECTORS:
        try:
            ended[connector] = (await studio.sync(connector, full=True)).status
        except Upstream as error:
            ended[connector] = error.kind

    assert ended == {"chatwoot": "auth", "linear": "partial", "attio": "not_found"}
    assert {kind: await studio.live(kind) for kind in before} == before
    watched = ("inboxes", "conversations", "teams", "issues", "comments", "deals", "notes")
    lights = {name: await studio.state(name) for name in watched}
    assert "ok" not in {state["status"] for state in lights.values()}
    assert "Nothing was deleted" in lights["issues"]["cause"]
    attio = {one.name: await studio.state(one.name) for one in STREAMS["attio"]}
    refused = {name: state["status"] for name, state in attio.items() if state["status"] != "ok"}
    assert refused == {"deals": "failing", "notes": "auth_failed"}, "the others go on"
    assert "the workspace has no object deals" in attio["deals"]["cause"]
    assert attio["notes"]["cause"] == "The token of Attio lacks the permission note:read."
    assert "what was copied stays" in attio["notes"]["next_step"]

    world.faults.clear()
    apply_edit(world, "attio.set_scopes", {"token": ATTIO_KEY, "scopes": sorted(scopes)})
    assert (await studio.sync(full=True)).status == "ok"
    await assert_same(studio, "linear")
    await assert_same(studio, "attio")


async def came_through(studio: Studio) -> bool:
    """One sync; False when the limit ended it, which has to be over with the minute."""
    try:
        result = await studio.sync("chatwoot")
    except Upstream as error:
        wait = error.retry_after.total_seconds() if error.retry_after else 0.0
        if error.kind == "rate_limit" and 40 <= wait <= 43:
            return False
        raise
    return result.status == "ok"


async def test_trap_16_plain_text_429(studio: Studio, world: World) -> None:
    """Chatwoot's own limit, met in the middle: no JSON, no header, a minute by its clock."""
    await studio.bind("chatwoot")
    world.requests_per_minute = 25
    world.clock.advance(60 - world.clock.timestamp() % 60 + 20)
    refused = 0
    while not await came_through(studio):
        refused += 1
        assert refused < 8, "no round gets further than the one before"
        world.clock.advance(60)
        await limits_are_over(studio)

    answers = [call.status for call in world.journal.calls(service="chatwoot")]
    assert (refused >= 3, answers.count(429)) == (True, refused)
    assert len(answers) < 25 * 6, "each round goes on where the last one stopped"
    await assert_same(studio, "chatwoot")


async def test_trap_17_unknown_fields_and_enums(studio: Studio, world: World) -> None:
    new: dict[tuple[str, str], dict[str, Any]] = {
        ("chatwoot", "conversations.list"): {"status": "escalated", "mood": "sunny"},
        ("chatwoot", "messages.list"): {"content_type": "hologram", "echo": {"of": 1}},
        ("linear", "StatesPage"): {"type": "paused", "velocity": 3},
        ("linear", "IssuesPage"): {"sentiment": "calm"},
        ("attio", "records.query"): {"temperature": {"unit": "C"}},
    }
    for connector in CONNECTORS:
        await studio.bind(connector)
    await studio.sync()
    for (service, op), members in new.items():
        world.faults.add("schema_drift", service=service, op=op, times=None, set=members)

    result = await studio.sync(full=True)

    assert (result.status, await studio.errors()) == ("ok", [])
    kept_in = {"cw_conversations": "mood", "cw_messages": "echo",
               "linear_issues_raw": "sentiment", "attio_people_raw": "temperature"}  # fmt: skip
    for table, name in kept_in.items():
        kept = await studio.rows(
            f"SELECT bool_and(payload ? %s) AS all FROM {table} WHERE deleted_at IS NULL", name
        )
        assert kept == [{"all": True}], table
    states = await studio.rows("SELECT DISTINCT type FROM linear_states_raw")
    assert states == [{"type": "paused"}]
    drift = await studio.rows("SELECT field FROM connector_fields WHERE NOT expected")
    assert {row["field"] for row in drift} == {
        "status=escalated", "mood:text", "content_type=hologram", "echo:object", "type=paused",
        "velocity:number", "sentiment:text", "temperature:object",
    }  # fmt: skip
    world.faults.clear()
    await studio.sync(full=True)
    for connector in CONNECTORS:
        await assert_same(studio, connector)
