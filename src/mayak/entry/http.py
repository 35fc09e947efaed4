"""The web server's app: the routes of every domain, the dashboard, what requests pass through."""

import json
from importlib import resources as packaged
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import ASGIApp

import mayak
from mayak.access import api as access
from mayak.access.deps import CSRF_HEADER, SESSION_COOKIE
from mayak.access.model import csrf_token
from mayak.automation import api as automation
from mayak.entry import monitoring
from mayak.http import errors
from mayak.http.middleware import (
    ApiPrefix,
    BodyLimit,
    CsrfGuard,
    Measures,
    PlainAddresses,
    RequestIds,
)
from mayak.kit.resources import Resources
from mayak.lightrag import api as lightrag
from mayak.platform.telemetry import RequestMeasures
from mayak.sync import api as sync

ROUTERS = (access.router, sync.router, lightrag.router, automation.router, monitoring.router)
PROBLEM = {
    "description": "What went wrong (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
FOR_EVER = "public, max-age=31536000, immutable"
LARGEST_BODY = 2 * 1024 * 1024
"""Bytes. The largest request is a question with its envelope, some ten kilobytes."""


def build_app(services: Resources, *, cors_origins: list[str]) -> FastAPI:
    """The app around what the process was built with."""
    app = FastAPIOffline(
        redoc_url=None,
        title="Mayak",
        version=mayak.__version__,
        summary="A control tower for client work.",
        generate_unique_id_function=_operation_id,
        responses={"default": PROBLEM},
        middleware=_middleware(services, cors_origins),
    )
    app.state.resources = services
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    _dashboard(app, web_folder())
    _describe(app)
    return app


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document; needs neither a database nor settings."""
    services = Resources({RequestMeasures: RequestMeasures()})
    return build_app(services, cors_origins=[]).openapi()


def _operation_id(route: APIRoute) -> str:
    return route.name


def _middleware(services: Resources, cors_origins: list[str]) -> list[Middleware]:
    return [
        Middleware(ApiPrefix),
        Middleware(RequestIds),
        Middleware(PlainAddresses),
        Middleware(BodyLimit, most=LARGEST_BODY),
        Middleware(Measures, observe=services.get(RequestMeasures).observe),
        Middleware(
            CORSMiddleware,
            allow_origins=cors_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["content-type", CSRF_HEADER, "x-request-id", "idempotency-key"],
            expose_headers=["x-request-id", "retry-after"],
        ),
        Middleware(
            CsrfGuard,
            session_cookie=SESSION_COOKIE,
            header=CSRF_HEADER,
            expected=csrf_token,
            origins=cors_origins,
            exempt=["/auth/login"],
        ),
    ]


def web_folder() -> Path | None:
    """Where the built dashboard is: inside the package, or in the checkout. None when not built."""
    inside = Path(str(packaged.files("mayak"))) / "web_dist"
    checkout = Path(__file__).resolve().parents[3] / "web" / "dist"
    return next((folder for folder in (inside, checkout) if (folder / "index.html").exists()), None)


def _file_inside(folder: Path, path: str) -> Path | None:
    """The file of the built dashboard at this address; None when it is not there, or outside."""
    try:
        asked = (folder / path).resolve()
        return asked if asked.is_relative_to(folder.resolve()) and asked.is_file() else None
    except OSError:  # such as a name that is too long
        return None


def _dashboard(app: FastAPI, folder: Path | None) -> None:
    @app.get("/", include_in_schema=False)
    async def to_dashboard() -> Response:
        return RedirectResponse("/app/")

    @app.get("/app", include_in_schema=False)
    async def with_slash() -> Response:
        return RedirectResponse("/app/")

    @app.get("/app/{path:path}", include_in_schema=False)
    async def dashboard(path: str, request: Request) -> Response:
        if folder is None:
            detail = "The dashboard is not built; run `make setup`. The API works without it."
            return errors.problem(request, 404, "dashboard_not_built", detail)
        is_asset = path.startswith("assets/")
        found = _file_inside(folder, path)
        if found is None and is_asset:
            return errors.problem(request, 404, "not_found", "There is no such file.")
        # Every other address is a page of the dashboard; its router knows which.
        headers = PAGE_HEADERS | {"cache-control": FOR_EVER if is_asset else "no-cache"}
        return FileResponse(found or folder / "index.html", headers=headers)


def _describe(app: FastAPI) -> None:
    """Put the problem's schema, which no route returns by name, into the document."""
    original = app.openapi

    def described() -> dict[str, Any]:
        document = original()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            schemas["Problem"] = errors.Problem.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            for operation in _operations(document):
                operation["responses"].pop("422", None)
        return document

    app.openapi = described  # type: ignore[method-assign]


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for path in document.get("paths", {}).values()
        for operation in path.values()
        if isinstance(operation, dict)
    ]


def openapi_text() -> str:
    """The document as it is kept in docs/reference: sorted, so that a diff shows the change."""
    return json.dumps(openapi_document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


__all__ = ["ASGIApp", "build_app", "openapi_document", "openapi_text"]
