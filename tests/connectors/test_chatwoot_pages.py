"""One page of each stream: what is asked, what comes of the rows, where the next one starts."""

from typing import Any

import httpx
import pytest

from mayak.connectors.base import Ids, Page
from mayak.connectors.chatwoot import Chatwoot
from mayak.errors import UpstreamRejected

pytestmark = pytest.mark.anyio

CONVERSATION = {
    "id": 7, "inbox_id": 1, "status": "snoozed", "uuid": "u-7", "labels": ["vip"],
    "created_at": 1772366400, "updated_at": 1772366400.25, "last_activity_at": 1772366400,
    "waiting_since": 0, "first_reply_created_at": 0, "unread_count": 3,
    "additional_attributes": {"mail_subject": "Invoice"}, "messages": [{"id": 1}],
    "meta": {
        "sender": {"id": 5, "name": "Helen", "thumbnail": "a.png"},
        "assignee": {"id": 2, "name": "Ada"},
    },
}  # fmt: skip
MESSAGE = {
    "id": 11, "conversation_id": 7, "inbox_id": 1, "message_type": 0, "created_at": 1772366400,
    "content": "Hello", "content_type": "text", "private": False, "content_attributes": {},
    "sender": {"id": 5, "name": "Helen", "type": "contact", "thumbnail": "a.png"},
}  # fmt: skip


class Server:
    """Answers every request with one body and remembers what was asked."""

    def __init__(self, body: Any) -> None:
        self.body = body
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append({"path": request.url.path, **request.url.params})
        return httpx.Response(200, json=self.body)

    @property
    def source(self) -> Chatwoot:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self))
        return Chatwoot(http, base_url="https://chat.test/", token="t", account_id=3)

    async def pull(self, stream: str, **checkpoint: Any) -> Page:
        return await self.source.pull(stream, checkpoint)


def conversations(*rows: Any, all_count: int = 0) -> Server:
    return Server({"data": {"meta": {"all_count": all_count}, "payload": list(rows)}})


def messages(*rows: Any) -> Server:
    return Server({"meta": {}, "payload": list(rows)})


async def test_a_listing_asks_for_every_status_oldest_first() -> None:
    server = conversations(CONVERSATION, all_count=40)

    page = await server.pull("conversations", page=2, inbox_id="1")

    assert server.asked == [
        {
            "path": "/api/v1/accounts/3/conversations", "status": "all", "assignee_type": "all",
            "sort_by": "created_at_asc", "page": "2", "inbox_id": "1",
        }
    ]  # fmt: skip
    assert (page.complete, page.checkpoint) == (False, {"page": 3, "inbox_id": "1"})
    assert page.total == 40


async def test_only_an_empty_page_ends_a_listing() -> None:
    assert (await conversations().pull("conversations", page=3)).complete


async def test_a_poll_asks_for_every_status_and_is_complete_at_once() -> None:
    server = conversations(CONVERSATION)

    page = await server.pull("conversations", updated_within=180)

    assert server.asked[0]["status"] == "all"
    assert server.asked[0]["updated_within"] == "180"
    assert page.complete


async def test_a_conversation_in_our_words() -> None:
    page = await conversations(CONVERSATION).pull("conversations")

    person, record = page.records
    assert (person.kind, person.external_id) == ("contact", "5")
    assert record.fields["status"] == "snoozed"
    assert record.fields["subject"] == "Invoice"
    assert record.fields["contact_id"] == "5"
    assert record.fields["assignee_name"] == "Ada"
    assert record.fields["waiting_since"] is None
    assert record.payload == CONVERSATION


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({"unread_count": 9, "timestamp": 1}, True, id="counters move by themselves"),
        pytest.param({"messages": [{"id": 2}]}, True, id="messages have their own rows"),
        pytest.param(
            {"meta": {**CONVERSATION["meta"], "sender": {"id": 5, "name": "Helen"}}},  # type: ignore[dict-item]
            True,
            id="pictures are signed anew",
        ),
        pytest.param({"status": "open"}, False, id="a status is meant"),
        pytest.param({"labels": []}, False, id="labels are meant"),
        pytest.param({"new_field": 1}, False, id="so is what we do not know"),
    ],
)
async def test_the_hash_follows_the_meaning(change: dict[str, Any], same: bool) -> None:  # noqa: FBT001
    before = (await conversations(CONVERSATION).pull("conversations")).records[-1]
    after = (await conversations({**CONVERSATION, **change}).pull("conversations")).records[-1]

    assert (before.content_hash == after.content_hash) is same


async def test_a_record_that_does_not_fit_is_rejected_alone() -> None:
    broken = {**CONVERSATION, "id": 8, "status": None}

    page = await conversations(broken, CONVERSATION).pull("conversations")

    assert [record.external_id for record in page.records if record.kind == "conversation"] == ["7"]
    assert [(one.external_id, one.payload) for one in page.rejected] == [("8", broken)]
    assert "status" in page.rejected[0].reason


@pytest.mark.parametrize("row", ["text", None, 5, {}, {"id": "x"}, {**MESSAGE, "created_at": 1e40}])
async def test_no_row_however_strange_stops_its_page(row: Any) -> None:
    page = await messages(row, MESSAGE).pull("messages", conversation_id="7")

    assert [record.external_id for record in page.records] == ["11"]
    assert len(page.rejected) == 1


