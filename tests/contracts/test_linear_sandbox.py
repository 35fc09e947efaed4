"""Our Linear's schema is a part of the real one, and the queries known to work there work here."""

import gzip
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    parse,
    validate,
)

from mayak.sandbox.app import create_app
from mayak.sandbox.linear.schema import served
from mayak.sandbox.linear.telling import LINEAR_KEY
from mayak.sandbox.stories import build_world
from mayak.sandbox.transport import SandboxTransport

CONTRACTS = Path(__file__).resolve().parents[3] / "shared" / "contracts"
SCHEMA = CONTRACTS / "linear.schema.graphql.gz"
QUERIES = CONTRACTS / "linear_queries.graphql"

pytestmark = pytest.mark.skipif(
    not SCHEMA.is_file(), reason="the published schema of Linear is not beside the repository"
)


@cache
def published() -> GraphQLSchema:
    return build_schema(gzip.decompress(SCHEMA.read_bytes()).decode())


def differences(ours: GraphQLSchema, theirs: GraphQLSchema) -> list[str]:
    """Everything that we serve and they do not, or not so."""
    found = []
    for name, mine in ours.type_map.items():
        other = theirs.type_map.get(name)
        if type(other) is not type(mine):
            found.append(name)
        elif isinstance(mine, GraphQLEnumType) and isinstance(other, GraphQLEnumType):
            found += [f"{name}.{value}" for value in mine.values if value not in other.values]
        elif not name.startswith("__") and hasattr(mine, "fields"):
            found += _fields(name, mine, other)
    return found


def _fields(name: str, mine: Any, other: Any) -> list[str]:
    found = []
    for field, value in mine.fields.items():
        real = other.fields.get(field)
        if real is None or str(real.type) != str(value.type):
            found.append(f"{name}.{field}")
        elif isinstance(mine, GraphQLObjectType):
            found += [
                f"{name}.{field}({argument})"
                for argument, given in value.args.items()
                if argument not in real.args or str(real.args[argument].type) != str(given.type)
            ]
    if isinstance(mine, GraphQLInputObjectType):
        needed = [key for key, value in other.fields.items() if str(value.type).endswith("!")]
        found += [f"{name} lacks {key}" for key in needed if key not in mine.fields]
    return found


def test_what_we_serve_is_a_part_of_the_published_schema() -> None:
    assert differences(served(), published()) == []


@pytest.mark.parametrize(
    ("ours", "found"),
    [
        ("type Query { viewer: User! } type User { id: ID!, shoes: Int }", "User.shoes"),
        ("type Query { viewer: User! } type User { id: ID }", "User.id"),
        ("type Query { viewer(x: Int): User! } type User { id: ID! }", "Query.viewer(x)"),
        ("type Query { a: PaginationOrderBy } enum PaginationOrderBy { size }", "Query.a"),
    ],
)
def test_a_schema_of_our_own_invention_is_noticed(ours: str, found: str) -> None:
    assert found in differences(build_schema(ours), published())


def operations() -> list[str]:
    """The documents of the contract, one operation each."""
    if not QUERIES.is_file():
        return []
    return re.split(r"\n(?=query |mutation )", QUERIES.read_text("utf-8"))[1:]


def named(document: str) -> str:
    found = re.search(r"(?:query|mutation) (\w+)", document)
    return found.group(1) if found else "unnamed"


@pytest.mark.parametrize("document", operations(), ids=named)
def test_a_query_that_is_known_to_work_is_valid_here(document: str) -> None:
    assert validate(published(), parse(document)) == []
    assert validate(served(), parse(document)) == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "document", [one for one in operations() if "mutation" not in one], ids=named
)
async def test_a_query_that_is_known_to_work_is_answered(document: str) -> None:
    transport = SandboxTransport(create_app(build_world()))
    body = {"query": document, "variables": {"first": 50, "since": "-P500D"}}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox/linear") as client:
        response = await client.post("/graphql", json=body, headers={"Authorization": LINEAR_KEY})

    answer = response.json()
    assert (response.status_code, answer.get("errors")) == (200, None)
    (root,) = answer["data"].values()
    assert root.get("nodes") or root.get("limits") or "Attachments" in document
