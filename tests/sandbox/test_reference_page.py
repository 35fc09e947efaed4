"""What docs/reference/sandbox-world.md says is so."""

import re
from pathlib import Path

import pytest

from mayak.sandbox.edits import EDITS
from mayak.sandbox.faults import KINDS
from mayak.sandbox.jsonl import FILES, BadExport, load_world
from mayak.sandbox.linear.edits import EDITS as LINEAR_EDITS
from mayak.sandbox.linear.telling import LINEAR_KEY, LINEAR_MEMBER_KEY
from mayak.sandbox.openai.provider import CHAT_MODELS, EMBEDDING_MODELS, OPENAI_KEY
from mayak.sandbox.stories import ADMIN_TOKEN, AGENT_TOKEN

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox-world.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text("utf-8")


@pytest.fixture
def export(page: str, tmp_path: Path) -> Path:
    """The smallest World of the page, written to files."""
    for name in ("conversations", "messages"):
        found = re.search(rf"^`{name}\.jsonl`\n\n```json\n(.*?)```", page, re.DOTALL | re.MULTILINE)
        assert found
        (tmp_path / f"{name}.jsonl").write_text(found.group(1), "utf-8")
    return tmp_path


def test_every_fault_is_listed_with_its_arguments(page: str) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) ?\|", page, re.MULTILINE))

    assert {kind: set(re.findall(r"\w+", rows.get(kind, "missing"))) for kind in KINDS} == {
        kind: set(args) for kind, args in KINDS.items()
    }


def test_every_edit_file_token_and_model_is_named(page: str) -> None:
    linear = [*LINEAR_EDITS, LINEAR_KEY, LINEAR_MEMBER_KEY]
    models = [*EMBEDDING_MODELS, *CHAT_MODELS, OPENAI_KEY]
    names = [*EDITS, *linear, *(f"{file}.jsonl" for file in FILES), ADMIN_TOKEN, AGENT_TOKEN]
    names += models

    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_smallest_world_can_be_served(export: Path) -> None:
    world = load_world(export)

    assert [row.content for row in world.messages_of((1, 1))] == ["Hello", "Hi!"]


def test_a_bad_line_is_reported_as_the_page_says(page: str, export: Path) -> None:
    path = export / "messages.jsonl"
    first, second = path.read_text("utf-8").splitlines()
    second = second.replace('"conversation_id": 1', '"conversation_id": 99')
    path.write_text(f"{first}\n{second}\n", "utf-8")

    with pytest.raises(BadExport) as caught:
        load_world(export)
    assert str(caught.value).replace(str(export), "my-export") in page
