"""Dead letters: failed runs that nothing took care of, by cause, and what is done with them."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayak.automation import service
from mayak.automation.model import DeadLetters, JobRun, Result, fingerprint, job
from mayak.automation.service import Filter, Replayed
from mayak.kit.clock import now
from mayak.platform.db import execute, fetch_value
from tests.automation.conftest import Desk, DeskOf

pytestmark = pytest.mark.anyio

ALL = Filter()


@job("sync")
async def sync(_: JobRun) -> Result:
    return Result()


@job("embed", queue="cpu")
async def embed(_: JobRun) -> Result:
    return Result()


class Office(Desk):
    """Dead letters of one project."""

    async def groups(self, which: Filter = ALL) -> list[DeadLetters]:
        async with self.database.transaction(self.project) as conn:
            return await service.dead_letters(conn, which)

    async def count(self, which: Filter = ALL) -> int:
        async with self.database.transaction(self.project) as conn:
            return await service.count_dead_letters(conn, which)

    async def replay(self, which: Filter = ALL) -> Replayed:
        async with self.database.transaction(self.project) as conn:
            return await service.replay_dead_letters(conn, self.registry, which, because="ann")

    async def discard(self, which: Filter = ALL) -> tuple[int, object]:
        async with self.database.transaction(self.project) as conn:
            done = await service.discard_dead_letters(conn, which)
        return done.letters, done.at

    async def letter(
        self, name: str = "sync", message: str = "It broke.", **payload: object
    ) -> UUID:
        return await self.did(name, "failed", payload=payload, message=message)


@pytest.fixture
async def office(desk_of: DeskOf) -> Office:
    desk = desk_of(sync, embed)
    await desk.ensure()
    return Office(desk.database, desk.registry, desk.project)


async def test_failed_and_dead_runs_are_letters_and_nothing_else_is(office: Office) -> None:
    for status in ("ok", "partial", "skipped", "cancelled", "failed", "dead"):
        await office.did("sync", status, payload={"as": status})

    assert await office.count() == 2


async def test_letters_that_differ_in_numbers_and_ids_have_one_cause(office: Office) -> None:
    first = await office.letter(message="Message 17 of page 3 (id 4f2a9c0d11) is too long.", n=1)
    newest = await office.letter(message="Message 9 of page 12 (id 77b0a1e2ff) is too long.", n=2)
    await office.letter("embed", message="Message 1 of page 1 (id 0123456789) is too long.", n=3)
    await office.letter(message="The token is wrong.", n=4)

    many, one = await office.groups()
    assert (many.count, many.job_types, one.count) == (3, ["embed", "sync"], 1)
    assert many.first_at < many.last_at
    assert many.newest not in {first, newest}
    assert one.message == "The token is wrong."


@given(one=st.uuids(), other=st.uuids())
def test_errors_that_differ_only_in_a_uuid_have_one_cause(one: UUID, other: UUID) -> None:
    said = "Contact {} does not exist."

    assert fingerprint("bug", said.format(one)) == fingerprint("bug", said.format(other))


def test_errors_of_another_kind_or_with_other_words_have_another_cause() -> None:
    causes = {
        fingerprint("bug", "The token is wrong."),
        fingerprint("auth", "The token is wrong."),
        fingerprint("bug", "The key is wrong."),
    }

    assert len(causes) == 3


async def test_letters_are_found_by_message_payload_job_and_kind_and_nothing_is_a_wildcard(
    office: Office,
) -> None:
    await office.letter(message="Page 100% is Здоровый", customer="Käthe_1")
    await office.letter("embed", message="Other")

    for text, count in (
        ("здоровый", 1), ("100%", 1), ("käthe", 1), ("EMBED", 1), ("bug", 2), ("%", 1), ("_", 1),
        ("a%z", 0), ("\\", 0), ("'; DROP TABLE worker_runs", 0),
    ):  # fmt: skip
        assert await office.count(Filter(text=text)) == count, text


async def test_everything_that_a_filter_names_has_to_fit(office: Office) -> None:
    await office.letter(message="One cause")
    await office.letter("embed", message="One cause")
    cause = (await office.groups())[0].fingerprint

    assert await office.count(Filter(fingerprint=cause, job_type="embed")) == 1
    assert await office.count(Filter(fingerprint=cause, text="other")) == 0
    assert await office.count(Filter(fingerprint="nothing")) == 0


async def test_a_replay_queues_each_payload_once_and_is_done_with_the_letters(
    office: Office,
) -> None:
    first = await office.letter(message="broke", page=1)
    again = await office.letter(message="broke again", page=1)
    await office.letter("embed", page=2)
    await office.letter()

    done = await office.replay()

    assert (done.letters, done.runs, sorted(done.queues)) == (4, 3, ["cpu", "io"])
    waiting = [run for run in await office.runs() if run.status == "queued"]
    assert sorted(str(run.payload) for run in waiting) == ["{'page': 1}", "{'page': 2}", "{}"]
    (page,) = [run for run in waiting if run.payload == {"page": 1}]
    assert (page.trigger, page.because, page.upstream) == ("retry", "ann", [first, again])
    assert (await office.run(first)).replayed_as == page.id


async def test_a_second_replay_changes_nothing(office: Office) -> None:
    await office.letter(page=1)
    await office.replay()
    before = await office.runs()

    done = await office.replay()

    assert (done.letters, done.runs) == (0, 0)
    assert await office.runs() == before


async def test_replays_at_the_same_time_queue_each_payload_once(office: Office) -> None:
    for page in range(20):
        await office.letter(page=page)

    done = await asyncio.gather(*(office.replay() for _ in range(6)))

    assert sum(one.letters for one in done) == 20
    assert len([run for run in await office.runs() if run.status == "queued"]) == 20


async def test_a_replay_joins_the_run_that_waits_already(office: Office) -> None:
    letter = await office.letter(page=1)
    waiting = await office.trigger("sync", payload={"page": 1})

    done = await office.replay()

    assert (done.letters, done.runs) == (1, 1)
    assert (await office.run(letter)).replayed_as == waiting.id
    assert (await office.run(waiting.id)).upstream == [letter]


async def test_letters_of_one_work_are_replayed_though_its_queue_changed_between_releases(
    office: Office,
) -> None:
    await office.letter(page=1)
    await office.sql("UPDATE worker_runs SET queue = 'derive', lane = 'old'")
    await office.letter(page=1)

    done = await office.replay()

    assert (done.letters, done.runs) == (2, 1)


async def test_a_letter_that_fails_again_is_a_letter_again(office: Office) -> None:
    await office.letter(page=1)
    await office.replay()
    await office.end(await office.claim((await office.runs())[-1]), "failed")

    assert await office.count() == 1
    assert (await office.replay()).letters == 1


async def test_a_pause_does_not_lose_letters_that_were_replayed(office: Office) -> None:
    await office.letter(page=1)
    await office.replay()

    await office.pause("sync")

    waiting = [run for run in await office.runs() if run.status == "queued"]
    assert len(waiting) + await office.count() == 1


async def test_discarded_letters_stay_in_the_history_and_can_be_taken_back(office: Office) -> None:
    letter = await office.letter()
    letters, at = await office.discard()
    assert (letters, await office.count()) == (1, 0)
    assert (await office.run(letter)).resolution == "discarded"

    async with office.database.transaction(office.project) as conn:
        back = await service.restore_dead_letters(conn, fingerprint=None, since=at)  # type: ignore[arg-type]

    assert (back, await office.count()) == (1, 1)
    assert (await office.discard())[0] == 1


async def test_only_what_was_discarded_since_then_is_taken_back(office: Office) -> None:
    await office.letter(page=1)
    await office.discard()
    await office.letter(message="Another cause", page=2)
    _, at = await office.discard()

    async with office.database.transaction(office.project) as conn:
        back = await service.restore_dead_letters(conn, fingerprint=None, since=at)  # type: ignore[arg-type]

    assert back == 1
    assert [one.message for one in await office.groups()] == ["Another cause"]


async def test_a_letter_that_was_replayed_is_not_taken_back_by_a_restore(office: Office) -> None:
    before = now()
    await office.letter()
    await office.replay()

    async with office.database.transaction(office.project) as conn:
        since = before - timedelta(minutes=1)
        assert await service.restore_dead_letters(conn, fingerprint=None, since=since) == 0


@pytest.mark.parametrize(("status", "left"), [("ok", 1), ("partial", 1), ("skipped", 2)])
async def test_a_later_success_of_the_same_work_supersedes_its_letters(
    office: Office, status: str, left: int
) -> None:
    old = await office.letter(page=1)
    await office.letter(page=2)

    await office.did("sync", status, payload={"page": 1})  # type: ignore[arg-type]

    assert await office.count() == left
    assert (await office.run(old)).resolution == ("superseded" if left == 1 else None)


async def test_a_success_of_another_job_supersedes_nothing(office: Office) -> None:
    await office.letter(page=1)
    await office.did("embed", payload={"page": 1})

    assert await office.count() == 1


async def test_nothing_that_failed_later_is_caught(office: Office) -> None:
    await office.letter(page=1)
    async with office.database.transaction(office.project) as conn:
        seen = await fetch_value(conn, "SELECT clock_timestamp()")
    await office.letter(page=2)

    assert (await office.replay(Filter(before=seen))).letters == 1
    assert await office.count() == 1


async def test_letters_of_another_project_are_untouched(
    office: Office, other_project: UUID
) -> None:
    theirs = Office(office.database, office.registry, other_project)
    await theirs.letter(page=1)
    await office.letter(page=1)

    assert (await office.replay()).letters == 1
    assert (await office.discard())[0] == 0
    assert await theirs.count() == 1
    assert len(await theirs.runs()) == 1


async def test_five_thousand_letters_of_seven_causes_are_seven_groups_and_one_replay(
    office: Office,
) -> None:
    # SLOW: before the table is analyzed the statement joins letters and runs row by row: 17 s.
    async with office.database.transaction(office.project) as conn:
        for cause in range(7):
            await execute(
                conn,
                """
                INSERT INTO worker_runs (project_id, job_type, queue, lane, key, trigger, payload,
                  status, error_kind, error_message, error_fingerprint, finished_at)
                SELECT %(project)s, 'sync', 'io', 'sync', md5(n::text || %(cause)s), 'webhook',
                       jsonb_build_object('event', n), 'dead', 'server', 'Cause ' || n, %(cause)s,
                       now()
                  FROM generate_series(1, 5000) AS n WHERE n %% 7 = %(number)s
                """,
                project=office.project,
                cause=f"cause-{cause}",
                number=cause,
            )

    assert [group.count for group in await office.groups()] == [715] * 2 + [714] * 5
    done = await office.replay()
    assert (done.letters, done.runs, await office.count()) == (5000, 5000, 0)
    assert len({str(run.payload) for run in await office.runs() if run.status == "queued"}) == 5000


async def test_a_letter_of_a_job_that_is_no_more_does_not_wait_for_ever(office: Office) -> None:
    await office.letter()
    await office.sql("UPDATE worker_runs SET job_type = 'gone', lane = 'gone'")

    await office.replay()

    assert [run.status for run in await office.runs()] == ["failed"]
    assert await office.count() == 1


def test_an_id_is_no_part_of_a_cause_wherever_it_stands() -> None:
    causes = {fingerprint("bug", f"{uuid4().hex} and {number}") for number in range(50)}

    assert len(causes) == 1
