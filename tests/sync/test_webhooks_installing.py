"""Having services call us: once, mended when lost, and unsigned only for those who insist."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from mayak.access.deps import current_project
from mayak.access.model import ProjectScope
from mayak.errors import Misconfigured, Upstream, UpstreamRejected
from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import Connector
from mayak.sync.service import subscribing
from mayak.sync.service.subscribing import NotInstalled, NotSigned, PublicAddress
from tests.sync.hearing import PUBLIC, Calls, Hearing

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ALL: list[Connector] = ["chatwoot", "linear", "attio"]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def studio(database: Database, project: UUID, world: World) -> Hearing:
    return Hearing(Calls(database, world), project)


@pytest.fixture
def old_studio(database: Database, project: UUID, world: World) -> Hearing:
    """Beside a Chatwoot that signs nothing."""
    return Hearing(Calls(database, world, version="4.10"), project)


def hooks(world: World, connector: Connector) -> int:
    """How many webhooks the service has."""
    match connector:
        case "chatwoot":
            return len(world.webhooks)
        case "linear":
            return len(list(world.linear.webhooks))
        case "attio":
            return len(world.attio.hooks)


def lose(world: World, connector: Connector) -> None:
    """The service forgets all webhooks."""
    world.webhooks.clear()
    world.attio.hooks.clear()
    for hook in list(world.linear.webhooks):
        apply_edit(world, "linear.delete_webhook", {"webhook": hook.id})


@pytest.mark.parametrize("connector", ALL)
async def test_a_second_installation_is_the_first(
    studio: Hearing, world: World, connector: Connector
) -> None:
    before = hooks(world, connector)
    first = await studio.install(connector)
    second = await studio.install(connector)

    assert (first.endpoint.id, first.at_service) == (second.endpoint.id, "on")
    assert hooks(world, connector) == before + 1


@pytest.mark.parametrize("connector", ALL)
async def test_what_the_service_lost_is_seen_and_mended(
    studio: Hearing, world: World, connector: Connector
) -> None:
    first = await studio.install(connector)
    lose(world, connector)
    seen = await subscribing.installed(studio.database, studio.sources, studio.project, connector)
    mended = await studio.install(connector)

    assert seen is not None
    assert (seen.at_service, mended.at_service) == ("gone", "on")
    assert mended.endpoint.id == first.endpoint.id
    assert hooks(world, connector) == 1


@pytest.mark.parametrize("connector", ALL)
async def test_what_is_removed_is_gone_at_both_ends(
    studio: Hearing, world: World, connector: Connector
) -> None:
    before = hooks(world, connector)
    made = await studio.install(connector)
    await subscribing.uninstall(studio.database, studio.sources, studio.project, connector)
    answer = await studio.calls.client.post(made.endpoint.url, content=b"{}")

    assert (hooks(world, connector), answer.status_code) == (before, 404)
    [row] = await studio.rows("SELECT status, secret FROM webhook_endpoints")
    assert row == {"status": "removed", "secret": None}


async def test_no_secret_is_stored_as_it_is(studio: Hearing) -> None:
    await studio.install("linear")
    secret = await studio.secret()

    rows = await studio.rows("SELECT * FROM webhook_endpoints")

    assert len(secret) == 64
    assert secret not in str(rows)
    assert secret.encode() not in bytes(rows[0]["secret"])


async def test_a_service_that_is_away_leaves_an_endpoint_that_says_so(studio: Hearing) -> None:
    await studio.install("linear")
    world = studio.world
    lose(world, "linear")
    world.faults.add("status", service="linear", code=503, op="InstallWebhook")

    with pytest.raises(Upstream):
        await studio.install("linear")

    [row] = await studio.rows("SELECT status, last_error FROM webhook_endpoints")
    assert row["status"] == "failing"
    assert "503" in row["last_error"]


async def test_a_refused_first_installation_leaves_nothing(studio: Hearing) -> None:
    studio.world.faults.add("status", service="attio", code=403, op="webhooks.create", times=None)

    with pytest.raises(UpstreamRejected):
        await studio.install("attio")

    assert await studio.rows("SELECT 1 FROM webhook_endpoints") == []


async def test_a_chatwoot_that_does_not_sign_is_not_installed_by_itself(
    old_studio: Hearing, world: World
) -> None:
    with pytest.raises(NotSigned, match="unsigned"):
        await old_studio.install("chatwoot")

    assert await old_studio.rows("SELECT 1 FROM webhook_endpoints") == []
    assert not world.webhooks


async def test_unsigned_deliveries_are_known_by_their_address(
    old_studio: Hearing, world: World
) -> None:
    await old_studio.bind("chatwoot")
    await old_studio.sync("chatwoot")
    made = await old_studio.install("chatwoot", unsigned=True)
    message = world.add_message(1, "Unsigned")

    await old_studio.hear("chatwoot")

    assert made.endpoint.mode == "path"
    assert "key=" not in made.endpoint.url
    assert (await old_studio.one("message", str(message.id)))["content"] == "Unsigned"


@pytest.mark.parametrize("key", ["", "?key=guessed"], ids=["no key", "a wrong key"])
async def test_an_unsigned_delivery_without_the_key_is_refused(
    old_studio: Hearing, key: str
) -> None:
    made = await old_studio.install("chatwoot", unsigned=True)

    answer = await old_studio.calls.client.post(
        made.endpoint.url + key, content=b'{"event": "contact_updated", "id": 1}'
    )

    assert answer.status_code == 401
    assert await old_studio.deliveries() == []


async def test_a_signing_chatwoot_is_signed_even_if_unsigned_was_allowed(
    studio: Hearing,
) -> None:
    made = await studio.install("chatwoot", unsigned=True)

    assert made.endpoint.mode == "signed"


@pytest.mark.parametrize(
    ("url", "given", "found"),
    [
        pytest.param("https://a.example/", None, "https://a.example", id="of the settings"),
        pytest.param(None, "http://b.example", "http://b.example", id="given"),
    ],
)
def test_the_address_of_the_installation(url: str | None, given: str | None, found: str) -> None:
    assert PublicAddress(url=url).need(given) == found


def test_without_an_address_nothing_is_installed() -> None:
    with pytest.raises(Misconfigured, match="MAYAK_PUBLIC_URL"):
        PublicAddress(url=None).need()


async def test_what_is_not_installed_cannot_be_removed(studio: Hearing) -> None:
    with pytest.raises(NotInstalled):
        await subscribing.uninstall(studio.database, studio.sources, studio.project, "linear")


async def test_a_service_out_of_reach_can_be_forgotten_here(studio: Hearing) -> None:
    await studio.install("linear")
    studio.wire.breaks_at = 1

    with pytest.raises(Upstream):
        await subscribing.uninstall(studio.database, studio.sources, studio.project, "linear")
    await subscribing.uninstall(
        studio.database, studio.sources, studio.project, "linear", here_only=True
    )

    [row] = await studio.rows("SELECT status FROM webhook_endpoints")
    assert row["status"] == "removed"


async def test_over_http_it_is_installed_listed_and_removed(studio: Hearing) -> None:
    def scope() -> ProjectScope:
        return ProjectScope(
            id=studio.project,
            slug="northwind",
            name="Northwind",
            time_zone="UTC",
            role="manager",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )

    studio.calls.app.dependency_overrides[current_project] = scope
    client, address = studio.calls.client, "/connectors/linear/webhooks"
    made = (await client.post(address)).json()
    [listed] = (await client.get(address)).json()["items"]
    gone = await client.delete(f"{address}/{made['id']}")

    assert listed == made
    assert (made["mode"], made["status"], made["at_service"]) == ("signed", "active", "on")
    assert made["url"] == f"{PUBLIC}/webhooks/linear/{made['id']}"
    assert (gone.status_code, (await client.get(address)).json()["items"]) == (204, [])


async def test_what_was_heard_is_counted(studio: Hearing, world: World) -> None:
    await studio.bind("linear")
    await studio.sync("linear")
    await studio.install("linear")
    issue = next(row.id for row in world.linear.issues if row.archived_at is None)
    apply_edit(world, "linear.update_issue", {"issue": issue, "title": "Heard"})
    await studio.hear("linear")

    found = await subscribing.installed(studio.database, studio.sources, studio.project, "linear")

    assert found is not None
    assert (found.counts, found.last_failure) == ({"done": 1}, None)
    assert found.endpoint.last_delivery_at is not None
