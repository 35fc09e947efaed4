"""`mayak connectors`: the same verbs as over HTTP, with services that answer over real sockets."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from mayak.platform.secrets import new_key
from tests.conftest import fresh_database
from tests.entry.test_commands import MAYAK, Shell

NOWHERE = "http://127.0.0.1:1"
SECRET = "lin_api_hunter2"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The three services as a process of their own; the settings that name them."""
    with subprocess.Popen(
        [MAYAK, "sandbox", "--port", "0", "--json"],
        cwd=tmp_path_factory.mktemp("services"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        text = ""
        for line in process.stdout:
            text += line
            if line == "}\n":
                break
        yield json.loads(text)["environment"]
        process.terminate()


@pytest.fixture(scope="module")
def shell(
    server: str,
    template: str,
    tmp_path_factory: pytest.TempPathFactory,
    services: dict[str, str],
) -> Iterator[Shell]:
    with fresh_database(server, template) as dsn:
        folder = tmp_path_factory.mktemp("connectors")
        keys = {"DATABASE_URL": dsn, "MAYAK_SECRET_KEY": new_key()}
        yield Shell(folder, **keys, **services)


class Desk:
    """The commands of connectors on one project."""

    def __init__(self, shell: Shell, slug: str) -> None:
        self.shell = shell
        self.slug = slug

    def json(self, *words: str, said: str = "", **variables: str) -> Any:
        return self.shell.json("connectors", *words, "-p", self.slug, said=said, **variables)

    def refused(self, *words: str, **variables: str) -> tuple[str, str]:
        """The code and the detail."""
        return self.shell.refused("connectors", *words, "-p", self.slug, **variables)[1:]

    def says(self, *words: str, said: str = "", **variables: str) -> str:
        """What a person sees, on both streams."""
        done = self.shell.run("connectors", *words, "-p", self.slug, said=said, **variables)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def one(self, connector: str, **variables: str) -> Any:
        items = self.json("list", **variables)["items"]
        return next(one for one in items if one["connector"] == connector)


@pytest.fixture(scope="module")
def first(shell: Shell) -> Any:
    """What creating the first project of the installation says."""
    return shell.json("project", "create", "First of all")


@pytest.fixture(scope="module")
def later(shell: Shell, first: Any) -> Any:
    """What creating the second one says."""
    _ = first
    return shell.json("project", "create", "Later on")


@pytest.fixture
def desk(shell: Shell, later: Any) -> Desk:
    """The second project, with nothing bound or stored anywhere."""
    with psycopg.connect(shell.variables["DATABASE_URL"], autocommit=True) as conn:
        for table in ("connector_bindings", "connector_claims", "connector_connections"):
            conn.execute(f"DELETE FROM {table}".encode())
    return Desk(shell, later["project"]["slug"])


def test_the_first_project_gets_the_whole_of_every_service(first: Any, later: Any) -> None:
    whole = "the whole account"

    assert first["connectors"] == {"chatwoot": whole, "linear": whole, "attio": whole}
    assert later["connectors"]["linear"].startswith("nothing bound yet")


def test_a_service_that_is_down_keeps_nobody_from_a_project(
    server: str, template: str, shell: Shell
) -> None:
    with fresh_database(server, template) as dsn:
        made = shell.json("project", "create", "Alone", DATABASE_URL=dsn, LINEAR_BASE_URL=NOWHERE)

    assert made["connectors"]["linear"].startswith("Linear failed")
    assert "mayak connectors bind linear -p alone" in made["connectors"]["linear"]
    assert made["connectors"]["attio"] == "the whole account"


def test_connectors_are_listed_with_what_to_do(desk: Desk) -> None:
    linear = desk.one("linear")
    said = desk.says("list")

    assert (linear["configured"], linear["line"]["status"]) == (True, "idle")
    assert "No team or project of Linear belongs to this project yet." in said
    assert "mayak connectors bind" in said


def test_a_test_says_whose_the_credential_is(desk: Desk) -> None:
    seen = desk.json("test", "linear")

    assert (seen["ok"], seen["error"]) == (True, None)
    assert seen["account_name"] in desk.says("test", "linear")


def test_a_dead_address_ends_with_one_and_says_what_to_do(desk: Desk) -> None:
    done = desk.shell.run(
        "connectors", "test", "linear", "-p", desk.slug, "--json", LINEAR_BASE_URL=NOWHERE
    )

    seen = json.loads(done.stdout)
    assert (done.returncode, seen["ok"], seen["error"]["kind"]) == (1, False, "network")
    assert "can be reached" in desk.says("test", "linear", LINEAR_BASE_URL=NOWHERE)


def test_a_secret_is_read_from_stdin_or_a_variable_and_never_shown(
    desk: Desk, services: dict[str, str]
) -> None:
    key = services["LINEAR_API_KEY"]
    piped = desk.json("connect", "linear", said=f"{key}\n")
    named = desk.json("connect", "linear", "--secret-env", "MY_KEY", MY_KEY=key)
    words = desk.says("connect", "linear", said=f"{key}\n", MAYAK_LOG_LEVEL="debug")

    assert (piped["connector"]["own"], named["test"]["ok"]) == (True, True)
    assert key not in str(piped) + str(named) + words
    with psycopg.connect(desk.shell.variables["DATABASE_URL"]) as conn:
        rows = conn.execute("SELECT c::text FROM connector_connections AS c").fetchall()
    assert key not in str(rows)
    assert key.encode().hex() not in str(rows)
    assert desk.json("disconnect", "linear")["own"] is False


def test_a_secret_on_the_command_line_is_not_taken(desk: Desk) -> None:
    assert desk.refused("connect", "linear", "--secret", SECRET)[0] == "usage"
    assert desk.refused("connect", "linear", SECRET)[0] == "usage"


def test_a_refused_credential_is_stored_only_by_force(desk: Desk) -> None:
    code, detail = desk.refused("connect", "linear", "--secret-env", "MY_KEY", MY_KEY=SECRET)
    forced = desk.json("connect", "linear", "--force", said=f"{SECRET}\n")

    assert code == "connection_failed"
    assert SECRET not in detail
    assert (forced["connector"]["own"], forced["test"]["ok"]) == (True, False)


def test_a_lost_key_of_the_installation_is_named(desk: Desk, services: dict[str, str]) -> None:
    desk.json("connect", "linear", said=services["LINEAR_API_KEY"])

    linear = desk.one("linear", MAYAK_SECRET_KEY=new_key())

    assert linear["line"]["status"] == "auth_failed"
    assert "MAYAK_SECRET_KEY" in linear["line"]["cause"]


def test_a_connector_is_paused_and_enabled(desk: Desk) -> None:
    paused = desk.json("pause", "linear")
    said = desk.says("list")
    enabled = desk.json("enable", "linear")

    assert (paused["status"], paused["paused_by"]) == ("paused", "the command line")
    assert "the command line paused Linear" in said
    assert enabled["status"] == "enabled"


def test_parts_are_named_by_id_name_or_key(desk: Desk) -> None:
    items = desk.json("parts", "linear")["items"]
    team = next(one for one in items if one["kind"] == "team")
    key = team["name"].split(" · ")[0]

    for text in (team["external_id"], team["name"], key.lower()):
        bound = desk.json("bind", "linear", "--team", text)
        assert [one["external_id"] for one in bound["parts"]] == [team["external_id"]]
    assert desk.json("bind", "linear")["parts"] == bound["parts"]
    assert desk.refused("bind", "linear", "--team", "no such team")[0] == "invalid_input"
    assert desk.refused("bind", "linear", "--team", key, "--nothing")[0] == "invalid_input"


def test_each_service_has_parts_of_its_own(desk: Desk) -> None:
    assert desk.json("bind", "chatwoot", "--inbox", "1")["scope"] == "inboxes"
    assert desk.json("bind", "attio", "--filter", '{"name": "Vega"}')["scope"] == "parts"
    assert desk.refused("bind", "attio", "--team", "x")[0] == "invalid_input"
    assert desk.json("bind", "attio", "--account")["scope"] == "account"


def test_what_another_project_has_is_refused(desk: Desk) -> None:
    other = Desk(desk.shell, "first-of-all")
    desk.json("bind", "linear", "--account")

    items = other.json("parts", "linear")["items"]

    assert other.refused("bind", "linear", "--account")[0] == "binding_taken"
    assert {one["bound"] for one in items} == {"elsewhere"}


def test_records_and_the_mapping_are_there_after_a_sync(desk: Desk) -> None:
    desk.json("bind", "attio", "--account")
    desk.shell.json("sync", "attio", "-p", desk.slug)

    companies = desk.json("records", "attio", "companies", "--limit", "2")
    rest = desk.json("records", "attio", "companies", "--cursor", companies["next_cursor"])
    mapped = desk.json("mapping")["objects"][0]
    name = next(one for one in mapped["fields"] if one["field"] == "name")
    other = next(one for one in name["candidates"] if one != name["attribute"])
    changed = desk.json("mapping", "--set", f"companies.name={other['slug']}")["objects"][0]
    back = desk.json("mapping", "--by-name", "companies.name")["objects"][0]

    assert len(companies["items"]) == 2
    assert rest["items"]
    assert mapped["object"] == "companies"
    chosen = next(one for one in changed["fields"] if one["chosen_by"] == "person")
    assert chosen["attribute"] == other
    assert back == mapped
    assert companies["items"][0]["external_id"] in desk.says("records", "attio", "companies")
    assert desk.refused("records", "attio", "issues")[0] == "stream_unknown"


@pytest.mark.parametrize(
    ("words", "job_type"),
    [
        (["retry", "linear"], "connector_errors_retry"),
        (["reconcile", "linear", "--stream", "issues"], "connectors_reconciliation_run"),
        (["repair", "--kind", "missing"], "connectors_reconciliation_repair"),
    ],
)
def test_upkeep_asks_for_the_job_that_does_it(desk: Desk, words: list[str], job_type: str) -> None:
    asked = desk.json(*words)

    assert (asked["job_type"], asked["status"]) == (job_type, "queued")


def test_errors_are_listed_when_there_are_some(desk: Desk) -> None:
    assert desk.json("errors") == {"items": [], "next_cursor": None}
    assert "Nothing failed" in desk.says("errors", "linear")


def test_without_any_credential_a_command_says_which_setting_is_missing(desk: Desk) -> None:
    shell = Shell(desk.shell.folder, DATABASE_URL=desk.shell.variables["DATABASE_URL"])

    status, code, detail = shell.refused("connectors", "parts", "linear", "-p", desk.slug)

    assert (status, code) == (2, "not_connected")
    assert detail.startswith("LINEAR_API_KEY")


def test_a_fresh_key_is_a_key(shell: Shell) -> None:
    made = shell.json("config", "secret-key")["secret_key"]

    assert made != shell.run("config", "secret-key").stdout.strip()
    assert shell.json("project", "list", MAYAK_SECRET_KEY=made)["projects"] is not None
    assert shell.json("config")["settings"]
