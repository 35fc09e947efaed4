"""What becomes of Attio's rows: our fields, their hashes, and what is rejected."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from mayak.connectors.base import Page, Record
from tests.connectors.attio_workspace import (
    ACTOR,
    COMPANIES,
    Json,
    Workspace,
    attribute,
    company,
    record,
    uid,
    value,
)

pytestmark = pytest.mark.anyio

ACME = company(
    "Acme",
    domains=[value("domain", domain="acme.example", root_domain="acme.example"),
             value("domain", domain="acme.test", root_domain="acme.test")],
    lifecycle=[value("select", option={"id": {"option_id": "o1"}, "title": "Active",
                                       "is_archived": False})],
    team=[value("record-reference", target_object="people", target_record_id="p1")],
    account_owner=[value("actor-reference", referenced_actor_type="workspace-member",
                         referenced_actor_id="m1")],
)  # fmt: skip
DEAL = record(
    "Website",
    name=[value("text", value="Website")],
    stage=[value("status", status={"id": {"status_id": "s1"}, "title": "Won 🎉"})],
    value=[value("currency", currency_value=12500.5, currency_code="GBP")],
    associated_company=[value("record-reference", target_record_id="c1")],
    associated_people=[value("record-reference", target_record_id="p1"),
                       value("record-reference", target_record_id="p2")],
    owner=[value("actor-reference", referenced_actor_id="m1")],
    closing=[value("date", value="2024-05-31")],
    todo=[value("text", value="Call Helen")],
)  # fmt: skip
HELEN = record(
    "Helen",
    name=[value("personal-name", first_name="Helen", last_name="Wu", full_name="Helen Wu")],
    email_addresses=[value("email-address", email_address="Helen@Acme.example"),
                     value("email-address", email_address="hw@acme.test")],
    phone_numbers=[value("phone-number", phone_number="+4420", original_phone_number="020")],
    job_title=[value("text", value="CEO")],
    company=[value("record-reference", target_record_id="c1")],
)  # fmt: skip
NOTE = {
    "id": {"note_id": "n1"}, "parent_object": "companies", "parent_record_id": "c1",
    "title": "Call", "content_plaintext": "They like it", "content_markdown": "They *like* it",
    "created_by_actor": ACTOR, "created_at": "2024-01-01T10:00:00.123456789Z",
}  # fmt: skip
TASK = {
    "id": {"task_id": "t1"}, "content_plaintext": "Send offer", "deadline_at": "2024-02-01",
    "is_completed": True, "created_by_actor": {"type": None, "id": None},
    "linked_records": [{"target_object_id": "companies", "target_record_id": "c1"},
                       {"target_object_id": "deals", "target_record_id": "d1"}],
    "assignees": [{"referenced_actor_type": "workspace-member", "referenced_actor_id": "m1"}],
    "created_at": "2024-01-01T10:00:00.000000000Z",
}  # fmt: skip
MEMBER = {
    "id": {"workspace_member_id": "m1"}, "first_name": "Ada", "last_name": "King",
    "email_address": "ada@studio.example", "access_level": "admin", "avatar_url": "a.png",
}  # fmt: skip
PATHS = {
    "companies": "POST /v2/objects/companies/records/query",
    "deals": "POST /v2/objects/deals/records/query",
    "people": "POST /v2/objects/people/records/query",
    "notes": "GET /v2/notes",
    "tasks": "GET /v2/tasks",
    "members": "GET /v2/workspace_members",
}


async def page(stream: str, *rows: Any, **answers: Any) -> Page:
    source = Workspace({PATHS[stream]: {"data": list(rows)}, **answers})
    return await source.attio.pull(stream, {})


async def one(stream: str, row: Json) -> Record:
    found = await page(stream, row)
    assert not found.rejected
    return found.records[0]


async def test_a_company_in_our_words() -> None:
    found = await one("companies", ACME)

    assert (found.kind, found.external_id, found.payload) == ("company", uid("Acme"), ACME)
    assert found.fields == {
        "name": "Acme",
        "domains": ["acme.example", "acme.test"],
        "stage": "Active",
        "owner_id": "m1",
        "person_ids": ["p1"],
        "web_url": "https://app.attio.com/w/Acme",
        "source_created_at": datetime(2024, 1, 1, 10, tzinfo=UTC),
    }


async def test_a_deal_in_our_words() -> None:
    found = await one("deals", DEAL)

    assert found.kind == "deal"
    assert found.fields == {
        "name": "Website",
        "stage": "Won 🎉",
        "amount": "12500.5",
        "currency": "GBP",
        "company_id": "c1",
        "person_ids": ["p1", "p2"],
        "owner_id": "m1",
        "close_date": date(2024, 5, 31),
        "next_step": "Call Helen",
        "web_url": "https://app.attio.com/w/Website",
        "source_created_at": datetime(2024, 1, 1, 10, tzinfo=UTC),
    }


async def test_a_person_in_our_words() -> None:
    found = await one("people", HELEN)

    assert found.kind == "person"
    assert found.fields == {
        "name": "Helen Wu",
        "emails": ["helen@acme.example", "hw@acme.test"],
        "phones": ["+4420"],
        "job_title": "CEO",
        "company_id": "c1",
        "web_url": "https://app.attio.com/w/Helen",
        "source_created_at": datetime(2024, 1, 1, 10, tzinfo=UTC),
    }


async def test_a_note_in_our_words() -> None:
    found = await one("notes", NOTE)

    assert (found.kind, found.external_id) == ("note", "n1")
    assert found.fields == {
        "parent_object": "companies",
        "parent_id": "c1",
        "title": "Call",
        "content": "They like it",
        "author_kind": "workspace-member",
        "author_id": ACTOR["id"],
        "meeting_id": None,
        "source_created_at": datetime(2024, 1, 1, 10, 0, 0, 123456, tzinfo=UTC),
    }


async def test_a_task_in_our_words() -> None:
    found = await one("tasks", TASK)

    assert (found.kind, found.external_id) == ("task", "t1")
    assert found.fields == {
        "content": "Send offer",
        "deadline_at": datetime(2024, 2, 1, tzinfo=UTC),
        "completed": True,
        "completed_at": None,
        "linked_ids": ["c1", "d1"],
        "assignee_ids": ["m1"],
        "author_id": None,
        "source_created_at": datetime(2024, 1, 1, 10, tzinfo=UTC),
    }


async def test_a_member_in_our_words() -> None:
    found = await one("members", MEMBER)

    assert (found.kind, found.external_id) == ("member", "m1")
    assert found.fields == {
        "name": "Ada King",
        "email": "ada@studio.example",
        "access_level": "admin",
    }


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        (99, "99"), (99.0, "99"), (0, "0"), (0.1, "0.1"), ("1200.50", "1200.50"),
        (1e16, "10000000000000000"), (-5.25, "-5.25"), ("", None), ("much", None), (None, None),
        (True, None),
    ],
)  # fmt: skip
async def test_an_amount_is_plain_decimal_text(raw: object, amount: str | None) -> None:
    deal = record("d", value=[value("currency", currency_value=raw, currency_code="EUR")])

    assert (await one("deals", deal)).fields["amount"] == amount


async def test_an_amount_without_a_currency_has_that_of_its_attribute() -> None:
    deal = record("d", value=[value("currency", currency_value=5, currency_code=None)])

    assert (await one("deals", deal)).fields["currency"] == "EUR"


async def test_a_close_date_may_be_a_time() -> None:
    deal = record("d", closing=[value("timestamp", value="2024-05-31T23:30:00.000000000Z")])

    assert (await one("deals", deal)).fields["close_date"] == date(2024, 5, 31)


async def test_what_a_record_had_before_is_not_what_it_has() -> None:
    old = value("text", value="Old", active_until="2023-02-01T00:00:00.000000000Z")
    now = value("text", value="New")

    assert (await one("companies", company("x", name=[old, now]))).fields["name"] == "New"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(None, id="null values"),
        pytest.param({}, id="no values"),
        pytest.param({"name": None, "domains": None}, id="null lists"),
        pytest.param({"name": [None]}, id="null elements"),
        pytest.param({"name": [{"attribute_type": "text"}]}, id="elements without a value"),
        pytest.param({"lifecycle": [{"attribute_type": "select", "option": None}]}, id="no option"),
        pytest.param({"novel": [{"attribute_type": "hologram", "depth": [1]}]}, id="new types"),
    ],
)
async def test_what_breaks_the_specification_is_left_empty(values: Json | None) -> None:
    found = await one("companies", {"id": {"record_id": "r"}, "values": values})

    assert (found.external_id, found.fields["name"], found.fields["stage"]) == ("r", None, None)


async def test_values_outside_of_a_list_are_read_all_the_same() -> None:
    bare = company("x", name="Acme", domains=value("domain", domain="acme.example"))

    found = await one("companies", bare)

    assert (found.fields["name"], found.fields["domains"]) == ("Acme", ["acme.example"])


@pytest.mark.parametrize(
    "row", ["text", None, 5, {}, {"id": "x"}, {"id": {"record_id": ""}}, {"id": {"record_id": 5}}]
)
async def test_a_row_without_an_id_is_rejected_alone(row: Any) -> None:
    found = await page("companies", row, ACME)

    assert [one.external_id for one in found.records] == [uid("Acme")]
    assert [(one.kind, one.external_id) for one in found.rejected] == [("company", None)]


async def test_a_rejected_row_names_its_id_and_what_is_wrong() -> None:
    found = await page("notes", {**NOTE, "created_by_actor": "Ada"})

    assert [(one.external_id, one.payload["title"]) for one in found.rejected] == [("n1", "Call")]
    assert "created_by_actor" in found.rejected[0].reason


async def test_a_row_that_comes_twice_is_one_record() -> None:
    assert len((await page("companies", ACME, ACME)).records) == 1


def changed(**values: Any) -> Json:
    return {**ACME, "values": {**ACME["values"], **values}}


def later(element: Json) -> Json:
    """The same value, written once more by somebody else."""
    by = {"type": "system", "id": None}
    return {**element, "active_from": "2025-01-01T00:00:00.000000000Z", "created_by_actor": by}


@pytest.mark.parametrize(
    ("row", "same"),
    [
        pytest.param({**ACME, "web_url": "https://elsewhere"}, True, id="addresses move"),
        pytest.param(
            changed(name=[later(ACME["values"]["name"][0])]), True, id="the same, set once more"
        ),
        pytest.param(
            changed(domains=ACME["values"]["domains"][::-1]), True, id="order has no meaning"
        ),
        pytest.param(changed(novel=[]), True, id="a new attribute is empty"),
        pytest.param(
            changed(lifecycle=[value("select", option={"id": {"option_id": "o1"},
                                                       "title": "Active", "is_archived": True})]),
            True, id="an option may be archived",
        ),
        pytest.param(changed(name=[value("text", value="Acme Ltd")]), False, id="a name is meant"),
        pytest.param(changed(domains=[]), False, id="so is what is gone"),
        pytest.param(changed(novel=[value("number", value=5)]), False, id="and what is unknown"),
    ],
)  # fmt: skip
async def test_the_hash_follows_the_meaning(row: Json, same: bool) -> None:  # noqa: FBT001
    before, after = await one("companies", ACME), await one("companies", row)

    assert (before.content_hash == after.content_hash) is same


async def test_whole_numbers_hash_alike_however_they_are_written() -> None:
    hashes = {
        (
            await one("deals", record("d", value=[value("currency", currency_value=raw)]))
        ).content_hash
        for raw in (99, 99.0)
    }

    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("stream", "row", "change", "same"),
    [
        ("notes", NOTE, {"title": "Meeting"}, False),
        ("notes", NOTE, {"content_plaintext": "They do not"}, False),
        ("tasks", TASK, {"is_completed": False}, False),
        ("tasks", TASK, {"linked_records": TASK["linked_records"][::-1]}, True),  # type: ignore[index]
        ("members", MEMBER, {"avatar_url": "b.png"}, True),
        ("members", MEMBER, {"access_level": "suspended"}, False),
    ],
)
async def test_the_hash_of_everything_else_follows_too(
    stream: str,
    row: Json,
    change: Json,
    same: bool,  # noqa: FBT001
) -> None:
    before, after = await one(stream, row), await one(stream, {**row, **change})

    assert (before.content_hash == after.content_hash) is same


def renamed(source: Workspace, slug: str) -> None:
    """Call the stage of companies otherwise, everywhere at once."""
    rows = [
        attribute(slug, "select", slug.title(), of="lifecycle")
        if row["api_slug"] == "lifecycle" else row
        for row in COMPANIES
    ]  # fmt: skip
    values = {**ACME["values"], slug: ACME["values"]["lifecycle"]}
    if slug != "lifecycle":
        del values["lifecycle"]
    source.answers["GET /v2/objects/companies/attributes"] = {"data": rows}
    source.answers[PATHS["companies"]] = {"data": [{**ACME, "values": values}]}


async def test_a_renamed_attribute_changes_nothing() -> None:
    source = Workspace({PATHS["companies"]: {"data": [ACME]}})
    before = (await source.attio.pull("companies", {})).records[0]

    for slug in ("phase", "lifecycle", "phase"):
        renamed(source, slug)
        after = (await source.attio.pull("companies", {})).records[0]
        assert after.fields == before.fields
        assert after.content_hash == before.content_hash


async def test_what_stays_strange_is_asked_about_once() -> None:
    source = Workspace({PATHS["companies"]: {"data": [changed(novel=[])]}})

    for _ in range(3):
        await source.attio.pull("companies", {})

    assert source.asked("/v2/objects/companies/attributes") == 2


async def test_a_field_that_is_read_from_elsewhere_is_a_change() -> None:
    rows = {PATHS["companies"]: {"data": [changed(tier=[value("select", option={"title": "A"})])]},
            "GET /v2/objects/companies/attributes":
                {"data": [*COMPANIES, attribute("tier", "select")]}}  # fmt: skip
    chosen = {"companies": {"stage": uid("tier")}}

    before = (await Workspace(rows).attio.pull("companies", {})).records[0]
    after = (await Workspace(rows, overrides=chosen).attio.pull("companies", {})).records[0]

    assert (before.fields["stage"], after.fields["stage"]) == ("Active", "A")
    assert before.content_hash != after.content_hash
