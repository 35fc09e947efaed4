"""What Attio's deliveries say, and which of them are not believed."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from mayak.connectors.attio import verify
from mayak.connectors.webhooks import BadSignature, Change, Delivery
from mayak.errors import InvalidInput

SECRET = "hush"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
OBJECTS = {"o-companies": "companies", "o-people": "people", "o-deals": "deals"}


def signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def delivery(*events: Any, **headers: str) -> Delivery:
    body = orjson.dumps({"webhook_id": "w1", "events": events})
    return heard(body, {"Attio-Signature": signature(body), **headers})


def heard(body: bytes, headers: Mapping[str, str], secret: str = SECRET) -> Delivery:
    return verify(secret, body, headers, now=NOW, objects=OBJECTS)


def event(name: str, more: Mapping[str, Any] | None = None, **ids: str) -> dict[str, Any]:
    actor = {"type": "workspace-member", "id": "m1"}
    return {"event_type": name, "id": {"workspace_id": "x", **ids}, "actor": actor, **(more or {})}


ABOUT = {"parent_object_id": "o-companies", "parent_record_id": "c1"}


@pytest.mark.parametrize(
    ("told", "changes"),
    [
        pytest.param(
            event("record.created", object_id="o-companies", record_id="c1"),
            [Change(stream="companies", external_id="c1")],
            id="a record is made",
        ),
        pytest.param(
            event("record.updated", object_id="o-people", record_id="p1", attribute_id="a1"),
            [Change(stream="people", external_id="p1")],
            id="a record changes",
        ),
        pytest.param(
            event("record.deleted", object_id="o-deals", record_id="d1"),
            [Change(stream="deals", external_id="d1", deleted=True)],
            id="a record goes",
        ),
        pytest.param(
            event("record.merged", {"duplicate_object_id": "o-companies",
                                    "duplicate_record_id": "c1"},
                  object_id="o-companies", record_id="c3"),
            [Change(stream="companies", external_id="c3", replaces="c1")],
            id="a record replaces another",
        ),
        pytest.param(
            event("note.updated", ABOUT, note_id="n1"),
            [Change(stream="notes", external_id="n1")], id="a title",
        ),
        pytest.param(
            event("note-content.updated", ABOUT, note_id="n1"),
            [Change(stream="notes", external_id="n1")], id="a body",
        ),
        pytest.param(
            event("note.deleted", ABOUT, note_id="n1"),
            [Change(stream="notes", external_id="n1", deleted=True)], id="a note goes",
        ),
        pytest.param(
            event("task.created", task_id="t1"),
            [Change(stream="tasks", external_id="t1")], id="a task is made",
        ),
        pytest.param(
            event("task.deleted", task_id="t1"),
            [Change(stream="tasks", external_id="t1", deleted=True)], id="a task goes",
        ),
        pytest.param(
            event("list-entry.created", ABOUT, list_id="l1", entry_id="e1"),
            [Change(stream="lists", external_id="l1"),
             Change(stream="companies", external_id="c1")],
            id="a list has a new member",
        ),
        pytest.param(
            event("list-entry.deleted", ABOUT, list_id="l1", entry_id="e1"),
            [Change(stream="lists", external_id="l1"),
             Change(stream="companies", external_id="c1")],
            id="a list has lost a member, which is itself still there",
        ),
        pytest.param(
            event("object-attribute.updated", object_id="o-deals", attribute_id="a1"),
            [Change(stream="attributes", external_id="a1")], id="an attribute is renamed",
        ),
        pytest.param(
            event("workspace-member.created", workspace_member_id="m1"),
            [Change(stream="members", external_id="m1")], id="a colleague joins",
        ),
    ],
)  # fmt: skip
def test_an_event_says_what_to_read_again(told: dict[str, Any], changes: list[Change]) -> None:
    assert delivery(told).changes == tuple(changes)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(event("call-recording.created", call_recording_id="r"), id="an unknown kind"),
        pytest.param(event("comment.created", comment_id="k"), id="a kind that is not mirrored"),
        pytest.param(event("list-entry.updated", ABOUT, list_id="l1", entry_id="e"), id="a list"),
        pytest.param(event("record.created", object_id="o-x", record_id="r"), id="another object"),
        pytest.param(event("record.created", object_id="o-deals"), id="no id"),
        pytest.param({"event_type": "note.created"}, id="no ids"),
        pytest.param("text", id="no event"),
    ],
)
def test_what_is_not_ours_is_no_change(told: Any) -> None:
    assert delivery(told, event("task.created", task_id="t1")).changes == (
        Change(stream="tasks", external_id="t1"),
    )


def test_a_merge_is_told_once_for_each_of_the_two() -> None:
    pair = [
        event("record.merged", {"duplicate_record_id": old}, object_id="o-people", record_id="p3")
        for old in ("p1", "p2")
    ]

    found = delivery(*pair).changes

    assert [(one.external_id, one.replaces) for one in found] == [("p3", "p1"), ("p3", "p2")]


def test_many_attributes_of_one_record_are_one_change() -> None:
    many = [
        event("record.updated", object_id="o-people", record_id="p1", attribute_id=f"a{n}")
        for n in range(3)
    ]

    assert len(delivery(*many).changes) == 1


def test_retries_share_their_id() -> None:
    assert delivery(event("x"), **{"Idempotency-Key": "k1"}).id == "k1"


def test_without_a_key_equal_bodies_share_their_id() -> None:
    one, same, other = delivery(event("x")), delivery(event("x")), delivery(event("y"))

    assert one.id == same.id != other.id


def test_nothing_is_stale_because_nothing_says_when_it_was_sent() -> None:
    assert not delivery(event("x")).stale


@pytest.mark.parametrize("name", ["attio-signature", "Attio-Signature", "X-Attio-Signature"])
def test_the_signature_is_taken_under_either_name(name: str) -> None:
    body = b'{"events": []}'

    assert heard(body, {name: signature(body)}).changes == ()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"attio-signature": ""}, id="an empty one"),
        pytest.param({"attio-signature": "0" * 64}, id="a wrong one"),
        pytest.param({"attio-signature": "подпись"}, id="no ASCII"),
        pytest.param(
            {"attio-signature": signature(b'{"events": []}', "other")}, id="another secret's"
        ),
        pytest.param({"attio-signature": signature(b'{"events":[]}')}, id="another body's"),
        pytest.param(
            {"attio-signature": signature(b'{"events": []}'), "x-attio-signature": "0" * 64},
            id="two that differ",
        ),
    ],
)
def test_a_delivery_that_is_not_signed_by_attio_is_not_believed(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        heard(b'{"events": []}', headers)


def test_an_empty_secret_proves_nothing() -> None:
    body = b'{"events": []}'

    with pytest.raises(BadSignature):
        heard(body, {"attio-signature": signature(body, "")}, secret="")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"events": {}}'])
def test_what_was_signed_and_is_no_delivery_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        heard(body, {"attio-signature": signature(body)})
