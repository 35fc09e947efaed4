"""`mayak jobs`: the same verbs as over HTTP, as a person and a program use them."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from mayak.automation.model import fingerprint
from mayak.entry.wiring import job_types
from tests.conftest import fresh_database
from tests.entry.test_commands import MAYAK, Shell

NAMES = (f"project-{number}" for number in count(1))
NASTY = "[/red] \x1b[2J pay"


@pytest.fixture(scope="module")
def shell(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with fresh_database(server, template) as dsn:
        yield Shell(tmp_path_factory.mktemp("jobs"), DATABASE_URL=dsn)


class Desk:
    """The commands of jobs on one project."""

    def __init__(self, shell: Shell, project: dict[str, Any]) -> None:
        self.shell = shell
        self.slug: str = project["slug"]
        self.id = UUID(project["id"])

    def json(self, *words: str) -> Any:
        return self.shell.json("jobs", *words, "-p", self.slug)

    def says(self, *words: str) -> str:
        """What a person sees of a command that ends well, on both streams."""
        done = self.shell.run("jobs", *words, "-p", self.slug)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def refused(self, *words: str) -> tuple[str, str]:
        """The code and the detail."""
        return self.shell.refused("jobs", *words, "-p", self.slug)[1:]

    def insert(self, job_type: str, message: str, payload: object = None, **columns: object) -> str:
        """A failed run that nothing took care of; its id."""
        row = {"kind": "rejected", "status": "failed"} | columns
        with psycopg.connect(self.shell.variables["DATABASE_URL"], autocommit=True) as conn:
            found = conn.execute(
                """
                INSERT INTO worker_runs (project_id, job_type, queue, lane, key, trigger, payload,
                  status, error_kind, error_message, error_fingerprint, started_at, finished_at)
                VALUES (%s, %s, 'io', %s, %s, 'manual', %s, %s, %s, %s, %s, now(), now())
                RETURNING id
                """,
                (
                    *(self.id, job_type, job_type, uuid4().hex, json.dumps(payload or {})),
                    *(row["status"], row["kind"], message, fingerprint("rejected", message)),
                ),
            ).fetchone()
        assert found
        return str(found[0])


@pytest.fixture
def desk(shell: Shell) -> Desk:
    return Desk(shell, shell.json("project", "create", next(NAMES))["project"])


def test_job_types_are_listed_without_a_database(shell: Shell) -> None:
    nowhere = {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    found = {one["job_type"]: one for one in shell.json("jobs", "types", **nowhere)}

    assert list(found) == list(job_types())
    assert found["embeddings_run"] == {
        "job_type": "embeddings_run",
        "cadence_seconds": 1200,
        "cron": None,
        "queue": "cpu",
        "after": [
            *("chatwoot_sync", "connectors_sync_cycle"),
            *("webhooks_drain_chatwoot", "webhooks_drain_linear", "webhooks_drain_attio"),
            *("connector_errors_retry", "connectors_backfill"),
            *("connectors_reconciliation_daily", "connectors_reconciliation_repair"),
        ],
        "built": True,
    }
    assert (found["daily_digest"]["cron"], found["daily_digest"]["built"]) == ("0 8 * * *", False)
    assert "Mondays at 08:00" in shell.run("jobs", "types", **nowhere).stdout


def test_the_schedule_of_a_new_project_is_there_at_once(desk: Desk) -> None:
    seen = desk.json("list")
    jobs = {one["job_type"]: one for one in seen["items"]}
    said = desk.says("list")

    assert (set(jobs), seen["workers"]) == (set(job_types()), 0)
    assert jobs["kag_daily_pipeline"]["pause_reason"] == "lightrag_only"
    assert jobs["embeddings_run"]["next_run_at"]
    assert "paused by LIGHTRAG_ONLY" in said
    assert "No worker is running: start `mayak worker` or `mayak up`." in said


def test_a_run_that_is_waited_for_is_done_here_when_no_worker_lives(desk: Desk) -> None:
    ended = desk.json("run", "embeddings_run", "--wait")

    assert (ended["status"], ended["because"]) == ("ok", "mayak jobs run")
    assert desk.json("status")["last_day"] == {"embeddings_run": {"ok": 1}}


def test_a_run_that_did_not_succeed_ends_with_one(desk: Desk) -> None:
    done = desk.shell.run("jobs", "run", "daily_digest", "--wait", "-p", desk.slug)

    assert done.returncode == 1
    assert done.stdout.startswith("daily_digest: skipped")
    assert "not built" in done.stdout


def test_a_run_waits_for_a_worker_with_its_payload_and_is_cancelled(desk: Desk) -> None:
    asked = desk.json("run", "embeddings_run", "--payload", '{"only": [7]}')
    assert "start `mayak worker`" in desk.says(
        "run", "embeddings_run", "--payload", '{"only": [8]}'
    )

    shown = desk.json("show", asked["id"])
    assert (shown["status"], shown["payload"]) == ("queued", {"only": [7]})
    assert desk.json("cancel", asked["id"])["status"] == "cancelled"
    assert desk.refused("cancel", asked["id"])[0] == "run_is_over"
    assert desk.json("replay", asked["id"])["upstream"] == [asked["id"]]


def test_runs_are_found_by_what_they_are(desk: Desk) -> None:
    failed = desk.insert("daily_digest", "no such list")
    desk.json("run", "embeddings_run")
    cause = fingerprint("rejected", "no such list")

    def ids(*words: str) -> list[str]:
        return [one["id"] for one in desk.json("runs", *words)["items"]]

    assert len(ids()) == len(ids("--status", "failed", "--status", "queued")) == 2
    assert ids("--fingerprint", cause) == ids("--job", "daily_digest") == [failed]
    first = desk.json("runs", "--limit", "1")
    assert first["items"][0]["job_type"] == "embeddings_run"
    assert ids("--limit", "1", "--cursor", first["next_cursor"]) == [failed]


def test_jobs_are_paused_and_resumed_one_by_one_and_all_at_once(desk: Desk) -> None:
    desk.json("list")
    assert desk.json("pause", "upsell_radar")["pause_reason"] == "person"
    paused = desk.json("pause", "--all")["changed"]
    assert "upsell_radar" not in paused

    assert desk.json("resume", "--all")["changed"] == paused
    state = {one["job_type"]: one["status"] for one in desk.json("list")["items"]}
    assert (state["upsell_radar"], state["embeddings_run"]) == ("paused", "active")
    assert desk.json("resume", "upsell_radar")["status"] == "active"


def test_a_schedule_is_changed_and_taken_back(desk: Desk) -> None:
    changed = desk.json("schedule", "embeddings_run", "--every", "2h", "--overlap", "skip")
    assert (changed["cadence_seconds"], changed["overlap"], changed["custom"]) == (
        *(7200, "skip"),
        True,
    )
    weekly = ("--cron", "30 7 * * 1", "--time-zone", "Asia/Tokyo")
    assert "Mondays at 07:30 Asia/Tokyo" in desk.says("schedule", "embeddings_run", *weekly)

    taken_back = desk.json("schedule", "embeddings_run", "--reset")
    assert (taken_back["cadence_seconds"], taken_back["cron"]) == (1200, None)
    assert taken_back["custom"] is False


def test_a_tick_queues_what_is_due(desk: Desk) -> None:
    desk.json("list")
    with psycopg.connect(desk.shell.variables["DATABASE_URL"], autocommit=True) as conn:
        conn.execute(
            "UPDATE scheduled_jobs SET next_run_at = now() - interval '1 s'"
            " WHERE project_id = %s AND job_type = 'upsell_radar'",
            (desk.id,),
        )

    assert [run["job_type"] for run in desk.json("tick")["queued"]] == ["upsell_radar"]
    assert desk.json("tick") == {"queued": [], "skipped": 0, "missed": 0}


def test_dead_letters_are_counted_replayed_discarded_and_restored(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.insert("daily_digest", f"no list {number}", {"list": number})
    other = desk.insert("upsell_radar", "gone")
    page = desk.json("dead-letters", "list")
    assert [(one["count"], one["job_types"]) for one in page["items"]] == [
        (3, ["daily_digest"]),
        (1, ["upsell_radar"]),
    ]

    one_cause = ("--fingerprint", page["items"][0]["fingerprint"])
    counted = desk.json("dead-letters", "replay", *one_cause, "--dry-run")
    assert counted == {"dry_run": True, "letters": 3, "runs": None}
    replayed = desk.json("dead-letters", "replay", *one_cause, "--yes")
    assert replayed == {"dry_run": False, "letters": 3, "runs": 3}
    discarded = desk.json("dead-letters", "discard", "--q", "GONE", "--yes")
    assert discarded["letters"] == 1
    assert desk.json("show", other)["resolution"] == "discarded"
    assert desk.json("dead-letters", "list")["total"] == 0
    back = desk.json("dead-letters", "restore", "--since", discarded["at"])
    assert back == {"letters": 1}
    assert desk.json("dead-letters", "list")["items"][0]["newest"] == other


@pytest.mark.parametrize(("answer", "status", "left"), [(b"n\n", 1, 1), (b"y\n", 0, 0)])
def test_a_person_at_a_terminal_is_asked_first(
    desk: Desk, answer: bytes, status: int, left: int
) -> None:
    desk.insert("daily_digest", "no such list")
    keyboard, terminal = pty.openpty()
    os.write(keyboard, answer)
    done = subprocess.run(
        [MAYAK, "jobs", "dead-letters", "discard", "--all", "-p", desk.slug],
        env=desk.shell.variables,
        cwd=desk.shell.folder,
        stdin=terminal,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    os.close(keyboard)
    os.close(terminal)

    assert (done.returncode, f"Discard 1 dead letters of {desk.slug}?" in done.stderr) == (
        *(status, True),
    )
    assert desk.json("dead-letters", "list")["total"] == left


def test_what_a_service_said_cannot_steer_the_terminal(desk: Desk) -> None:
    run_id = desk.insert("daily_digest", NASTY, {"name": NASTY})
    pages = [desk.says("show", run_id), desk.says("runs"), desk.says("dead-letters", "list")]

    for page in pages:
        assert "[/red] \\u001b[2J pay" in page
        assert "\x1b[2J" not in page
    assert f"`mayak jobs replay {run_id} -p {desk.slug}`" in pages[0]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["run", "nonsense"], "unknown_job_type"),
        (["run", "kag_daily_pipeline"], "paused_by_lightrag_only"),
        (["resume", "kag_daily_pipeline"], "paused_by_lightrag_only"),
        (["run", "embeddings_run", "--payload", "[1]"], "invalid_input"),
        (["run", "embeddings_run", "--payload", '{"a": "\\u0000"}'], "invalid_input"),
        (["show", str(UUID(int=7))], "run_not_found"),
        (["show", "nonsense"], "usage"),
        (["runs", "--status", "nonsense"], "invalid_input"),
        (["pause"], "invalid_input"),
        (["pause", "upsell_radar", "--all"], "invalid_input"),
        (["schedule", "upsell_radar"], "invalid_input"),
        (["schedule", "upsell_radar", "--every", "5"], "invalid_input"),
        (["schedule", "upsell_radar", "--every", "1h", "--cron", "0 8 * * *"], "invalid_input"),
        (["schedule", "upsell_radar", "--every", "1h", "--reset"], "invalid_input"),
        (["schedule", "chatwoot_sync", "--time-zone", "Asia/Tokyo"], "job_has_no_schedule"),
        (["dead-letters", "replay"], "invalid_input"),
        (["dead-letters", "discard", "--yes"], "invalid_input"),
        (["dead-letters", "discard", "--all"], "invalid_input"),
        (["dead-letters", "restore", "--since", "yesterday"], "invalid_input"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_refused_by_name(
    some_desk: Desk, words: list[str], code: str
) -> None:
    assert some_desk.refused(*words)[0] == code


@pytest.fixture(scope="module")
def some_desk(shell: Shell) -> Desk:
    """A project that no test changes."""
    return Desk(shell, shell.json("project", "create", next(NAMES))["project"])
