"""`mayak lightrag reembed` as a person and a program use it."""

import hashlib
from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import fresh_database
from tests.entry.test_commands import Shell

SET = """
INSERT INTO embedding_sets (project_id, provider, model, space, dimensions, status)
SELECT id, 'openai', %s, %s, 3, %s FROM projects WHERE slug = 'beans'
"""


@pytest.fixture(scope="module")
def shell(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with fresh_database(server, template) as dsn:
        shell = Shell(tmp_path_factory.mktemp("vectors"), DATABASE_URL=dsn)
        shell.json("project", "create", "Beans")
        yield shell


def add_set(shell: Shell, model: str, status: str) -> None:
    with psycopg.connect(shell.variables["DATABASE_URL"], autocommit=True) as conn:
        space = hashlib.sha256(model.encode()).hexdigest()[:8]
        conn.execute(SET, (model, f"openai/{model}/default/{space}", status))


def test_vectors_are_told_and_the_former_ones_taken_back(shell: Shell) -> None:
    words = ("lightrag", "reembed", "-p", "beans")
    assert shell.json(*words, "--status") == {"sets": [], "run": None}
    assert shell.refused(*words, "--rollback")[0] != 0
    add_set(shell, "old", "previous")
    add_set(shell, "new", "active")

    before = shell.json(*words, "--status")["sets"]
    after = shell.json(*words, "--rollback")["sets"]

    assert {one["model"]: one["status"] for one in before} == {"new": "active", "old": "previous"}
    assert {one["model"]: one["status"] for one in after}["old"] == "active"
    assert "old" in shell.run(*words, "--status").stdout


def test_looking_and_going_back_are_not_asked_for_at_once(shell: Shell) -> None:
    words = ("lightrag", "reembed", "-p", "beans", "--status", "--rollback")

    assert shell.refused(*words)[1:] == (
        "invalid_input",
        "rollback: say either --rollback or --status",
    )
