"""All local servers of one World as one ASGI app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from mayak.sandbox.attio.routes import attio_routes
from mayak.sandbox.attio.webhooks import AttioSender
from mayak.sandbox.chatwoot.routes import chatwoot_routes
from mayak.sandbox.chatwoot.webhooks import Version, WebhookSender
from mayak.sandbox.control import control_routes
from mayak.sandbox.linear.routes import linear_routes
from mayak.sandbox.linear.webhooks import LinearSender
from mayak.sandbox.openai.routes import openai_routes
from mayak.sandbox.world import World


def create_app(
    world: World,
    *,
    version: Version = "4.13",
    webhook_client: httpx.AsyncClient | None = None,
) -> Starlette:
    """Chatwoot at /chatwoot and, the same, at the root; Linear at /linear, Attio at /attio,
    OpenAI at /openai; the control at /_control.

    `version` says whether webhooks are signed. `webhook_client` sends them, for tests that
    receive them without sockets; it is not closed here. The senders are at
    `app.state.webhooks`, `app.state.linear_webhooks` and `app.state.attio_webhooks`.
    """
    sender = WebhookSender(world, version=version, client=webhook_client)
    linear_sender = LinearSender(world, client=webhook_client)
    attio_sender = AttioSender(world, client=webhook_client)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        for one in (sender, linear_sender, attio_sender):
            await one.aclose()

    async def index(request: Request) -> Response:
        return JSONResponse(describe(world, str(request.base_url).rstrip("/")))

    chatwoot = chatwoot_routes(world)
    app = Starlette(
        routes=[
            Route("/", index),
            Mount("/_control", routes=control_routes(world)),
            Mount("/chatwoot", routes=chatwoot),
            Mount("/linear", routes=linear_routes(world)),
            Mount("/attio", routes=attio_routes(world)),
            Mount("/openai", routes=openai_routes(world)),
            *chatwoot,
        ],
        lifespan=lifespan,
    )
    app.state.world = world
    app.state.webhooks = sender
    app.state.linear_webhooks = linear_sender
    app.state.attio_webhooks = attio_sender
    return app


def describe(world: World, base: str) -> dict[str, Any]:
    """What one needs to talk to these servers."""
    agents = [row for row in world.agents.values() if row.token]
    return {
        "services": {
            "chatwoot": f"{base}/chatwoot",
            "linear": f"{base}/linear",
            "attio": f"{base}/attio",
            "openai": f"{base}/openai",
        },
        "control": f"{base}/_control",
        "account_id": world.account_id,
        "tokens": [
            {"name": row.name, "role": row.role, "api_access_token": row.token} for row in agents
        ],
        "linear_keys": [
            {"name": world.linear.users[user_id].name, "authorization": key}
            for key, user_id in world.linear.keys.items()
        ],
        "openai_key": world.openai.key,
        "projects": [
            {
                "slug": project.slug,
                "name": project.name,
                "time_zone": project.time_zone,
                "inbox_ids": list(project.inbox_ids),
                "linear_team_ids": list(project.linear_team_ids),
                "attio_company_ids": list(project.attio_company_ids),
            }
            for project in world.projects
        ],
    }
