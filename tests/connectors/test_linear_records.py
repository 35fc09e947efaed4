"""What Linear's rows become, and which differences count."""

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from mayak.connectors.base import Record, Rejected
from mayak.connectors.linear import wire
from mayak.connectors.linear.client import MAKERS
from tests.connectors.linear_server import COMMENT, ISSUE, PROJECT

TIMES = {"createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-02T03:04:05.678+03:00"}
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
UPDATED = datetime(2026, 1, 2, 0, 4, 5, 678_000, tzinfo=UTC)
ROWS: dict[str, dict[str, Any]] = {
    "teams": {"id": "t1", "key": "NOR", "name": "Northwind", "timezone": "Europe/Riga", **TIMES},
    "users": {
        "id": "u1", "name": "Ada L", "displayName": "ada", "email": "ada@studio.test",
        "active": False, "admin": True, "guest": False, **TIMES,
    },
    "states": {
        "id": "s1", "name": "Готово", "type": "completed", "color": "#fff", "position": 3.5,
        "team": {"id": "t1"}, "updatedAt": TIMES["updatedAt"],
    },
    "labels": {
        "id": "l1", "name": "Bug", "color": "#f00", "team": None, "parent": {"id": "l0"},
        "updatedAt": TIMES["updatedAt"], "retiredAt": TIMES["createdAt"],
    },
    "projects": PROJECT,
    "cycles": {
        "id": "y1", "number": 4.0, "name": None, "startsAt": TIMES["createdAt"],
        "endsAt": TIMES["updatedAt"], "completedAt": None, "progress": 0.5,
        "team": {"id": "t1"}, **TIMES,
    },
    "customers": {
        "id": "k1", "name": "Northwind", "slugId": "northwind", "url": "https://linear.app/k1",
        "domains": ["northwind.test"], "externalIds": ["a-1"], "revenue": 5_000_000_000,
        "size": 12.0, "status": {"id": "ks"}, "tier": None, "owner": {"id": "u1"}, **TIMES,
    },
    "issues": ISSUE,
    "comments": COMMENT,
}  # fmt: skip
COLUMNS = {
    "teams": "key name time_zone retired_at archived_at source_created_at source_updated_at",
    "users": "name display_name email active admin guest source_created_at source_updated_at",
    "states": "name type color position team_id archived_at source_updated_at",
    "labels": "name color team_id parent_id retired_at archived_at source_updated_at",
    "projects": (
        "name slug url description status_name status_type priority health progress lead_id"
        " team_ids start_date target_date completed_at canceled_at archived_at source_created_at"
        " source_updated_at"
    ),
    "cycles": (
        "number name team_id starts_at ends_at completed_at progress archived_at"
        " source_created_at source_updated_at"
    ),
    "customers": (
        "name slug url domains external_ids revenue size status_id tier_id owner_id archived_at"
        " source_created_at source_updated_at"
    ),
    "issues": (
        "identifier previous_identifiers number title description priority priority_label estimate"
        " url branch_name due_date team_id state_id assignee_id creator_id linear_project_id"
        " cycle_id parent_id milestone_id label_ids blocked_by customer_ticket_count archived_at"
        " started_at completed_at canceled_at source_created_at source_updated_at"
    ),
    "comments": (
        "body url issue_id linear_project_id project_update_id parent_id author_id author_kind"
        " author_name edited_at resolved_at archived_at source_created_at source_updated_at"
    ),
}
"""The typed columns of the mirror."""


def record(stream: str, **others: Any) -> Record:
    return MAKERS[stream][1]({**ROWS[stream], **others})


def rejection(stream: str, raw: Any) -> Rejected:
    kind, make = MAKERS[stream]
    records, rejected = wire.parse(make, kind, [raw, ROWS[stream]])
    assert len(records) == len(rejected) == 1
    return rejected[0]


@pytest.mark.parametrize("stream", ROWS)
def test_a_record_has_exactly_the_columns_of_its_table(stream: str) -> None:
    made = record(stream)

    assert sorted(made.fields) == sorted(COLUMNS[stream].split())
    assert made.external_id == ROWS[stream]["id"]
    assert made.kind == stream.removesuffix("s")
    assert orjson.loads(orjson.dumps(made.fields))


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("teams", {"time_zone": "Europe/Riga", "source_created_at": CREATED}),
        ("users", {"display_name": "ada", "active": False, "admin": True}),
        ("states", {"name": "Готово", "type": "completed", "position": 3.5, "team_id": "t1"}),
        ("labels", {"team_id": None, "parent_id": "l0", "retired_at": CREATED}),
        ("cycles", {"number": 4, "starts_at": CREATED, "ends_at": UPDATED, "team_id": "t1"}),
        (
            "projects",
            {
                "status_name": "In Progress", "status_type": "started", "slug": "checkout-1",
                "team_ids": ["t1", "t2"], "start_date": date(2026, 2, 1), "target_date": None,
            },
        ),
        (
            "customers",
            {"domains": ["northwind.test"], "revenue": 5_000_000_000, "tier_id": None},
        ),
        (
            "issues",
            {
                "number": 7, "priority": 1, "estimate": 2.5, "due_date": date(2026, 3, 15),
                "team_id": "t1", "creator_id": None, "linear_project_id": "p1",
                "label_ids": ["l2", "l1"], "blocked_by": ["i5", "i9"],
                "previous_identifiers": ["OLD-3"], "customer_ticket_count": 2,
                "source_updated_at": datetime(2026, 3, 2, 9, 30, 0, 123_000, tzinfo=UTC),
            },
        ),
    ],
)  # fmt: skip
def test_rows_become_columns(stream: str, expected: dict[str, object]) -> None:
    fields = record(stream).fields

    assert {name: fields[name] for name in expected} == expected


