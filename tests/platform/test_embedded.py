"""The embedded PostgreSQL, with real processes that come, go and are killed."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from mayak.errors import Misconfigured
from mayak.platform.embedded import EmbeddedPostgres, buffers_mb
from mayak.platform.schema import migrate

USER = Path(__file__).with_name("embedded_user.py")
SOURCE = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped cluster, to be copied: making one takes seconds."""
    folder = tmp_path_factory.mktemp("made")
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    postgres.release()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A data folder with a stopped cluster; whatever still runs in it ends with the test."""
    place = tmp_path / "data"
    copied(made, place)
    yield place
    EmbeddedPostgres(place).stop()


def copied(made: Path, place: Path) -> Path:
    subprocess.run(["cp", "-a", made, place], check=True)
    return place


@contextmanager
def user(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the cluster, and has its address already in `.args`."""
    process = subprocess.Popen(
        [sys.executable, USER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.communicate(timeout=60)


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def value(dsn: str, statement: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as conn:
        row = conn.execute(statement.encode()).fetchone()
    return row[0] if row else None


def is_gone(pid: int) -> bool:
    """Whether the process ended, reaped or not."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def remember(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def test_two_processes_share_one_server_and_the_last_one_stops_it(folder: Path) -> None:
    with user(folder) as first, user(folder) as second:
        addresses = {address(first), address(second)}
        assert len(addresses) == 1
        server = EmbeddedPostgres(folder).postmaster()
        first.communicate(timeout=60)
        assert value(addresses.pop(), "SELECT 1") == 1
        assert EmbeddedPostgres(folder).postmaster() == server

    assert server is not None
    assert is_gone(server)


def test_a_killed_user_leaves_the_server_usable_and_the_next_last_one_stops_it(
    folder: Path,
) -> None:
    with user(folder) as killed:
        remember(address(killed))
        killed.kill()
    assert EmbeddedPostgres(folder).postmaster() is not None

    with user(folder) as after:
        assert value(address(after), "SELECT answer FROM kept") == 42
    assert EmbeddedPostgres(folder).postmaster() is None


def test_a_killed_user_does_not_stop_the_server_under_another(folder: Path) -> None:
    with user(folder) as stays:
        dsn = address(stays)
        with user(folder) as killed:
            address(killed)
            killed.kill()
        with user(folder) as third:
            address(third)

        assert value(dsn, "SELECT 1") == 1


def test_a_killed_server_comes_back_with_its_data(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    running = postgres.start()
    remember(running.dsn)
    os.kill(running.pid, signal.SIGKILL)
    while not is_gone(running.pid):
        time.sleep(0.01)

    postgres.ensure_running()

    assert value(running.dsn, "SELECT answer FROM kept") == 42
    postgres.release()


def test_a_machine_that_lost_power_may_have_given_the_servers_number_to_another_process(
    folder: Path,
) -> None:
    postgres = EmbeddedPostgres(folder)
    lines = [str(os.getpid()), str(postgres.cluster), "1", "5432", "/tmp", "", "1 1", "ready   "]  # noqa: S108
    (postgres.cluster / "postmaster.pid").write_text("\n".join(lines) + "\n")

    assert value(postgres.start().dsn, "SELECT 1") == 1
    postgres.release()


def test_the_server_of_another_folder_is_not_taken_for_ours(
    folder: Path, made: Path, tmp_path: Path
) -> None:
    other = EmbeddedPostgres(copied(made, tmp_path / "other"))
    foreign = other.start()
    ours = EmbeddedPostgres(folder)
    shutil.copy(other.cluster / "postmaster.pid", ours.cluster / "postmaster.pid")

    assert ours.start().pid != foreign.pid
    ours.release()
    assert value(foreign.dsn, "SELECT 1") == 1
    other.release()


def test_a_process_that_finds_the_server_still_starting_waits_for_it(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    remember(postgres.dsn())
    pid_file = postgres.cluster / "postmaster.pid"
    ready = pid_file.read_text()
    pid_file.write_text(ready.replace("ready   ", "starting"))

    with user(folder) as late:
        time.sleep(1)
        assert late.poll() is None
        pid_file.write_text(ready)
        assert value(address(late), "SELECT answer FROM kept") == 42
    postgres.release()


def test_a_kill_in_the_middle_of_making_the_cluster_leaves_nothing_half_made(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    with user(folder) as killed:
        while not any(folder.glob("postgres-new-*/base")):
            time.sleep(0.01)
        killed.kill()
    assert not EmbeddedPostgres(folder).cluster.exists()

    postgres = EmbeddedPostgres(folder)
    assert value(postgres.start().dsn, "SELECT 1") == 1
    assert not list(folder.glob("postgres-new-*"))
    postgres.release()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param('Данные клиента/O\'Brien "$HOME" `id` a%20b&c=d?e#f', id="signs of all kinds"),
        pytest.param("one,two/" + "x" * 150, id="longer than a socket's path may be"),
    ],
)
@pytest.mark.anyio
async def test_any_folder_will_do(name: str, made: Path, tmp_path: Path) -> None:
    place = tmp_path / name
    place.parent.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(copied(made, place))
    try:
        assert await migrate(postgres.start().dsn) > 0
    finally:
        postgres.release()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(Misconfigured, match=rf"MAYAK_DATA_DIR: .*{tmp_path}"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


def test_a_server_that_cannot_start_says_why_with_the_end_of_its_log(folder: Path) -> None:
    with pytest.raises(Misconfigured, match=r"MAYAK_DATA_DIR: .*shared_buffers"):
        EmbeddedPostgres(folder, {"shared_buffers": "many"}).start()


@pytest.mark.parametrize(
    ("memory", "limit", "megabytes"),
    [
        (4 * 2**30, "max\n", 512),
        (4 * 2**30, f"{2**31}\n", 256),
        (2**29, "max", 128),
        (2**37, f"{2**36}", 2048),
        (2**32, "", 512),
    ],
)
def test_its_cache_is_an_eighth_of_the_memory_that_it_may_have(
    memory: int, limit: str, megabytes: int
) -> None:
    assert buffers_mb(memory, limit) == megabytes


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_who_is_not_root_runs_the_server_as_themselves() -> None:
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        child = os.fork()  # a new Python would have to be readable for everybody
        if child == 0:
            os._exit(0 if runs_as(nobody, Path(home)) else 1)
        _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def runs_as(somebody: pwd.struct_passwd, home: Path) -> bool:
    """Become this user for good, and use an embedded PostgreSQL in `home` from begin to end."""
    os.setgroups([])
    os.setgid(somebody.pw_gid)
    os.setuid(somebody.pw_uid)
    try:
        postgres = EmbeddedPostgres(home / "data")
        running = postgres.start()
        owner = psutil.Process(running.pid).username()
        works = value(running.dsn, "SELECT 1") == 1
        postgres.release()
        return works and owner == somebody.pw_name and is_gone(running.pid)
    except Exception:  # noqa: BLE001  # nothing may go on as somebody else
        traceback.print_exc()
        return False
