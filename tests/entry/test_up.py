"""`mayak up`, as it is started and stopped on a person's machine."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from mayak.platform.embedded import EmbeddedPostgres
from tests.entry.test_commands import MAYAK, Shell


@dataclass(frozen=True, slots=True)
class Up:
    process: subprocess.Popen[str]
    said: dict[str, Any]
    """Its JSON document: url and login."""

    @property
    def port(self) -> int:
        return httpx.URL(self.said["url"]).port or 0

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        """The status and everything that was still printed."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        return self.process.returncode, rest


@contextmanager
def up(folder: Path, port: int) -> Iterator[Up]:
    shell = Shell(folder, MAYAK_DATA_DIR=str(folder / "data"), MAYAK_PORT=str(port))
    process = subprocess.Popen(
        [MAYAK, "up", "--json"], cwd=folder, env=shell.variables, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        document = ""
        for line in process.stdout:
            document += line
            if line == "}\n":
                break
        yield Up(process, json.loads(document))
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture
def port() -> Iterator[int]:
    """A port that is taken, with free ones above it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_it_says_where_it_is_answers_and_leaves_no_process_behind(
    tmp_path: Path, port: int
) -> None:
    postgres = EmbeddedPostgres(tmp_path / "data")
    with up(tmp_path, port) as first, up(tmp_path, port) as second:
        server = postgres.postmaster()
        assert server is not None
        assert port < first.port < second.port, "a taken port is stepped over"
        logins = [one.said["login"] for one in (first, second)]
        assert logins.count(None) == 1, "the first owner is made and shown once"

        for one in (first, second):
            health = one.get("/health")
            assert (health.status_code, health.json()["checks"][0]["status"]) == (200, "ok")
        login = next(filter(None, logins))
        answer = httpx.post(f"http://127.0.0.1:{second.port}/api/auth/login", json=login)
        assert answer.json()["user"]["role"] == "owner"

        assert first.stop(signal.SIGINT) == (0, "")
        assert second.get("/health").status_code == 200
        assert postgres.postmaster() == server, "the other one still uses the database"
        assert second.stop(signal.SIGTERM) == (0, "")
    assert not alive(server)
    assert not list((tmp_path / "data").rglob(".s.PGSQL.*"))


def test_a_database_that_dies_under_it_is_started_again(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "data")
    with up(tmp_path, 0) as one:
        before = postgres.postmaster()
        assert before is not None
        psutil.Process(before).kill()
        while not one.get("/health").is_success or postgres.postmaster() in {None, before}:
            pass

        assert one.stop(signal.SIGTERM)[0] == 0
    assert postgres.postmaster() is None
