"""The one place where an error becomes a response: RFC 9457 problem+json, always."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from mayak.errors import AppError, TooMany, Upstream
from mayak.platform.db import OperationalError

log = structlog.get_logger(__name__)


class Problem(BaseModel):
    """What went wrong, in RFC 9457's words, with our stable `code`."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    facts: dict[str, Any] = {}
    """The error's own fields, such as the name of what was not found."""


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    facts: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem as a response."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        request_id=str(request.scope.get("request_id", "")),
        facts=jsonable_encoder(dict(facts or {})),
    )
    return JSONResponse(
        body.model_dump(), status, dict(headers or {}), media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    """Teach the app to answer every failure with a problem."""

    @app.exception_handler(AppError)
    async def expected(request: Request, error: AppError) -> JSONResponse:
        headers: dict[str, str] = {}
        wait = error.retry_after if isinstance(error, TooMany | Upstream) else None
        if wait is not None:
            headers["retry-after"] = str(max(1, int(wait.total_seconds())))
        facts = {
            name: value.total_seconds() if isinstance(value, timedelta) else value
            for name, value in error.facts().items()
        }
        return problem(request, error.status, error.code, str(error), facts=facts, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(
            request, 422, "invalid_input", _sentence(error.errors()), facts=_fields(error.errors())
        )

    @app.exception_handler(HTTPException)
    async def routed(request: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "_").replace("-", "_")
        return problem(
            request, error.status_code, code, str(error.detail or phrase), headers=error.headers
        )

    @app.exception_handler(OperationalError)
    async def database_gone(request: Request, error: OperationalError) -> JSONResponse:
        log.error("the database did not answer", error=str(error).strip())
        detail = "The database does not answer; this is tried again by itself. See GET /health."
        return problem(request, 503, "database_unavailable", detail, headers={"retry-after": "5"})


def _where(location: Sequence[object]) -> str:
    return ".".join(str(part) for part in location if part not in {"body", "query", "path"})


def _sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{_where(one['loc']) or 'request'}: {one['msg']}" for one in errors[:5])


def _fields(errors: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    return {"fields": [{"field": _where(one["loc"]), "reason": one["msg"]} for one in errors[:50]]}
