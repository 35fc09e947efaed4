"""Whatever happens at the sources and on the way, one good sync makes the copy equal the World."""

import random
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from mayak.errors import AppError
from mayak.platform.db import Database
from mayak.sandbox.edits import BadEdit, apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import CONNECTORS, MIRRORS, STREAMS
from tests.sync.hearing import Calls, Hearing
from tests.sync.studio import Studio

pytestmark = [pytest.mark.anyio, pytest.mark.database, pytest.mark.chaos]

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "code": 500},
    {"kind": "html_error"},
    {"kind": "truncate_json"},
    {"kind": "drop"},
    {"kind": "timeout"},
    {"kind": "ratelimit"},
    {"kind": "stale_read"},
    {"kind": "duplicate_page"},
    {"kind": "reorder_page"},
    {"kind": "schema_drift"},
)
OURS = ("project_id", "synced_at", "observed_at", "revision", "deleted_at", "walk_cursor")
"""Columns in which two equal copies differ."""


class Fate:
    """Owns the dice: what happens next, at which source."""

    def __init__(self, studio: Hearing, seed: int) -> None:
        self.studio = studio
        self.world: World = studio.world
        self.dice = random.Random(seed)  # noqa: S311
        self.made = 0

    def edit(self) -> None:
        """One thing changes at one source; what does not fit the World does not happen."""
        self.made += 1
        self.world.clock.advance(self.dice.uniform(0.1, 30))
        with suppress(BadEdit, IndexError):
            apply_edit(self.world, *self.dice.choice((self._talk, self._deliver, self._sell))())

    def _talk(self) -> tuple[str, dict[str, Any]]:
        said = self.dice.choice(sorted(self.world.conversations))[1]
        message = self.dice.choice(sorted(self.world.messages))
        person = self.dice.choice(sorted(self.world.contacts))
        return self.dice.choice(
            (
                ("add_message", {"display_id": said, "content": f"Вопрос {self.made}?"}),
                ("edit_message", {"message_id": message, "content": f"edited {self.made}"}),
                ("delete_message", {"message_id": message}),
                ("set_status", {"display_id": said, "status": "resolved"}),
                ("update_contact", {"contact_id": person, "name": f"Renamed {self.made}"}),
            )
            + ((("delete_conversation", {"display_id": said}),) if self.made % 7 == 0 else ())
        )

    def _deliver(self) -> tuple[str, dict[str, Any]]:
        issues = [row.id for row in self.world.linear.issues if not row.trashed]
        comments = [row.id for row in self.world.linear.comments]
        teams = [row.id for row in self.world.linear.teams]
        issue, other = self.dice.sample(issues, 2)
        comment = self.dice.choice(comments)
        return self.dice.choice(
            (
                ("linear.update_issue", {"issue": issue, "title": f"Title {self.made}"}),
                ("linear.create_issue", {"team": teams[0], "title": f"New {self.made}"}),
                ("linear.move_issue", {"issue": issue, "team": self.dice.choice(teams)}),
                ("linear.archive_issue", {"issue": issue}),
                ("linear.trash_issue", {"issue": issue}),
                ("linear.add_comment", {"issue": issue, "body": f"Said {self.made}"}),
                ("linear.edit_comment", {"comment": comment, "body": f"Corrected {self.made}"}),
                ("linear.relate_issues", {"issue": issue, "related": other}),
            )
            + ((("linear.delete_comment", {"comment": comment}),) if self.made % 5 == 0 else ())
            + ((("linear.delete_issue", {"issue": issue}),) if self.made % 7 == 0 else ())
        )

    def _sell(self) -> tuple[str, dict[str, Any]]:
        companies = sorted(self.studio.told(STREAMS["attio"][2]))
        deals = sorted(self.studio.told(STREAMS["attio"][3]))
        notes = sorted(self.studio.told(STREAMS["attio"][5]))
        company, other = self.dice.sample(companies, 2)
        name = {"name": f"Name {self.made}"}
        return self.dice.choice(
            (
                ("attio.update_record", {"record_id": company, "values": name}),
                ("attio.update_record", {"record_id": self.dice.choice(deals), "values": name}),
                ("attio.create_record", {"object": "companies", "values": name}),
                ("attio.add_note", {"record_id": company, "content": f"Note {self.made}"}),
                ("attio.add_task", {"content": f"Task {self.made}", "record_ids": [company]}),
            )
            + ((("attio.delete_note", {"note_id": self.dice.choice(notes)}),) if notes else ())
            + (
                (("attio.merge_records",
                  {"primary_record_id": company, "secondary_record_id": other}),)
                if self.made % 9 == 0
                else ()
            )
        )  # fmt: skip

    def misfortune(self) -> None:
        """Something goes wrong on the way to one source."""
        fault = self.dice.choice(FAULTS)
        self.world.faults.add(
            **fault,
            service=self.dice.choice(CONNECTORS),
            nth=self.dice.randint(1, 12),
            times=self.dice.choice((1, 2, 5)),
        )
        if self.dice.random() < 0.2:
            edit, args = self._deliver()
            service = self.dice.choice(CONNECTORS)
            self.world.faults.add(
                "mutate_between_pages", service=service, nth=self.dice.randint(1, 9),
                edit=edit, args=args,
            )  # fmt: skip

    def lose(self) -> None:
        """Of five deliveries, one is lost on its way, told twice, out of order or late."""
        for service in CONNECTORS:
            kind = self.dice.choice(("webhook_drop", "webhook_drop", "webhook_duplicate"))
            self.world.faults.add(kind, service=service, nth=self.dice.randint(1, 5), times=1)

    async def try_to_hear(self) -> None:
        """What the services told is looked into, if nothing is in the way."""
        await self.studio.calls.arrive()
        for connector in CONNECTORS:
            with suppress(AppError, TimeoutError):
                await self.studio.drain(connector, within=self.dice.choice((0.1, 60)))

    async def try_to_sync(self) -> None:
        """A sync that may fail, be cut off the network, or die at any moment."""
        wire = self.studio.wire
        if self.dice.random() < 0.3:
            wire.breaks_at, wire.breaks_for = wire.requests + self.dice.randint(1, 20), 8
        with suppress(AppError, TimeoutError):
            within = self.dice.choice((0.05, 0.3, 60, 60))
            await self.studio.sync(full=self.dice.random() < 0.2, within=within)


