"""Every statement in every `queries` module must parse and type-check against the real schema."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping

import pytest

import mayak
from mayak.platform.db import Conn

pytestmark = [pytest.mark.anyio, pytest.mark.database]

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


def statements() -> Iterator[object]:
    for module in pkgutil.walk_packages(mayak.__path__, "mayak."):
        if ".queries" in module.name and ".sandbox" not in module.name:
            for name, value in vars(importlib.import_module(module.name)).items():
                if name.isupper():
                    yield from spoken(f"{module.name}.{name}", value)


def spoken(name: str, value: object) -> Iterator[object]:
    """A statement, or those of a mapping together; a template is spoken by what is made of it."""
    if isinstance(value, str):
        if value.strip().startswith(VERBS) and "{table}" not in value:
            yield pytest.param([value], id=name)
    elif isinstance(value, Mapping):
        texts = [one for one in value.values() if isinstance(one, str)]
        if texts and all(one.strip().startswith(VERBS) for one in texts):
            yield pytest.param(texts, id=name)


FOUND = list(statements())


def test_statements_are_found() -> None:
    assert len(FOUND) > 40


@pytest.mark.parametrize("statements", FOUND)
async def test_statement_prepares(conn: Conn, statements: list[str]) -> None:
    for statement in statements:
        names = dict.fromkeys(re.findall(r"%\((\w+)\)[sbt]", statement))
        for position, name in enumerate(names, start=1):
            statement = re.sub(rf"%\({name}\)[sbt]", f"${position}", statement)  # noqa: PLW2901
        await conn.execute(f"PREPARE checked AS {statement.replace('%%', '%')}".encode())
        await conn.execute(b"DEALLOCATE checked")