async def test_a_message_of_another_conversation_is_not_taken() -> None:
    page = await messages({**MESSAGE, "conversation_id": 8}).pull("messages", conversation_id="7")

    assert (page.records, len(page.rejected)) == ([], 1)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "contact"),
        ({"sender": {"id": 2, "type": "user"}, "message_type": 1}, "agent"),
        ({"sender": {"id": 3, "type": "agent_bot"}, "message_type": 1}, "bot"),
        ({"sender": None, "message_type": 2}, None),
        ({"sender": None, "message_type": 0}, "contact"),
    ],
)
async def test_who_speaks(change: dict[str, Any], kind: str | None) -> None:
    page = await messages({**MESSAGE, **change}).pull("messages", conversation_id="7")

    assert page.records[0].fields["sender_kind"] == kind


async def test_a_deleted_message_says_nothing() -> None:
    row = {**MESSAGE, "content": "This was deleted", "content_attributes": {"deleted": True}}

    record = (await messages(row).pull("messages", conversation_id="7")).records[0]

    assert (record.deleted, record.fields["content"]) == (True, None)
    assert record.payload == row


async def test_nul_characters_are_dropped() -> None:
    page = await messages({**MESSAGE, "content": "a\x00b"}).pull("messages", conversation_id="7")

    assert page.records[0].fields["content"] == "ab"
    assert page.records[0].payload["content"] == "ab"


async def test_a_short_reply_proves_its_window() -> None:
    server = messages(MESSAGE)

    page = await server.pull("messages", conversation_id="7", windows=[[10, 20], [20, 30]])

    assert (server.asked[0]["after"], server.asked[0]["before"]) == ("10", "20")
    assert (page.window, page.complete) == ((10, 20), False)
    assert page.checkpoint["windows"] == [(20, 30)]


def many(count: int, *, reverse: bool = False) -> list[dict[str, Any]]:
    rows = [{**MESSAGE, "id": 1 + number} for number in range(count)]
    return rows[::-1] if reverse else rows


@pytest.mark.parametrize("count", [100, 1000])
async def test_a_full_reply_proves_nothing_and_is_cut_at_its_end(count: int) -> None:
    page = await messages(*many(count)).pull("messages", conversation_id="7", windows=[[0, 9999]])

    assert (page.records, page.window, page.complete) == ([], None, False)
    assert page.checkpoint["windows"] == [(0, count), (count, 9999)]


async def test_a_full_reply_in_another_order_than_ids_is_halved() -> None:
    page = await messages(*many(1000, reverse=True)).pull(
        "messages", conversation_id="7", windows=[[0, 9999]]
    )

    assert page.checkpoint["windows"] == [(0, 501), (501, 9999)]


@pytest.mark.parametrize("count", [1, 100])
async def test_a_server_that_ignores_the_window_is_refused(count: int) -> None:
    with pytest.raises(UpstreamRejected, match="id window"):
        await messages(*many(count)).pull("messages", conversation_id="7", windows=[[5000, 6000]])


async def test_credentials_of_an_inbox_are_not_kept() -> None:
    row = {
        "id": 1, "name": "Mail", "channel_type": "Channel::Email", "smtp_password": "p",
        "hmac_token": "t", "provider_config": {"api_key": "k"}, "imap_login": "hello@studio",
    }  # fmt: skip

    record = (await Server({"payload": [row]}).pull("inboxes")).records[0]

    assert record.payload.keys() == {"id", "name", "channel_type", "imap_login"}


async def test_contacts_are_read_oldest_first_until_a_page_is_short() -> None:
    people = [{"id": number, "name": "P"} for number in range(15)]
    full = Server({"meta": {"count": 16, "current_page": "1"}, "payload": people})
    short = Server({"meta": {"count": 16, "current_page": "2"}, "payload": people[:1]})

    first, second = await full.pull("contacts", page=1), await short.pull("contacts", page=2)

    assert full.asked[0]["sort"] == "created_at"
    assert (first.complete, first.checkpoint, first.total) == (False, {"page": 2}, 16)
    assert second.complete


async def test_an_odd_inbox_can_be_bound_too() -> None:
    odd = Server({"payload": [{"id": 5, "name": {}}, {"id": 6}, {"name": "lost"}]}).source

    assert [(part.external_id, part.name) for part in await odd.parts()] == [
        ("6", "Inbox 6"),
        ("5", "Inbox 5"),
    ]


async def test_a_listing_may_come_without_its_outer_envelope() -> None:
    server = Server({"meta": {"all_count": 1}, "payload": [CONVERSATION]})

    page = await server.source.ids("conversations", {})

    assert (list(page.versions), page.total) == (["7"], 1)


async def test_a_record_that_does_not_fit_is_listed_all_the_same() -> None:
    server = conversations({"id": 1, "status": None}, "broken", all_count=2)

    page = await server.source.ids("conversations", {})

    assert page == Ids(
        versions={"1": "1970-01-01T00:00:00.000000+00:00"},
        checkpoint={"page": 2},
        complete=False,
        total=2,
    )


async def test_a_contact_that_does_not_fit_is_of_no_known_version() -> None:
    server = Server({"meta": {}, "payload": [{"id": 4, "email": []}]})

    page = await server.source.ids("contacts", {})

    assert page.versions == {"4": "0" * 64}