async def calm(studio: Studio) -> None:
    """Faults end, and every limit is over."""
    studio.world.faults.clear()
    studio.wire.breaks_at = None
    await studio.rows("UPDATE connector_sync_state SET until_at = now() RETURNING 1")
    studio.world.clock.advance(10)


@pytest.mark.parametrize("seed", range(4))
async def test_one_good_sync_makes_the_copy_equal_the_world(
    database: Database, project: UUID, other_project: UUID, seed: int
) -> None:
    studio = Hearing(Calls(database, build_world(frozen=True)), project)
    for connector in CONNECTORS:
        await studio.bind(connector)
        await studio.install(connector)
    fate = Fate(studio, seed)
    for _ in range(6):
        fate.lose()
        for _ in range(5):
            fate.edit()
        if fate.dice.random() < 0.7:
            fate.misfortune()
        if fate.dice.random() < 0.7:
            await fate.try_to_hear()
        await fate.try_to_sync()

    await calm(studio)
    result = await studio.sync(full=True)

    assert result.status == "ok", (result.note, await studio.errors())
    await assert_equal(studio)
    grown = await copy_of(studio)
    fresh = await read_afresh(studio, other_project)
    for table, rows in grown.items():
        if table == "cw_contacts":
            # A visitor without a conversation is there when asked for, and in no list.
            ids = {row["external_id"] for row in fresh[table]}
            rows = [row for row in rows if row["external_id"] in ids]  # noqa: PLW2901
        for row, again in zip(rows, fresh[table], strict=True):
            assert row == again, table


async def assert_equal(studio: Studio) -> None:
    """Every stream has the World's rows, no others, with the World's words."""
    for connector in ("linear", "attio"):
        for stream in STREAMS[connector]:
            if stream.name == "attributes":
                continue
            told = studio.told(stream)
            table = stream.mirror.table
            rows = await studio.rows(
                f"SELECT external_id, payload FROM {table} WHERE deleted_at IS NULL"
            )
            have = {row["external_id"]: row["payload"] for row in rows}
            assert have.keys() == told.keys(), stream.name
            for id_, payload in have.items():
                assert_same(payload, told[id_], f"{stream.name} {id_}")
    whole = studio.world
    said = {
        str(row.id): row.content
        for row in whole.messages.values()
        if not row.content_attributes.get("deleted")
    }
    rows = await studio.rows(
        "SELECT external_id, content FROM cw_messages WHERE deleted_at IS NULL"
    )
    assert {row["external_id"]: row["content"] for row in rows} == said
    statuses = {str(row.display_id): row.status for row in whole.conversations.values()}
    rows = await studio.rows(
        "SELECT external_id, status FROM cw_conversations WHERE deleted_at IS NULL"
    )
    assert {row["external_id"]: row["status"] for row in rows} == statuses
    names = {str(row.id): row.name for row in whole.contacts.values()}
    rows = await studio.rows("SELECT external_id, name FROM cw_contacts WHERE deleted_at IS NULL")
    assert {row["external_id"]: row["name"] for row in rows}.items() <= names.items()
    known = {str(row.id) for row in whole.contacts.values() if row.email or row.phone_number}
    assert {row["external_id"] for row in rows} >= known


def assert_same(payload: dict[str, Any], told: dict[str, Any], what: str) -> None:
    """What both spell in the same way says the same."""
    plain = (str, int, float, bool, type(None))
    for name in payload.keys() & told.keys() - {"updatedAt", "web_url"}:
        if isinstance(payload[name], plain) and isinstance(told[name], plain):
            assert payload[name] == told[name], f"{what}: {name}"
    if "values" in told:
        for slug, values in told["values"].items():
            mine = [_bare(one) for one in payload["values"].get(slug, [])]
            assert mine == [_bare(one) for one in values], f"{what}: {slug}"


def _bare(value: dict[str, Any]) -> dict[str, Any]:
    moving = {"active_from", "active_until", "created_by_actor"}
    return {name: one for name, one in value.items() if name not in moving}


async def copy_of(studio: Studio) -> dict[str, list[dict[str, Any]]]:
    """All live rows, without what differs between two equal copies."""
    copied = {}
    for mirror in MIRRORS.values():
        rows = await studio.rows(
            f"SELECT * FROM {mirror.table} WHERE deleted_at IS NULL ORDER BY external_id"
        )
        for row in rows:
            for name in (*OURS, "payload"):
                row.pop(name, None)
            if mirror.kind == "contact":
                # Who is in no list shows as a sender, with less than when asked for by id.
                del row["content_hash"]
        copied[mirror.table] = rows
    return copied


async def read_afresh(studio: Studio, other_project: UUID) -> dict[str, list[dict[str, Any]]]:
    """The same accounts, read by another project from nothing."""
    fresh = Studio(studio.database, other_project, studio.world)
    for connector in CONNECTORS:
        await studio.unbind(connector)
        await fresh.bind(connector)
    result = await fresh.sync()
    assert result.status == "ok", result.note
    return await copy_of(fresh)
