"""Which deliveries are Linear's, and what each one asks us to read again."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from mayak.connectors.linear import verify
from mayak.connectors.webhooks import BadSignature, Change, Delivery
from mayak.errors import InvalidInput

SECRET = "whs3cr3t"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def signed(body: bytes, **others: str) -> dict[str, str]:
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"Linear-Signature": signature, "Linear-Delivery": "d1", **others}


def event(**fields: Any) -> bytes:
    body = {
        "action": "update", "type": "Issue", "data": {"id": "i1"}, "organizationId": "o1",
        "webhookTimestamp": int(NOW.timestamp() * 1000),
    }  # fmt: skip
    return orjson.dumps({**body, **fields})


def delivered(**fields: Any) -> Delivery:
    body = event(**fields)
    return verify(SECRET, body, signed(body), now=NOW)


def test_a_signed_event_names_what_changed() -> None:
    assert delivered() == Delivery(
        id="d1", changes=(Change(stream="issues", external_id="i1"),), stale=False
    )


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"linear-signature": ""}, id="an empty one"),
        pytest.param({"linear-signature": "00" * 32}, id="a wrong one"),
        pytest.param({"linear-signature": "подпись"}, id="no hex at all"),
        pytest.param(signed(event(action="remove")), id="of another body"),
    ],
)
def test_without_its_signature_a_body_says_nothing(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature) as caught:
        verify(SECRET, event(), headers, now=NOW)

    assert (caught.value.status, caught.value.code) == (401, "bad_signature")


def test_no_secret_is_no_open_door() -> None:
    body = event()
    signature = hmac.new(b"", body, hashlib.sha256).hexdigest()

    with pytest.raises(BadSignature):
        verify("", body, {"linear-signature": signature}, now=NOW)


def test_one_byte_more_is_another_body() -> None:
    body = event()

    with pytest.raises(BadSignature):
        verify(SECRET, body + b" ", signed(body), now=NOW)


@pytest.mark.parametrize(
    ("type_", "stream"),
    [
        ("Issue", "issues"), ("Comment", "comments"), ("Project", "projects"),
        ("Cycle", "cycles"), ("Customer", "customers"), ("User", "users"),
        ("IssueLabel", "labels"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("action", "deleted"), [("create", False), ("remove", True)])
def test_types_are_streams_and_removals_say_so(
    type_: str, stream: str, action: str, *, deleted: bool
) -> None:
    found = delivered(type=type_, action=action, data={"id": "x"}).changes

    assert found == (Change(stream=stream, external_id="x", deleted=deleted),)


@pytest.mark.parametrize("action", ["create", "remove"])
def test_a_relation_changes_both_of_its_issues(action: str) -> None:
    data = {"id": "r1", "issueId": "i1", "relatedIssueId": "i2", "type": "blocks"}

    changes = delivered(type="IssueRelation", action=action, data=data).changes

    assert changes == (
        Change(stream="issues", external_id="i1"),
        Change(stream="issues", external_id="i2"),
    )


def test_an_attachment_changes_its_issue() -> None:
    changes = delivered(type="Attachment", action="remove", data={"id": "a", "issueId": "i1"})

    assert changes.changes == (Change(stream="issues", external_id="i1"),)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "Reaction"}, {"type": None}, {"data": None}, {"data": {}}, {"data": {"id": 5}},
        {"type": "IssueRelation", "data": {"id": "r1"}}, {"type": "OAuthApp", "action": "revoked"},
    ],
)  # fmt: skip
def test_what_we_do_not_mirror_changes_nothing(fields: dict[str, Any]) -> None:
    assert delivered(**fields).changes == ()


@pytest.mark.parametrize(
    ("age", "stale"),
    [(0, False), (59, False), (-59, False), (61, True), (-61, True), (25200, True)],
)
def test_an_old_event_is_a_hint_and_not_a_forgery(age: int, *, stale: bool) -> None:
    stamp = int((NOW - timedelta(seconds=age)).timestamp() * 1000)

    found = delivered(webhookTimestamp=stamp)

    assert found.stale is stale
    assert found.changes


@pytest.mark.parametrize("stamp", [None, "soon", "NaN", [], 0, -1, 1e300])
def test_an_event_without_a_time_is_stale(stamp: Any) -> None:
    assert delivered(webhookTimestamp=stamp).stale


def test_the_signed_time_counts_and_not_the_header_beside_it() -> None:
    old = event(webhookTimestamp=1)
    fresh = {"linear-timestamp": str(int(NOW.timestamp() * 1000))}

    assert verify(SECRET, old, signed(old, **fresh), now=NOW).stale


def test_the_same_body_without_an_id_is_the_same_delivery() -> None:
    body = event()
    headers = {"LINEAR-SIGNATURE": signed(body)["Linear-Signature"]}

    first, second = (verify(SECRET, body, headers, now=NOW) for _ in range(2))

    assert first.id == second.id
    assert first.id != delivered(action="create").id


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5"])
def test_what_is_signed_and_still_no_event_is_wrong_input(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        verify(SECRET, body, signed(body), now=NOW)
