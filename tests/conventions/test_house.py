"""Rules of the house that no linter knows."""

import ast
import re
from pathlib import Path

import mayak.errors
from mayak.config import Settings
from mayak.entry.http import openapi_text

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "mayak"

MAY_SEE_ALL_PROJECTS = {
    "platform/db.py",  # defines it
    "access/api.py",
    "access/deps.py",
    "access/service.py",
    "automation/api/schedule.py",
    "automation/service/recording.py",
    "automation/service/schedules.py",
    "automation/service/ticking.py",
    "automation/service/worker.py",
    "sync/service/bindings.py",
    "sync/service/governor.py",
    "sync/service/merging.py",
    "sync/service/webhooks.py",
    "entry/cli/data.py",
    "entry/cli/jobs/scope.py",
    "entry/cli/people.py",
    "entry/cli/processes.py",
    "entry/demo.py",
    "entry/monitoring.py",
    "entry/dataset/examine.py",
    "entry/studio.py",
    "entry/tracking.py",
}
"""Login, the job engine, who owns which part of an account, commands and gauges of all projects."""


def test_a_system_transaction_is_opened_only_where_it_may_be() -> None:
    users = {
        str(file.relative_to(SOURCE))
        for file in SOURCE.rglob("*.py")
        if re.search(
            r"system_transaction\(|\.engine\(|def engine\(", file.read_text(encoding="utf-8")
        )
    }

    assert users == MAY_SEE_ALL_PROJECTS


def test_error_codes_are_unique() -> None:
    codes: dict[str, str] = {}
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
                    code = ast.unparse(line.value)
                    assert code not in codes, f"{node.name} and {codes[code]} share {code}"
                    codes[code] = node.name
    assert len(codes) > 10


def test_only_queries_speak_sql() -> None:
    speaks = re.compile(r'"""\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b')
    allowed = {"platform/queue.py", "platform/schema.py", "platform/db.py"}
    found = {
        str(file.relative_to(SOURCE))
        for file in SOURCE.rglob("*.py")
        if "queries" not in str(file) and speaks.search(file.read_text(encoding="utf-8"))
    }

    assert found <= allowed


def test_the_openapi_document_in_the_docs_is_the_one_we_serve() -> None:
    kept = (ROOT / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8")

    assert kept == openapi_text(), "run `make openapi`"


def test_every_setting_is_explained_in_env_example_and_the_docs() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    reference = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert re.search(rf"^#? ?{name.upper()}=", example, re.MULTILINE), name
        assert field.description, name
        assert f"`{name.upper()}`" in reference, name


def test_every_command_and_job_and_route_is_documented() -> None:
    from mayak.automation.model import Registry
    from mayak.entry.cli import app
    from mayak.entry.http import openapi_document
    from mayak.entry.wiring import JOB_MODULES

    commands = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    for one in app.registered_commands:
        assert one.callback
        assert f"mayak {one.name or one.callback.__name__}" in commands
    jobs = (ROOT / "docs" / "reference" / "jobs.md").read_text(encoding="utf-8")
    for name in Registry.of(JOB_MODULES):
        assert f"`{name}`" in jobs
    for path, operations in openapi_document()["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description"), f"{method} {path} says nothing"


def test_what_is_built_is_not_planned_any_more() -> None:
    from mayak.automation.model import Registry
    from mayak.automation.planned import PLANNED
    from mayak.entry.wiring import JOB_MODULES

    assert not {one.name for one in PLANNED} & set(Registry.of(JOB_MODULES))


def test_no_error_is_raised_without_a_place_in_the_tree() -> None:
    for name, value in vars(mayak.errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert issubclass(value, mayak.errors.AppError), name


def test_locks_name_no_addresses() -> None:
    files = [*(ROOT / "requirements").glob("*.txt"), ROOT / "web" / "package-lock.json"]
    assert len(files) == 4
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "://" not in text or '"resolved"' not in text, file
        assert '"resolved": "http' not in text, file
