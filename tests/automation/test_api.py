"""The HTTP face of schedules: what a person may see and do, and how it is refused."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from mayak.kit.clock import now
from tests.automation.conftest import Desk, good
from tests.conftest import new_project
from tests.house import House
from tests.http.test_problems import problem

pytestmark = pytest.mark.anyio


async def test_the_scheduler_shows_every_job_of_the_project(
    viewer: httpx.AsyncClient, desk: Desk
) -> None:
    found = good(await viewer.get("/jobs/scheduler"))

    jobs = {one["job_type"]: one for one in found["items"]}
    assert list(jobs) == list(desk.registry)
    assert (found["workers"], found["lightrag_only"]) == (0, True)
    assert jobs["connectors_sync_cycle"]["cadence_seconds"] == 900
    assert jobs["weekly_digest"]["cron"] == "0 8 * * 1"
    assert (jobs["daily_digest"]["built"], jobs["embeddings_run"]["built"]) == (False, True)
    assert jobs["kag_daily_pipeline"]["pause_reason"] == "lightrag_only"
    assert jobs["kag_daily_pipeline"]["next_run_at"] is None


async def test_the_scheduler_shows_what_waits_what_goes_on_and_how_the_last_one_ended(
    owner: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.ensure()
    await desk.did("upsell_radar", "failed", message="No radar.")
    going = await desk.start("upsell_radar")
    waiting = await desk.trigger("upsell_radar")

    items = good(await owner.get("/jobs/scheduler"))["items"]

    (radar,) = [one for one in items if one["job_type"] == "upsell_radar"]
    assert (radar["running"]["id"], radar["queued"]["id"]) == (str(going.id), str(waiting.id))
    assert (radar["last_run"]["status"], radar["last_run"]["error"]) == ("failed", "No radar.")
    assert radar["consecutive_failures"] == 1


async def test_a_tick_by_hand_queues_what_is_due_in_this_project_only(
    operator: httpx.AsyncClient, desk: Desk, house: House
) -> None:
    theirs = desk.of(await new_project(house.parts.database, f"P{uuid4().hex}"))
    for one in (desk, theirs):
        await one.ensure()
        await one.due("upsell_radar", now() - timedelta(minutes=70))

    done = good(await operator.post("/jobs/scheduler/tick"))

    assert [run["job_type"] for run in done["queued"]] == ["upsell_radar"]
    assert (done["missed"], done["skipped"]) == (2, 0)
    assert good(await operator.post("/jobs/scheduler/tick")) == {
        "queued": [],
        "skipped": 0,
        "missed": 0,
    }
    assert await theirs.runs() == []


async def test_the_status_counts_what_waits_goes_on_and_failed(
    viewer: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.ensure()
    await desk.did("upsell_radar", "failed")
    await desk.start("upsell_radar")
    await desk.trigger("health_scoring")
    await desk.trigger("embeddings_run")

    found = good(await viewer.get("/jobs/status"))

    queues = {one["queue"]: (one["waiting"], one["running"]) for one in found["queues"]}
    assert queues == {"io": (0, 0), "cpu": (1, 0), "derive": (1, 1)}
    assert (found["dead_letters"], found["suspended"]) == (1, 0)
    assert found["last_day"]["upsell_radar"] == {"failed": 1, "running": 1}


async def test_a_run_is_asked_for_once_with_who_asked(
    operator: httpx.AsyncClient, desk: Desk
) -> None:
    first = good(await operator.post("/jobs/upsell_radar/run"), 202)
    second = good(await operator.post("/jobs/upsell_radar/run", json={}), 202)

    assert (first["status"], first["trigger"]) == ("queued", "manual")
    assert first["because"].startswith("operator-")
    assert second["id"] == first["id"]


async def test_runs_with_different_payloads_are_different_work(owner: httpx.AsyncClient) -> None:
    path = "/jobs/upsell_radar/run"
    ids = [
        good(await owner.post(path, json={"payload": payload}), 202)["id"]
        for payload in ({}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": "1", "b": 2})
    ]

    assert ids[1] == ids[2]
    assert len(set(ids)) == 3
    assert good(await owner.get(f"/jobs/runs/{ids[1]}"))["payload"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"payload": {"a": "\\u0000"}}', id="NUL"),
        pytest.param(b'{"payload": {"a\\u0000": 1}}', id="NUL in a name"),
        pytest.param(b'{"payload": [1]}', id="a list"),
        pytest.param(b'{"payload": 7}', id="a number"),
        pytest.param(b'{"payloads": {}}', id="another field"),
        pytest.param(b"[]", id="no object"),
        pytest.param(
            b'{"payload": {%s}}' % b",".join(b'"%d": 1' % n for n in range(51)), id="51 names"
        ),
        pytest.param(b'{"payload": {"a": NaN}}', id="no number"),
        pytest.param(b'{"payload": {"a": "\\ud800"}}', id="half a letter"),
        pytest.param(b'{"payload": {"\\ud800": 1}}', id="half a letter in a name"),
        pytest.param(b'{"payload": {"a": %s}}' % (b"9" * 40), id="a huge number"),
        pytest.param(b'{"payload": {"a": %s%s}}' % (b"[" * 500, b"]" * 500), id="deep"),
    ],
)
async def test_a_payload_that_cannot_be_kept_is_refused(
    owner: httpx.AsyncClient, body: bytes, desk: Desk
) -> None:
    given = {"content-type": "application/json"}
    answer = await owner.post("/jobs/upsell_radar/run", content=body, headers=given)

    assert answer.status_code in {400, 413, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await desk.runs() == []


async def test_a_payload_of_megabytes_is_refused(owner: httpx.AsyncClient, desk: Desk) -> None:
    body = {"payload": {"a": "x" * 5_000_000}}
    answer = await owner.post("/jobs/upsell_radar/run", json=body)

    assert answer.status_code in {413, 422}
    assert await desk.runs() == []


@pytest.mark.parametrize(
    ("method", "verb"), [("POST", "/run"), ("POST", "/pause"), ("POST", "/resume"), ("PATCH", "")]
)
async def test_a_job_that_does_not_exist_is_refused_with_those_that_do(
    owner: httpx.AsyncClient, method: str, verb: str
) -> None:
    answer = await owner.request(method, f"/jobs/upsell_rader{verb}", json={})

    body = problem(answer, 404, "unknown_job_type")
    assert "upsell_radar" in body["detail"]
    assert "upsell_radar" in body["facts"]["known"]


async def test_a_legacy_job_is_refused_under_the_flag(owner: httpx.AsyncClient) -> None:
    for verb in ("run", "resume"):
        answer = await owner.post(f"/jobs/kag_daily_pipeline/{verb}")
        problem(answer, 409, "paused_by_lightrag_only")

    resting = good(await owner.post("/jobs/kag_daily_pipeline/pause"))
    assert resting["pause_reason"] == "person"


async def test_a_job_rests_and_wakes(operator: httpx.AsyncClient) -> None:
    resting = good(await operator.post("/jobs/upsell_radar/pause"))
    assert (resting["status"], resting["next_run_at"]) == ("paused", None)
    assert resting["paused_by"].startswith("operator-")
    assert good(await operator.post("/jobs/upsell_radar/run"), 202)["status"] == "queued"

    woken = good(await operator.post("/jobs/upsell_radar/resume"))
    assert (woken["status"], woken["pause_reason"]) == ("active", None)
    assert woken["next_run_at"] is not None


async def test_all_jobs_rest_and_wake_together(owner: httpx.AsyncClient, desk: Desk) -> None:
    await owner.post("/jobs/upsell_radar/pause")

    paused = good(await owner.post("/jobs/pause"))["changed"]
    woken = good(await owner.post("/jobs/resume"))["changed"]

    assert sorted(paused) == sorted(woken)
    assert len(paused) == len(desk.registry) - 7
    assert "upsell_radar" not in paused


async def test_a_schedule_is_changed_and_reset(owner: httpx.AsyncClient) -> None:
    wanted = {"cron": "0 9 * * 1-5", "time_zone": "Asia/Kolkata", "overlap": "skip"}
    changed = good(await owner.patch("/jobs/upsell_radar", json=wanted))
    assert {name: changed[name] for name in wanted} == wanted
    assert (changed["cadence_seconds"], changed["custom"]) == (None, True)
    assert changed["next_run_at"][11:16] == "03:30"

    slower = good(await owner.patch("/jobs/upsell_radar", json={"cadence_seconds": 7200}))
    assert (slower["cadence_seconds"], slower["cron"], slower["overlap"]) == (7200, None, "skip")
    reset = good(await owner.patch("/jobs/upsell_radar", json={"reset": True}))
    assert (reset["cadence_seconds"], reset["overlap"], reset["custom"]) == (1800, "queue", False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cadence_seconds": 59},
        {"cadence_seconds": 31 * 86400 + 1},
        {"cadence_seconds": 90.5},
        {"cadence_seconds": 10**30},
        {"cadence_seconds": 900, "cron": "0 8 * * *"},
        {"cron": "0 0 30 2 *"},
        {"cron": "* * * * * *"},
        {"cron": ""},
        {"cron": "x" * 101},
        {"cron": "0 8 * * *", "time_zone": "Mars/Olympus"},
        {"time_zone": "Europe"},
        {"time_zone": "\x00"},
        {"overlap": "both"},
        {"catchup": "some"},
        {"reset": True, "cadence_seconds": 900},
        {"next_run_at": "2026-01-01T00:00:00Z"},
    ],
)
async def test_a_schedule_that_cannot_be_kept_is_refused(
    owner: httpx.AsyncClient, wrong: dict[str, object], desk: Desk
) -> None:
    await desk.ensure()
    before = await desk.schedule("upsell_radar")

    problem(await owner.patch("/jobs/upsell_radar", json=wrong), 422, "invalid_input")
    assert await desk.schedule("upsell_radar") == before


async def test_a_zone_for_a_job_without_a_cron_of_its_own_is_a_conflict(
    owner: httpx.AsyncClient,
) -> None:
    answer = await owner.patch("/jobs/chatwoot_sync", json={"time_zone": "Europe/Berlin"})

    problem(answer, 409, "job_has_no_schedule")


async def test_operators_run_and_only_managers_rearrange(
    operator: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    manage = [
        ("PATCH", "/jobs/upsell_radar"),
        ("POST", "/jobs/pause"),
        ("POST", "/jobs/resume"),
        ("POST", "/jobs/dead-letters/discard"),
        ("POST", "/jobs/dead-letters/restore"),
    ]
    run = [
        ("POST", "/jobs/upsell_radar/run"),
        ("POST", "/jobs/upsell_radar/pause"),
        ("POST", "/jobs/scheduler/tick"),
        ("POST", "/jobs/dead-letters/replay"),
    ]
    for client, refused in ((operator, manage), (viewer, manage + run)):
        for method, path in refused:
            problem(await client.request(method, path, json={}), 403, "permission_missing")
