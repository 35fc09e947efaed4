"""The built-in workspace, what is said about stories that cannot be told, edits and size."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayak.sandbox.attio.bulk import add_many
from mayak.sandbox.attio.edits import EDITS
from mayak.sandbox.attio.snapshot import snapshot
from mayak.sandbox.attio.telling import ATTIO_KEY, ATTIO_NARROW_KEY, record_id, tell
from mayak.sandbox.clock import Clock
from mayak.sandbox.edits import BadEdit, apply_edit
from mayak.sandbox.stories import StoryError, build_world, projects
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def built() -> World:
    return build_world(NOON, frozen=True)


@pytest.fixture(scope="module")
def rows(built: World) -> dict[str, list[Row]]:
    return snapshot(built)


def first(row: Row, slug: str, member: str = "value") -> Any:
    values = row["values"][slug]
    return values[0][member] if values else None


def test_every_client_of_the_studio_has_its_company(
    built: World, rows: dict[str, list[Row]]
) -> None:
    names = {row["id"]["record_id"]: first(row, "name") for row in rows["companies"]}

    assert {project.slug: [names[id_] for id_ in project.attio_company_ids]
            for project in projects(built)} == {
        "northwind": ["Northwind Coffee"],
        "vega": ["Клиника «Вега»"],
        "baltika": ["Baltika Logistics"],
    }  # fmt: skip


def test_everybody_who_writes_to_the_studio_is_a_person_of_that_company(
    built: World, rows: dict[str, list[Row]]
) -> None:
    people = {first(row, "email_addresses", "email_address"): row for row in rows["people"]}
    writers = [row for row in built.contacts.values() if row.email]

    for writer in writers:
        person = people[writer.email]
        assert first(person, "name", "full_name") == writer.name
        assert first(person, "phone_numbers", "phone_number") == writer.phone_number
        domains = {
            one["domain"]
            for row in rows["companies"]
            if row["id"]["record_id"] == first(person, "company", "target_record_id")
            for one in row["values"]["domains"]
        }
        assert (writer.email or "").partition("@")[2] in domains


def test_there_is_enough_of_everything_and_the_noise_of_real_life(
    rows: dict[str, list[Row]],
) -> None:
    counts = {name: len(found) for name, found in rows.items()}
    addresses = Counter(first(row, "email_addresses", "email_address") for row in rows["people"])
    stages = {first(row, "stage", "status")["title"] for row in rows["deals"]}
    currencies = {first(row, "value", "currency_code") for row in rows["deals"]}

    assert counts["companies"] >= 12
    assert counts["deals"] >= 25
    assert counts["notes"] >= 40
    assert counts["tasks"] >= 20
    assert len(stages) == 6
    assert {"GBP", "RUB", "EUR"} <= currencies
    assert addresses["ingrid@solveig-outdoor.example"] == 2, "two people share one address"
    assert [first(row, "name") for row in rows["companies"] if not row["values"]["domains"]] == [
        "Orchard & Sons"
    ]


def test_a_merged_company_has_both_domains_and_the_notes_of_both(
    built: World, rows: dict[str, list[Row]]
) -> None:
    ids = {row["id"]["record_id"] for row in rows["companies"]}
    parents = {row["parent_record_id"] for row in rows["notes"]}

    assert record_id("lumen") in ids & parents
    assert not {record_id("lumen-main"), record_id("lumen-copy")} & (ids | parents)
    assert built.attio.merged[record_id("lumen-copy")] == record_id("lumen")


def test_nothing_is_written_in_the_future(rows: dict[str, list[Row]]) -> None:
    told = [
        row for name in ("companies", "people", "deals", "notes", "tasks") for row in rows[name]
    ]

    assert max(row["created_at"] for row in told) <= "2026-03-01T12:00:00Z"


def test_ids_do_not_depend_on_the_time_of_day(rows: dict[str, list[Row]]) -> None:
    evening = snapshot(build_world(NOON.replace(hour=22), frozen=True))

    assert {name: sorted(str(row["id"]) for row in found) for name, found in rows.items()} == {
        name: sorted(str(row["id"]) for row in found) for name, found in evening.items()
    }


def packaged() -> dict[str, str]:
    folder = files("mayak.sandbox").joinpath("stories", "attio")
    return {entry.name: entry.read_text("utf-8") for entry in folder.iterdir()}


@pytest.mark.parametrize(
    ("name", "right", "wrong", "complaint"),
    [
        ("vega.yaml", "lifecycle_stage: Client", "lifecycle_stage: Friend", "'Friend' is not"),
        ("vega.yaml", 'owner: "@maria"', 'owner: "@bob"', "'bob' is missing or unknown"),
        ("vega.yaml", "project: vega", "project: nobody", "is not in studio.yaml"),
        ("vega.yaml", 'due: "+2d"', 'due: "soon"', "'soon' is not like"),
        ("prospects.yaml", 'title: "Звонок"', 'headline: "Звонок"', "unknown: headline"),
        ("prospects.yaml", "as: lumen}", "as: lumen, mood: bad}", "unknown: mood"),
        ("workspace.yaml", "type: select", "kind: select", "kind"),
        ("workspace.yaml", "records: [", "records: [nobody, ", "nobody"),
    ],
)
def test_a_story_that_cannot_be_told_says_where_and_why(
    name: str, right: str, wrong: str, complaint: str
) -> None:
    world = build_world(NOON, frozen=True)
    fresh = World(Clock(NOON, frozen=True))
    fresh.projects = world.projects
    texts = packaged()
    assert right in texts[name]
    with pytest.raises(StoryError) as caught:
        tell(fresh, {**texts, name: texts[name].replace(right, wrong)})

    assert str(caught.value).startswith(f"attio/{name}: ")
    assert complaint in str(caught.value)


def test_stories_without_a_workspace_are_refused() -> None:
    with pytest.raises(StoryError, match="missing"):
        tell(World(Clock(NOON, frozen=True)), {"vega.yaml": packaged()["vega.yaml"]})


async def test_edits_are_made_over_the_control_calls(
    control: httpx.AsyncClient, company: Callable[..., str]
) -> None:
    body = {"op": "attio.update_record",
            "args": {"record_id": company("Acme"), "values": {"name": "ACME"}}}  # fmt: skip
    answer = (await control.post("/world/edit", json=body)).json()
    shown = (await control.get("/world/snapshot")).json()["attio"]["companies"]

    assert first(answer["row"], "name") == "ACME"
    assert shown == [answer["row"]]


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("delete_record", {"record_id": "nobody"}),
        ("update_record", {"record_id": "nobody", "values": {}}),
        ("create_record", {"object": "ships", "values": {}}),
        ("create_record", {"object": "companies", "values": {"nonsense": 1}}),
        ("delete_note", {"note_id": "nobody"}),
        ("complete_task", {"task_id": "nobody"}),
        ("rename_attribute", {"object": "deals", "attribute": "nonsense"}),
        ("rename_option", {"object": "deals", "attribute": "stage", "option": "x", "title": "y"}),
        ("add_attribute", {"object": "deals", "slug": "name", "title": "x", "type": "text"}),
        ("archive_list", {"list": "nobody"}),
        ("set_scopes", {"token": "nobody", "scopes": []}),
        ("add_task", {"content": "x", "assignees": ["nobody@studio.example"]}),
        ("add_note", {"words": "x"}),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(world: World, op: str, args: dict[str, Any]) -> None:
    assert op in EDITS
    with pytest.raises(BadEdit, match=f"attio.{op}: "):
        apply_edit(world, f"attio.{op}", args)


def test_scopes_can_be_taken_away(world: World, edit: Callable[..., Row]) -> None:
    edit("set_scopes", token=ATTIO_KEY, scopes=["note:read"])

    assert world.attio.tokens[ATTIO_KEY].scopes == {"note:read"}


def test_an_old_copy_stays_old(world: World, company: Callable[..., str], edit: Any) -> None:
    firm = company("Acme")
    edit("create_record", object="people", values={"name": "Ada L", "company": firm})
    edit("add_note", record_id=firm, content="x")
    old = world.copy()
    before = snapshot(old)
    edit("delete_record", record_id=firm)

    assert snapshot(old) == before
    assert snapshot(world)["notes"] == []


def test_many_records_are_added_with_their_relationships(world: World) -> None:
    add_many(world, companies=30, people=40, deals=10, notes=20)
    add_many(world, companies=5)
    rows = snapshot(world)
    times = [row["created_at"] for row in rows["companies"]]

    assert [len(rows[name]) for name in ("companies", "people", "deals", "notes")] == [
        35, 40, 10, 20,
    ]  # fmt: skip
    assert sum(len(row["values"]["team"]) for row in rows["companies"]) == 40
    assert len(set(times)) < len(times), "an import creates several at one instant"


def test_people_cannot_be_added_without_companies(world: World) -> None:
    with pytest.raises(ValueError, match="need companies"):
        add_many(world, people=1)


def test_the_reference_page_names_every_edit_and_token() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "sandbox-world.md"
    section = page.read_text("utf-8").partition("## Attio\n")[2].partition("\n## ")[0]
    names = [f"`{name}`" for name in EDITS]

    assert [name for name in names if name not in section] == []
    assert all(f"`Bearer {token}`" in section for token in (ATTIO_KEY, ATTIO_NARROW_KEY))