def test_whole_numbers_are_integers() -> None:
    assert isinstance(record("issues").fields["number"], int)
    assert isinstance(record("cycles").fields["number"], int)


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        ({}, ("user", "u1", "Ada")),
        (
            {"user": None, "externalUser": {"id": "x1", "name": "Helen"}},
            ("external", "x1", "Helen"),
        ),
        ({"user": None, "botActor": {"id": None, "name": "GitHub"}}, ("bot", None, "GitHub")),
        ({"user": None}, (None, None, None)),
    ],
)
def test_a_comment_has_an_author_of_three_kinds_or_none(
    authors: dict[str, object], expected: tuple[str | None, ...]
) -> None:
    fields = record("comments", **authors).fields

    assert (fields["author_kind"], fields["author_id"], fields["author_name"]) == expected


@pytest.mark.parametrize("stream", ["issues", "projects"])
def test_what_lies_in_the_trash_is_a_tombstone(stream: str) -> None:
    assert record(stream, trashed=True).deleted
    assert not record(stream, trashed=None, archivedAt=TIMES["createdAt"]).deleted


def test_an_archived_issue_is_not_deleted_but_says_when() -> None:
    assert record("issues", archivedAt=TIMES["createdAt"]).fields["archived_at"] == CREATED


@pytest.mark.parametrize(
    ("stream", "change"),
    [
        ("issues", {"updatedAt": "2026-03-09T00:00:00.000Z"}),
        ("issues", {"branchName": "someone-else/nor-7"}),
        ("issues", {"labelIds": ["l1", "l2"]}),
        (
            "issues",
            {"inverseRelations": {"nodes": list(reversed(ISSUE["inverseRelations"]["nodes"]))}},
        ),
        ("projects", {"teams": {"nodes": [{"id": "t1"}, {"id": "t2"}]}}),
        ("comments", {"updatedAt": "2026-03-09T00:00:00.000Z"}),
    ],
)
def test_what_moves_by_itself_is_no_difference(stream: str, change: dict[str, object]) -> None:
    assert record(stream, **change).content_hash == record(stream).content_hash


@pytest.mark.parametrize(
    ("stream", "change"),
    [
        ("issues", {"title": "Payment works"}),
        ("issues", {"customerTicketCount": 3}),
        ("issues", {"archivedAt": "2026-03-09T00:00:00.000Z"}),
        ("issues", {"labelIds": ["l1"]}),
        ("issues", {"inverseRelations": {"nodes": []}}),
        ("issues", {"state": {"id": "s2"}}),
        ("issues", {"aNewField": 1}),
        ("projects", {"teams": {"nodes": [{"id": "t1"}]}}),
        ("projects", {"progress": 0.5}),
        ("comments", {"body": "Done"}),
    ],
)
def test_what_matters_is_a_difference(stream: str, change: dict[str, object]) -> None:
    assert record(stream, **change).content_hash != record(stream).content_hash


def test_what_the_schema_does_not_know_is_kept() -> None:
    made = record("issues", aNewField={"deep": 1}, state={"id": "s1", "type": "brand new"})

    assert made.payload["aNewField"] == {"deep": 1}
    assert record("states", type="brand new").fields["type"] == "brand new"
    assert record("projects", health="brandNew").fields["health"] == "brandNew"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": None}, "issue title"),
        ({"team": None}, "issue team"),
        ({"number": 7.5}, "issue number"),
        ({"number": 3e9}, "issue number"),
        ({"updatedAt": None}, "issue updatedAt"),
        ({"updatedAt": "2026-03-02T09:30:00"}, "issue updatedAt"),
        ({"dueDate": "soon"}, "issue dueDate"),
        ({"labelIds": None}, "issue labelIds"),
        ({"inverseRelations": None}, "issue inverseRelations"),
        ({"updatedAt": "0001-01-01T00:00:00+14:00"}, "date value out of range"),
    ],
)
def test_a_row_without_what_it_must_have_is_rejected_alone(
    change: dict[str, object], reason: str
) -> None:
    rejected = rejection("issues", {**ISSUE, **change})

    assert reason in rejected.reason
    assert (rejected.kind, rejected.external_id) == ("issue", "i1")
    assert rejected.payload == {**ISSUE, **change}


@pytest.mark.parametrize("raw", [None, [], "x", {"id": 5}, {"id": ""}, {}])
def test_a_row_without_an_id_is_rejected_without_one(raw: object) -> None:
    assert rejection("comments", raw).external_id is None


@pytest.mark.parametrize("stream", ROWS)
def test_only_promised_fields_are_required(stream: str) -> None:
    """Every field that may be null in the schema may be null here."""
    required = {
        "id", "updatedAt", "createdAt", "name", "key", "type", "team", "active", "body", "title",
        "number", "startsAt", "endsAt", "domains", "externalIds", "identifier", "state", "teams",
        "labelIds", "previousIdentifiers", "inverseRelations",
    }  # fmt: skip
    bare = {name: value for name, value in ROWS[stream].items() if name in required}

    assert MAKERS[stream][1](bare).external_id == ROWS[stream]["id"]


def test_records_are_not_shared_by_accident() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        record("issues").kind = "other"  # type: ignore[misc]
