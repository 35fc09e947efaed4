"""The published schema of Linear as a referee over every question that we ask."""

import gzip
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from mayak.connectors.linear import documents, filters
from mayak.connectors.linear.documents import ALL, STREAMS, Document
from mayak.connectors.linear.webhooks import RESOURCES

CONTRACT = Path(__file__).parents[3] / "shared" / "contracts" / "linear.schema.graphql.gz"
MOST_POINTS = 10_000
TIMES = {
    "since": "2026-03-01T00:00:00+00:00",
    "until": "2026-03-02T00:00:00+00:00",
    "before": "2026-03-01T12:00:00.250Z",
}
PARTS = {"teams": ["t1"], "projects": ["p1"]}

pytestmark = [
    pytest.mark.skipif(not CONTRACT.is_file(), reason=f"the published schema is not at {CONTRACT}")
]


@cache
def schema() -> GraphQLSchema:
    return build_schema(gzip.decompress(CONTRACT.read_bytes()).decode())


def problems(text: str) -> list[str]:
    return [error.message for error in validate(schema(), parse(text))]


def operation(document: Document) -> OperationDefinitionNode:
    (found,) = parse(document.text).definitions
    assert isinstance(found, OperationDefinitionNode)
    return found


def wrong_variables(document: Document, values: dict[str, Any]) -> list[str]:
    definitions = operation(document).variable_definitions or ()
    result = get_variable_values(schema(), definitions, values)
    return [error.message for error in result] if isinstance(result, list) else []


@pytest.mark.parametrize("document", ALL, ids=lambda one: one.operation)
def test_linear_understands_what_we_ask(document: Document) -> None:
    assert problems(document.text) == []


@pytest.mark.parametrize("document", ALL, ids=lambda one: one.operation)
def test_a_question_goes_by_its_name(document: Document) -> None:
    name = operation(document).name
    assert name is not None
    assert name.value == document.operation
    assert [one.operation for one in ALL].count(document.operation) == 1


def test_the_referee_is_awake() -> None:
    wrong_field = documents.STREAMS["issues"].page.text.replace("identifier", "nope")
    assert problems(wrong_field) == ["Cannot query field 'nope' on type 'Issue'."]
    old_date = (
        "query Q($at: DateTime) { issues(filter: { updatedAt: { gte: $at } }) { nodes { id } } }"
    )
    assert "DateTimeOrDuration" in problems(old_date)[0]


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("parts", [PARTS, None], ids=["of parts", "of all"])
@pytest.mark.parametrize("bound", [TIMES["before"], None], ids=["resumed", "fresh"])
def test_linear_understands_our_filters(stream: str, parts: Any, bound: str | None) -> None:
    spec = STREAMS[stream]
    checkpoint = {**TIMES, "within": parts}
    window = filters.in_window(checkpoint, bound) if spec.windowed else {}
    asked = {**window, **filters.in_parts(stream, filters.within(checkpoint))}
    values = {"first": 50, "after": None, "filter": asked, "orderBy": "updatedAt"}

    assert wrong_variables(spec.page, values) == []
    assert wrong_variables(spec.ids, {**values, "orderBy": "createdAt"}) == []
    assert wrong_variables(spec.by_id, {**values, "filter": filters.by_id(["a", "b"])}) == []


def test_the_referee_reads_filters_too() -> None:
    values = {"first": 50, "filter": {"updatedAt": {"since": TIMES["since"]}}}

    assert "since" in wrong_variables(STREAMS["issues"].page, values)[0]


def test_linear_understands_the_webhook_we_ask_for() -> None:
    wanted = {
        "url": "https://mayak.test", "secret": "s", "label": "Mayak", "enabled": True,
        "allPublicTeams": True, "resourceTypes": list(RESOURCES),
    }  # fmt: skip

    assert wrong_variables(documents.INSTALL_WEBHOOK, {"input": wanted}) == []
    assert wrong_variables(documents.INSTALL_WEBHOOK, {"input": {**wanted, "colour": 1}})


def cost(document: Document, first: int) -> float:
    """Points by the published rule, counted on the parsed question with the schema's types."""
    root = operation(document)
    return _selection(root.selection_set, schema().get_root_type(root.operation), first)


def _selection(selection: SelectionSetNode | None, parent: Any, first: int) -> float:
    assert selection is not None
    return sum(
        _field(node, parent, first) for node in selection.selections if isinstance(node, FieldNode)
    )


def _field(node: FieldNode, parent: Any, first: int) -> float:
    inner = get_named_type(parent.fields[node.name.value].type)
    if is_leaf_type(inner):
        return 0.1
    children = _selection(node.selection_set, inner, first)
    return 1 + children * (_first(node, first) if inner.name.endswith("Connection") else 1)


def _first(node: FieldNode, first: int) -> int:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            match argument.value:
                case IntValueNode(value=value):
                    return int(value)
                case VariableNode():
                    return first
    return 50


@pytest.mark.parametrize("document", ALL, ids=lambda one: one.operation)
@pytest.mark.parametrize("first", [1, 50, 100])
def test_our_estimate_is_the_published_rule(document: Document, first: int) -> None:
    assert document.cost(first) == math.ceil(cost(document, first) - 1e-6)


@pytest.mark.parametrize("stream", STREAMS)
def test_a_page_stays_far_below_what_one_question_may_cost(stream: str) -> None:
    spec = STREAMS[stream]

    assert spec.page.cost(spec.size) < MOST_POINTS / 3
    assert spec.by_id.cost(100) < MOST_POINTS * 0.6
    assert spec.ids.cost(documents.MOST) < MOST_POINTS / 3
    assert all(one.cost(documents.MOST) < MOST_POINTS / 3 for one in spec.nested.values())
