"""What can be a project, and how it is found."""

import asyncio
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayak.errors import InvalidInput
from mayak.platform.db import Database, fetch_value
from mayak.projects import service
from mayak.projects.model import LONGEST_NAME, ProjectNotFound, SlugTaken, draft

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "wanted", "slug"),
    [
        pytest.param("Northwind Traders", None, "northwind-traders", id="words"),
        pytest.param("Балтика Щёлково", None, "baltika-schelkovo", id="Cyrillic"),
        pytest.param("  Café — Zürich  ", None, "cafe-zurich", id="accents and spaces"),
        pytest.param("Anything", "My Own", "my-own", id="as asked"),
        pytest.param("x" * LONGEST_NAME, None, "x" * 60, id="long"),
    ],
)
def test_the_address_is_made_of_the_name(name: str, wanted: str | None, slug: str) -> None:
    assert draft(name, wanted_slug=wanted, time_zone="UTC").slug == slug


@given(name=st.text(max_size=200), slug=st.none() | st.text(max_size=80), zone=st.text(max_size=40))
def test_any_text_is_a_project_that_the_database_takes_or_is_refused(
    name: str, slug: str | None, zone: str
) -> None:
    with suppress(InvalidInput):
        wanted = draft(name, wanted_slug=slug, time_zone=zone)

        assert 0 < len(wanted.name) <= LONGEST_NAME
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", wanted.slug)


async def test_a_project_is_found_by_id_slug_and_name_in_that_order(database: Database) -> None:
    async with database.system_transaction() as conn:
        vega = await service.create(conn, "Vega")
        tricky = await service.create(conn, "vega", slug=str(vega.id))

        assert await service.find(conn, str(vega.id)) == vega
        assert await service.find(conn, " vega ") == vega
        assert tricky.slug == str(vega.id)
        with pytest.raises(ProjectNotFound, match=r"no project \{nowhere\}"):
            await service.find(conn, "{nowhere}")


async def test_two_who_want_the_same_name_at_once_get_one_project(database: Database) -> None:
    async def create() -> object:
        async with database.system_transaction() as conn:
            return await service.create(conn, "Vega")

    outcomes = await asyncio.gather(create(), create(), create(), return_exceptions=True)

    assert sum(isinstance(one, SlugTaken) for one in outcomes) == 2
    async with database.system_transaction() as conn:
        assert await fetch_value(conn, "SELECT count(*) FROM projects") == 1


async def test_the_first_projects_of_an_installation_share_one_workspace(
    database: Database,
) -> None:
    async def create(name: str) -> None:
        async with database.system_transaction() as conn:
            await service.create(conn, name)

    async with database.system_transaction() as conn:
        await service.create(conn, "Vega")
        meanwhile = asyncio.create_task(create("Baltika"))
        await asyncio.sleep(0.3)
    await meanwhile

    async with database.system_transaction() as conn:
        assert await fetch_value(conn, "SELECT count(*) FROM workspaces") == 1
        assert await fetch_value(conn, "SELECT count(*) FROM projects") == 2
