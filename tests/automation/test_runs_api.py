"""The HTTP face of runs and dead letters."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from mayak.kit.clock import now
from tests.automation.conftest import Desk, good
from tests.conftest import new_project
from tests.house import House
from tests.http.test_problems import problem

pytestmark = pytest.mark.anyio


async def test_runs_come_in_pages_that_miss_none_and_repeat_none(
    viewer: httpx.AsyncClient, desk: Desk
) -> None:
    for page in range(25):
        await desk.trigger("upsell_radar", payload={"page": page})
    await desk.sql("UPDATE worker_runs SET queued_at = date_trunc('day', queued_at)")

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        found = good(await viewer.get("/jobs/runs", params={"limit": 7, "cursor": cursor}))
        seen += [one["id"] for one in found["items"]]
        cursor = found["next_cursor"]

    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)


async def test_runs_are_filtered_by_job_state_trigger_cause_and_time(
    viewer: httpx.AsyncClient, desk: Desk
) -> None:
    failed = await desk.did("upsell_radar", "failed", message="One cause")
    await desk.did("upsell_radar")
    await desk.did("loops_contacts_sync", "skipped")
    cause = (await desk.run(failed)).error_fingerprint
    soon = (now() + timedelta(minutes=5)).isoformat()

    async def count(*filters: tuple[str, str | None]) -> int:
        return len(good(await viewer.get("/jobs/runs", params=list(filters)))["items"])

    assert await count(("job_type", "upsell_radar")) == 2
    assert await count(("status", "failed"), ("status", "skipped")) == 2
    assert await count(("trigger", "manual")) == 3
    assert await count(("trigger", "webhook")) == 0
    assert await count(("fingerprint", cause)) == 1
    assert (await count(("since", soon)), await count(("until", soon))) == (0, 3)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "status=great", "trigger=me", "cursor=x", "since=yesterday",
        "since=2026-01-01T00:00:00", "job_type=%00", "since=0001-01-01T00:00:00%2B14:00",
        "until=9999-12-31T23:59:59-14:00",
    ],
)  # fmt: skip
async def test_a_list_that_cannot_be_made_is_refused(viewer: httpx.AsyncClient, query: str) -> None:
    answer = await viewer.get(f"/jobs/runs?{query}")

    if answer.status_code == 200:
        assert query.startswith(("since=0001", "until=9999")), "an instant at the edge may be kept"
    else:
        problem(answer, 422, "invalid_input")


async def test_a_run_shows_what_caused_it_and_what_it_caused(
    viewer: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.ensure()
    first = await desk.did("connectors_sync_cycle")
    (signals,) = await desk.runs("signals_extraction")
    await desk.end(await desk.claim(signals))

    found = good(await viewer.get(f"/jobs/runs/{signals.id}"))

    assert [run["id"] for run in found["up"]] == [str(first)]
    assert [run["job_type"] for run in found["down"]] == ["health_scoring"]
    assert found["upstream"] == [str(first)]


async def test_where_an_error_came_from_is_for_those_who_may_run_jobs(
    viewer: httpx.AsyncClient, operator: httpx.AsyncClient, desk: Desk
) -> None:
    run = await desk.did("upsell_radar", "failed")
    await desk.sql("UPDATE worker_runs SET error_trace = 'File secret.py, line 7'")

    path = f"/jobs/runs/{run}"
    assert good(await viewer.get(path))["trace"] is None
    assert good(await operator.get(path))["trace"] == "File secret.py, line 7"
    assert "secret.py" not in (await viewer.get("/jobs/runs")).text


async def test_a_run_that_is_not_here_does_not_exist(
    operator: httpx.AsyncClient, desk: Desk, house: House
) -> None:
    theirs = desk.of(await new_project(house.parts.database, f"P{uuid4().hex}"))
    foreign = await theirs.trigger("upsell_radar")
    for run_id in (foreign.id, UUID(int=7)):
        problem(await operator.get(f"/jobs/runs/{run_id}"), 404, "run_not_found")
        for verb in ("cancel", "replay"):
            answer = await operator.post(f"/jobs/runs/{run_id}/{verb}")
            problem(answer, 404, "run_not_found")
    problem(await operator.get("/jobs/runs/nonsense"), 422, "invalid_input")


async def test_a_run_is_cancelled_and_done_again(operator: httpx.AsyncClient) -> None:
    run = good(await operator.post("/jobs/upsell_radar/run", json={"payload": {"a": 1}}), 202)
    path = f"/jobs/runs/{run['id']}"
    problem(await operator.post(f"{path}/replay"), 409, "run_is_not_over")

    ended = good(await operator.post(f"{path}/cancel"), 202)
    assert (ended["status"], ended["reason"]) == ("cancelled", "cancelled")
    problem(await operator.post(f"{path}/cancel"), 409, "run_is_over")

    again = good(await operator.post(f"{path}/replay"), 202)
    assert (again["status"], again["trigger"]) == ("queued", "retry")
    assert again["upstream"] == [run["id"]]


async def test_letters_are_listed_counted_replayed_discarded_and_restored(
    owner: httpx.AsyncClient, desk: Desk
) -> None:
    for page in range(3):
        await desk.did("upsell_radar", "failed", payload={"page": page}, message=f"Page {page}")
    await desk.did("upsell_radar", "failed", message="Another")

    listed = good(await owner.get("/jobs/dead-letters", params={"q": "page"}))
    assert (listed["total"], [one["count"] for one in listed["items"]]) == (3, [3])
    which = {"fingerprint": listed["items"][0]["fingerprint"], "before": listed["at"]}

    counted = good(await owner.post("/jobs/dead-letters/replay", json=which | {"dry_run": True}))
    assert counted == {"dry_run": True, "letters": 3, "runs": None}
    assert good(await owner.get("/jobs/dead-letters"))["total"] == 4
    done = good(await owner.post("/jobs/dead-letters/replay", json=which))
    assert done == {"dry_run": False, "letters": 3, "runs": 3}

    thrown = good(await owner.post("/jobs/dead-letters/discard", json={"all": True}))
    assert (thrown["letters"], thrown["dry_run"]) == (1, False)
    back = await owner.post("/jobs/dead-letters/restore", json={"since": thrown["at"]})
    assert good(back) == {"letters": 1}
    assert good(await owner.get("/jobs/dead-letters"))["total"] == 1


async def test_what_shall_happen_to_all_letters_has_to_be_said(
    owner: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.did("upsell_radar", "failed")
    for verb in ("replay", "discard"):
        for which in ({}, {"dry_run": True}, {"before": now().isoformat()}, {"q": ""}):
            answer = await owner.post(f"/jobs/dead-letters/{verb}", json=which)
            problem(answer, 422, "invalid_input")

    assert good(await owner.get("/jobs/dead-letters"))["total"] == 1
