"""What is asked for by id, and what there is: both against a Chatwoot that really answers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mayak.connectors.base import Connector, Fetched, Part, Record
from mayak.connectors.chatwoot import Chatwoot
from mayak.errors import Upstream, UpstreamRejected
from mayak.sandbox.app import create_app
from mayak.sandbox.clock import Clock
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROW = {"id": 7, "inbox_id": 1, "status": "open", "updated_at": 1772366400.25}
KINDS = {"inboxes": "inbox", "contacts": "contact", "conversations": "conversation"}


@pytest.fixture
def world() -> World:
    """Inboxes 1 and 2; Helen, 1, who wrote twice in conversation 1; a visitor, 2, in 2."""
    world = World(Clock(NOON, frozen=True))
    world.add_inbox(name="Mail", channel_type="Channel::Email", email="hello@studio.example")
    world.add_inbox(name="Programs", channel_type="Channel::Api")
    world.add_agent(name="Ada", email="ada@studio.example", token="admin", role="administrator")
    world.add_agent(name="Ben", email="ben@studio.example", token="agent", inbox_ids=[1])
    world.add_contact(name="Helen", email="helen@client.example")
    world.add_contact(name="misty-river")
    world.add_conversation(inbox_id=1, contact_id=1)
    world.add_conversation(inbox_id=2, contact_id=2)
    for words in ("Hello", "Anybody there?"):
        world.add_message(1, words)
    world.set_status(2, "snoozed", snoozed_until=1_900_000_000)
    return world


@pytest.fixture
def source(world: World) -> Chatwoot:
    return chatwoot(SandboxTransport(create_app(world)))


def chatwoot(transport: httpx.AsyncBaseTransport, *, of: str = "admin") -> Chatwoot:
    http = httpx.AsyncClient(transport=transport)
    return Chatwoot(http, base_url="http://sandbox/chatwoot", token=of, account_id=1)


def answering(body: Any, status: int = 200) -> Chatwoot:
    return chatwoot(httpx.MockTransport(lambda _: httpx.Response(status, json=body)))


def named(records: list[Record]) -> list[tuple[str, str]]:
    return [(record.kind, record.external_id) for record in records]


async def everything(source: Chatwoot, stream: str, **checkpoint: Any) -> dict[str, str]:
    """The versions of all pages together."""
    found: dict[str, str] = {}
    page = await source.ids(stream, checkpoint)
    while not page.complete:
        found |= page.versions
        page = await source.ids(stream, page.checkpoint)
    return found | dict(page.versions)


async def pulled(source: Chatwoot, stream: str, **checkpoint: Any) -> dict[str, Record]:
    """The records of the first page, without the people that come with conversations."""
    kind = KINDS.get(stream, "message")
    page = await source.pull(stream, checkpoint)
    return {one.external_id: one for one in page.records if one.kind == kind}


def test_it_is_a_connector(source: Chatwoot) -> None:
    connector: Connector = source

    assert connector.name == "chatwoot"


async def test_an_administrator_is_told_the_account(world: World, source: Chatwoot) -> None:
    found = await source.who_am_i()

    assert (found.account_id, found.account_name) == ("1", world.accounts[1].name)
    assert (found.user, found.role, found.observed_at) == ("Ada", "administrator", NOON)


async def test_an_agent_is_refused(world: World) -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await chatwoot(SandboxTransport(create_app(world)), of="agent").who_am_i()

    assert caught.value.kind == "auth"


async def test_the_inboxes_are_what_can_be_bound(source: Chatwoot) -> None:
    assert await source.parts() == [
        Part(kind="inbox", external_id="1", name="Mail"),
        Part(kind="inbox", external_id="2", name="Programs"),
    ]


async def test_a_conversation_comes_with_whoever_wrote(source: Chatwoot) -> None:
    found = await source.fetch("conversations", ["2", "77"])

    assert named(found.records) == [("contact", "2"), ("conversation", "2")]
    assert found.records[1].fields["status"] == "snoozed"
    assert (found.missing, found.rejected) == (frozenset({"77"}), [])


async def test_a_contact_is_found_whether_or_not_lists_show_them(
    world: World, source: Chatwoot
) -> None:
    world.delete_contact(1)

    found = await source.fetch("contacts", ["1", "2"])

    assert named(found.records) == [("contact", "2")]
    assert found.missing == {"1"}


async def test_inboxes_cost_one_request_however_many(world: World, source: Chatwoot) -> None:
    found = await source.fetch("inboxes", ["2", "3", "4"])

    assert named(found.records) == [("inbox", "2")]
    assert found.missing == {"3", "4"}
    assert len(world.journal.calls()) == 1


async def test_an_unreadable_row_may_be_the_inbox_that_is_not_there() -> None:
    found = await answering({"payload": [{"id": 1}, "broken"]}).fetch("inboxes", ["1", "2"])

    assert named(found.records) == [("inbox", "1")]
    assert (found.missing, len(found.rejected)) == (frozenset(), 1)


async def test_messages_are_asked_for_with_their_conversation(source: Chatwoot) -> None:
    page = await source.pull("messages", {"conversation_id": "1"})
    first, second = [record.external_id for record in page.records][-2:]

    found = await source.fetch("messages", [f"1/{second}", f"2/{first}", "77/1", "1/99999"])

    assert named(found.records) == [("message", second)]
    assert found.records[0].fields["content"] == "Anybody there?"
    assert found.missing == {f"2/{first}", "77/1", "1/99999"}


async def test_a_deleted_message_is_found_and_says_so(world: World, source: Chatwoot) -> None:
    message = world.delete_message(world.add_message(1, "Oops").id)

    found = await source.fetch("messages", [f"1/{message.id}"])

    assert [(record.deleted, record.fields["content"]) for record in found.records] == [
        (True, None)
    ]
    assert found.missing == frozenset()


@pytest.mark.parametrize(
    ("stream", "asked"),
    [
        ("conversations", "../contacts/1"),
        ("conversations", "1?x"),
        ("contacts", "0"),
        ("contacts", "01"),
        ("contacts", "9" * 40),
        ("inboxes", "Mail"),
        ("messages", "1"),
        ("messages", "1/2/3"),
        ("messages", "/2"),
        ("messages", "1/²"),
    ],
)
async def test_what_can_be_no_id_is_missing_and_not_asked_for(
    world: World, source: Chatwoot, stream: str, asked: str
) -> None:
    found = await source.fetch(stream, [asked])

    assert found == Fetched(records=[], missing=frozenset({asked}))
    assert world.journal.calls() == []


@pytest.mark.parametrize("stream", ["inboxes", "contacts", "conversations"])
async def test_what_is_fetched_is_the_same_as_what_is_listed(source: Chatwoot, stream: str) -> None:
    listed = await pulled(source, stream)
    fetched = (await source.fetch(stream, list(listed))).records

    same = {one.external_id: one for one in fetched if one.kind == listed["1"].kind}
    assert {id_: one.content_hash for id_, one in same.items()} == {
        id_: one.content_hash for id_, one in listed.items()
    }
    assert same["1"].fields == listed["1"].fields


async def test_a_fetched_message_is_the_same_as_a_read_one(source: Chatwoot) -> None:
    listed = await pulled(source, "messages", conversation_id="1")
    fetched = await source.fetch("messages", [f"1/{id_}" for id_ in listed])

    assert fetched.records == list(listed.values())


@pytest.mark.parametrize("envelope", ["{}", "payload", "data"])
async def test_a_conversation_may_come_in_an_envelope(envelope: str) -> None:
    bodies = {"{}": ROW, "payload": {"payload": ROW}, "data": {"data": {"payload": ROW}}}

    found = await answering(bodies[envelope]).fetch("conversations", ["7"])

    assert named(found.records) == [("conversation", "7")]


@pytest.mark.parametrize(
    ("stream", "body", "asked"),
    [
        ("contacts", {"payload": {"id": 9, "name": "Somebody else"}}, "8"),
        (
            "conversations",
            {**ROW, "id": 9, "meta": {"sender": {"id": 3, "name": "Somebody else"}}},
            "8",
        ),
    ],
)  # fmt: skip
async def test_a_record_of_somebody_else_is_not_taken(
    stream: str, body: dict[str, Any], asked: str
) -> None:
    found = await answering(body).fetch(stream, [asked])

    assert (found.records, found.missing) == ([], frozenset())
    assert [one.external_id for one in found.rejected] == [asked]
    assert "Somebody else" not in str(found.rejected)


@pytest.mark.parametrize(
    ("stream", "asked", "body"),
    [
        ("conversations", "7", {"id": 7, "status": None}),
        ("conversations", "7", {}),
        ("contacts", "7", {"payload": {"id": "x"}}),
        ("messages", "7/11", {"payload": [{"id": 11, "conversation_id": 7}]}),
        ("messages", "7/11", {"payload": ["broken"]}),
    ],
)
async def test_a_record_that_does_not_fit_is_not_missing(
    stream: str, asked: str, body: dict[str, Any]
) -> None:
    found = await answering(body).fetch(stream, [asked])

    assert (found.records, found.missing) == ([], frozenset())
    assert [one.external_id for one in found.rejected] == [asked.rpartition("/")[2]]


@pytest.mark.parametrize("stream", ["conversations", "contacts", "messages"])
@pytest.mark.parametrize("fault", [{"kind": "html_error", "code": 404}, {"kind": "drop"}])
async def test_an_outage_makes_nothing_missing(
    world: World, source: Chatwoot, stream: str, fault: Mapping[str, Any]
) -> None:
    world.faults.add(**fault)

    with pytest.raises(Upstream) as caught:
        await source.fetch(stream, ["1/1" if stream == "messages" else "1"])

    assert caught.value.retryable


async def test_a_lost_token_makes_nothing_missing(world: World, source: Chatwoot) -> None:
    world.faults.add("token_expired")

    with pytest.raises(UpstreamRejected) as caught:
        await source.fetch("conversations", ["1"])

    assert caught.value.kind == "auth"


async def test_a_server_that_ignores_the_window_says_nothing_of_a_message() -> None:
    row = {"id": 12, "conversation_id": 7, "message_type": 0, "created_at": 1772366400}

    with pytest.raises(UpstreamRejected, match="id window"):
        await answering({"payload": [row]}).fetch("messages", ["7/11"])


async def test_conversations_are_versioned_by_when_they_were_updated(
    world: World, source: Chatwoot
) -> None:
    before = await everything(source, "conversations")
    world.clock.advance(1.25)
    world.edit_message(world.add_message(1, "Hello").id, "Hello!")
    after = await everything(source, "conversations")

    assert before == dict.fromkeys(["1", "2"], "2026-03-01T12:00:00.000000+00:00")
    assert after == {**before, "1": "2026-03-01T12:00:01.250000+00:00"}


async def test_all_conversations_are_listed_page_by_page(world: World, source: Chatwoot) -> None:
    for _ in range(40):
        world.set_status(world.add_conversation(inbox_id=2, contact_id=2).display_id, "resolved")

    first = await source.ids("conversations", {})
    found = await everything(source, "conversations")

    assert (len(first.versions), first.total, first.complete) == (25, 42, False)
    assert found.keys() == {str(number) for number in range(1, 43)}


async def test_a_listing_may_be_of_one_inbox(source: Chatwoot) -> None:
    page = await source.ids("conversations", {"inbox_id": "2"})

    assert (list(page.versions), page.total) == (["2"], 1)
    assert page.checkpoint == {"inbox_id": "2", "page": 2}


async def test_contacts_are_listed_with_what_their_content_is(
    world: World, source: Chatwoot
) -> None:
    for number in range(20):
        world.add_contact(name=f"P{number}", email=f"p{number}@client.example")
    first = await source.ids("contacts", {})
    before = await everything(source, "contacts")
    world.update_contact(1, name="Helen Marsh")
    after = await everything(source, "contacts")

    assert (len(first.versions), first.total) == (15, 21)
    assert len(before) == 21
    assert {id_ for id_ in before if before[id_] != after[id_]} == {"1"}


@pytest.mark.parametrize("stream", ["inboxes", "contacts"])
async def test_versions_are_the_hashes_of_what_is_pulled(source: Chatwoot, stream: str) -> None:
    records = (await source.pull(stream, {})).records

    page = await source.ids(stream, {})

    assert page.versions == {one.external_id: one.content_hash.hex() for one in records}
    assert page.complete


async def test_messages_are_listed_without_the_deleted_ones(world: World, source: Chatwoot) -> None:
    gone = world.delete_message(world.add_message(1, "Oops").id)
    records = await pulled(source, "messages", conversation_id="1")

    page = await source.ids("messages", {"conversation_id": "1"})

    assert str(gone.id) in records
    assert page.versions == {
        id_: one.content_hash.hex() for id_, one in records.items() if not one.deleted
    }
    assert page.complete


async def test_a_long_conversation_is_listed_to_its_end(world: World, source: Chatwoot) -> None:
    said = {str(world.add_message(2, f"Line {number}").id) for number in range(1500)}

    assert said <= (await everything(source, "messages", conversation_id="2")).keys()


async def test_messages_of_no_conversation_are_refused(source: Chatwoot) -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await source.ids("messages", {"conversation_id": "77"})

    assert caught.value.kind == "not_found"


@pytest.mark.parametrize("ask", ["pull", "ids", "fetch"])
async def test_a_stream_that_nobody_has_is_a_mistake_of_ours(source: Chatwoot, ask: str) -> None:
    with pytest.raises(ValueError, match="no stream teams"):
        await (source.fetch("teams", []) if ask == "fetch" else getattr(source, ask)("teams", {}))


@pytest.mark.parametrize(("external_id", "there"), [("1", True), ("77", False)])
async def test_whether_something_exists(
    source: Chatwoot,
    external_id: str,
    there: bool,  # noqa: FBT001
) -> None:
    assert await source.exists("conversations", external_id) is there
