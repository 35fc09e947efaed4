"""Ten thousand records, a copy spoilt in every way, and a check that names each of them."""

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from uuid import UUID

import pytest

from mayak.platform.db import Database
from mayak.sandbox.attio import bulk as attio
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.linear import bulk as linear
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import Connector
from tests.sync.auditor import Auditor

pytestmark = [pytest.mark.anyio, pytest.mark.database, pytest.mark.acceptance]

MANY = 10_000
LOST, DOUBLED, AGED, DELETED = 37, 12, 9, 5
PATIENCE = 60
"""Seconds that a repair may take."""


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


async def crowded(database: Database, project: UUID, world: World, connector: Connector) -> Auditor:
    """A project with the whole of a service that holds ten thousand records, synced."""
    if connector == "linear":
        linear.add_many(world, issues=MANY)
    else:
        attio.add_many(world, companies=MANY)
        # Its budget is of one second, and here time stands still.
        world.attio.reads_per_second = MANY
    studio = Auditor(database, project, world)
    await studio.bind(connector)
    await studio.sync(connector)
    return studio


def delete_issues(world: World, ids: Sequence[str]) -> None:
    for one in ids:
        apply_edit(world, "linear.delete_issue", {"issue": one})


def delete_companies(world: World, ids: Sequence[str]) -> None:
    for one in ids:
        apply_edit(world, "attio.delete_record", {"record_id": one})


CASES = [
    pytest.param("linear", "issues", "issue", delete_issues, 10, id="issues of Linear"),
    pytest.param("attio", "companies", "company", delete_companies, 80, id="companies of Attio"),
]


@pytest.mark.parametrize(("connector", "stream", "kind", "delete", "most"), CASES)
async def test_every_spoilt_record_is_named_and_restored(  # what a case is made of
    database: Database,
    project: UUID,
    world: World,
    *,
    connector: Connector,
    stream: str,
    kind: str,
    delete: Callable[[World, Sequence[str]], None],
    most: int,
) -> None:
    studio = await crowded(database, project, world, connector)
    before = await studio.hashes(kind)
    ids = sorted(before)
    # One in a hundred, so that every page of every list has its part in it.
    picked = ids[:: len(ids) // 70]
    lost = await studio.lose(kind, picked[:LOST])
    doubled = await studio.double(kind, picked[LOST : LOST + DOUBLED])
    aged = await studio.age(kind, picked[LOST + DOUBLED : LOST + DOUBLED + AGED])
    deleted = set(picked[-DELETED:])
    delete(world, sorted(deleted))

    await studio.check(connector=connector, stream=stream)

    numbers = await studio.measured(stream)
    kinds = {"missing": lost, "duplicate": doubled, "stale": aged, "extra": deleted}
    assert await studio.found(stream) == kinds
    assert numbers["source_count"] == len(before) - DELETED
    share = Decimal(100) * (numbers["source_count"] - LOST) / numbers["source_count"]
    assert 0 <= share - numbers["completeness"] < Decimal("0.001")

    asked = world.journal.calls()[-1].seq
    begun = time.monotonic()
    result = await studio.repair(connector=connector)
    took = time.monotonic() - begun

    requests = len(world.journal.calls(after=asked))
    print(f"{connector}: 63 findings among {MANY} records in {took:.1f} s, {requests} requests")  # noqa: T201
    assert (result.status, await studio.found(stream)) == ("ok", {})
    assert await studio.hashes(kind) == {
        id_: hash_ for id_, hash_ in before.items() if id_ not in deleted
    }
    assert requests <= most
    assert took <= PATIENCE
    assert (await studio.measured(stream))["completeness"] == 100


async def test_a_sweep_cut_at_half_and_a_lost_permission_conclude_nothing(
    database: Database, project: UUID, world: World
) -> None:
    studio = await crowded(database, project, world, "linear")
    before = await studio.hashes("issue")
    lost = await studio.lose("issue", sorted(before)[:3])
    await studio.check(connector="linear", stream="issues")
    pages = len(world.journal.calls("IssueIds"))
    await studio.lose("issue", sorted(before)[3:6])
    cut = world.faults.add(
        "status", service="linear", op="IssueIds", nth=pages // 2, times=None, code=502
    )

    halved = await studio.daily()
    why_cut = (await studio.measured("issues"))["cause"]
    world.faults.remove(cut.id)
    world.faults.add(
        "permission_loss",
        service="linear",
        team_id=world.projects[0].linear_team_ids[0],
        times=None,
    )
    blind = await studio.daily()

    why_blind = (await studio.measured("issues"))["cause"]
    rows = await studio.rows("SELECT count(*) FROM linear_issues_raw WHERE deleted_at IS NULL")
    assert (halved.status, blind.status) == ("partial", "partial")
    assert "Linear failed" in why_cut
    assert "does not show" in why_blind
    assert lost >= (await studio.found("issues")).get("missing", set())
    assert await studio.found("issues", "gone") == {}
    assert rows[0]["count"] >= len(before) - 6
