"""The command line, as a person and a program use it: real processes, one data folder."""

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mayak.config import Settings
from tests.conftest import fresh_database
from tests.entry.forking import Forking

MAYAK = Path(sys.executable).with_name("mayak")
FORKING = Forking()
atexit.register(FORKING.close)
PASSWORD = "a long enough password"
CHATWOOT = {
    "CHATWOOT_BASE_URL": "http://127.0.0.1:1",
    "CHATWOOT_API_TOKEN": "hunter2",
    "CHATWOOT_ACCOUNT_ID": "1",
}


class Shell:
    """Runs `mayak` in an empty folder, with none but the given variables of ours."""

    def __init__(self, folder: Path, **variables: str) -> None:
        ours = {name.upper() for name in Settings.model_fields}
        foreign = {name: value for name, value in os.environ.items() if name not in ours}
        self.folder = folder
        self.variables = foreign | variables

    def run(
        self, *words: str, said: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return FORKING.run(words, self.folder, self.variables | variables, said)

    def json(self, *words: str, said: str = "", **variables: str) -> Any:
        """The one JSON document of a command that ends well."""
        done = self.run(*words, "--json", said=said, **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def refused(self, *words: str, **variables: str) -> tuple[int, str, str]:
        """The status, code and detail of a command that fails, as its JSON document has it."""
        done = self.run(*words, "--json", **variables)
        error = json.loads(done.stdout)["error"]
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        return done.returncode, error["code"], error["detail"]


@pytest.fixture(scope="module")
def shell(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Commands on a database that exists already: this is not about the embedded one."""
    with fresh_database(server, template) as dsn:
        yield Shell(tmp_path_factory.mktemp("shell"), DATABASE_URL=dsn)


def test_the_first_command_makes_the_database_and_takes_it_down_again(tmp_path: Path) -> None:
    shell = Shell(tmp_path, MAYAK_DATA_DIR=str(tmp_path / "data"))

    assert shell.json("migrate")["applied"] >= 4
    assert shell.json("migrate") == {"applied": 0}
    assert not list((tmp_path / "data").glob("postgres-*/postmaster.pid"))


def test_users_are_created_once_and_listed(shell: Shell) -> None:
    made = shell.json("user", "create", " Ann@Studio.example", "--owner", said=f"{PASSWORD}\n")

    assert made["user"]["email"] == "ann@studio.example"
    assert made["user"]["role"] == "owner"
    assert [user["email"] for user in shell.json("user", "list")["users"]] == ["ann@studio.example"]
    again = shell.refused("user", "create", "ann@studio.example", "--password", PASSWORD)
    assert again[:2] == (1, "email_taken")


def test_projects_are_created_bound_and_listed(shell: Shell) -> None:
    first = shell.json("project", "create", "Вега", **CHATWOOT)
    assert (first["project"]["slug"], first["bound"]) == ("vega", "the whole account")
    taken = shell.refused("project", "bind", "vega", "--inbox", "7", "--nothing", **CHATWOOT)
    assert taken[1] == "invalid_input"

    assert shell.json("project", "bind", "vega", "--nothing", **CHATWOOT)["scope"] == "none"
    second = shell.json("project", "create", "Baltika", "--inbox", "7", **CHATWOOT)
    assert second["bound"] == "inboxes 7"
    # A refused binding takes the project back, so that the name is free for another try.
    shell.refused("project", "create", "Third", "--inbox", "7", **CHATWOOT)
    assert shell.json("project", "create", "Third", "--inbox", "8", **CHATWOOT)["bound"]

    shown = shell.json("project", "bind", "baltika", **CHATWOOT)
    assert (shown["scope"], [one["external_id"] for one in shown["inboxes"]]) == ("inboxes", ["7"])
    assert [one["slug"] for one in shell.json("project", "list")["projects"]] == [
        *("vega", "baltika", "third")
    ]


def test_names_full_of_signs_are_printed_as_they_are(shell: Shell) -> None:
    shell.run("user", "create", "bob@studio.example", "--name", "Bob [/red] 🗼", said=PASSWORD)
    shell.run("project", "create", "[/b] [bold]x")

    users, projects = shell.run("user", "list"), shell.run("project", "list")

    assert (users.returncode, projects.returncode) == (0, 0), users.stderr + projects.stderr
    assert "Bob [/red] 🗼" in users.stdout
    assert "[/b] [bold]x" in projects.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["project", "bind", "nowhere"], (2, "misconfigured")),
        (["project", "create", "x", "--time-zone", "Mars"], (1, "invalid_input")),
        (["user", "create", "no address", "--password", PASSWORD], (1, "invalid_input")),
        (["user", "create", "a@b.example", "--password", "short"], (1, "invalid_input")),
        (["project", "admit", "nowhere", "a@b.example"], (1, "project_not_found")),
        (["sync", "nothing", "--project", "x"], (1, "invalid_input")),
        (["sync", "linear", "--project", "nowhere"], (1, "project_not_found")),
        (["project", "create"], (2, "usage")),
        (["user", "create", "a@b.example", "--nonsense"], (2, "usage")),
        (["no-such-command"], (2, "usage")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_refusal_is_one_json_document_and_a_status(
    shell: Shell, words: list[str], expected: tuple[int, str]
) -> None:
    assert shell.refused(*words)[:2] == expected


def test_a_wrong_setting_is_one_line_that_names_it(shell: Shell) -> None:
    done = shell.run("user", "list", MAYAK_PORT="many")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mayak: MAYAK_PORT: ")


def test_half_of_the_chatwoot_settings_are_refused_by_name(shell: Shell) -> None:
    status, code, detail = shell.refused("user", "list", CHATWOOT_BASE_URL="http://127.0.0.1:1")

    assert (status, code) == (2, "misconfigured")
    assert detail.startswith("CHATWOOT_API_TOKEN: is missing")


def test_a_database_that_is_not_there_is_named_without_the_password(shell: Shell) -> None:
    address = "postgresql://ann:hunter2@127.0.0.1:1/mayak"
    status, code, detail = shell.refused("user", "list", DATABASE_URL=address)

    assert (status, code) == (2, "misconfigured")
    assert "127.0.0.1:1/mayak" in detail
    assert "hunter2" not in detail


def test_settings_are_shown_with_the_secrets_masked(shell: Shell) -> None:
    done = shell.run("config", "--json", **CHATWOOT)
    shown = {one["name"]: one["value"] for one in json.loads(done.stdout)["settings"]}

    assert shown["CHATWOOT_BASE_URL"] == "http://127.0.0.1:1/"
    assert shown["CHATWOOT_API_TOKEN"] == "********"
    assert set(shown) == {name.upper() for name in Settings.model_fields}
    assert "hunter2" not in done.stdout + done.stderr + shell.run("config", **CHATWOOT).stdout


def test_secrets_are_not_written_even_when_everything_is(shell: Shell) -> None:
    for form in ("json", "text"):
        done = shell.run(
            "user", "create", f"{form}@studio.example", said="hunter2 hunter2\n",
            MAYAK_LOG_LEVEL="debug", MAYAK_LOG_FORMAT=form, **CHATWOOT,
        )  # fmt: skip

        assert done.returncode == 0
        assert "hunter2" not in done.stdout + done.stderr


def test_the_openapi_document_needs_no_database(shell: Shell, tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    printed = shell.run("openapi", **nowhere)
    written = shell.json("openapi", "--output", str(tmp_path / "api.json"), **nowhere)

    assert "/lightrag/query" in json.loads(printed.stdout)["paths"]
    assert Path(written["written"]).read_text(encoding="utf-8") == printed.stdout


def test_a_changed_password_ends_the_sessions(shell: Shell) -> None:
    shell.json("user", "create", "eve@studio.example", said=PASSWORD)
    with psycopg.connect(shell.variables["DATABASE_URL"], autocommit=True) as conn:
        conn.execute(
            "INSERT INTO sessions (token_hash, user_id, expires_at)"
            " SELECT 'x', id, now() + interval '1 day' FROM users WHERE email LIKE 'eve@%'"
        )
        shell.json("user", "password", "eve@studio.example", said="another long password\n")

        assert conn.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_an_examination_says_what_can_be_examined(tmp_path: Path) -> None:
    shell = Shell(tmp_path)

    what = "eval: say what to examine: --golden or --dataset FOLDER"
    assert shell.refused("eval")[1:] == ("invalid_input", what)
    unknown = shell.refused("eval", "--golden", "-p", "vega", "-p", "kestrel")
    assert "'kestrel' is no client of the studio" in unknown[2]
