"""HTTP face of logging in and of choosing a project."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from mayak.access import queries, service
from mayak.access.deps import (
    CSRF_COOKIE,
    SESSION_COOKIE,
    CookieRules,
    CurrentSession,
    CurrentUser,
    allow_owner,
)
from mayak.access.model import Locale, ProjectScope, Role, Session, User, UserRole, csrf_token
from mayak.http.paging import Page, decode_moment, encode_moment
from mayak.http.services import Services
from mayak.platform.db import Database
from mayak.projects import service as projects

router = APIRouter()


class View(BaseModel):
    """A row as it leaves the house."""

    model_config = ConfigDict(from_attributes=True)


class UserView(View):
    id: UUID
    email: str
    name: str
    role: UserRole
    locale: Locale | None


class ProjectView(View):
    id: UUID
    slug: str
    name: str
    time_zone: str
    role: Role
    created_at: datetime


class SessionView(View):
    user: UserView
    project: ProjectView | None
    expires_at: datetime


class Login(BaseModel):
    email: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=1000)]


class LocaleChoice(BaseModel):
    locale: Locale


class NewProject(BaseModel):
    name: Annotated[str, Field(max_length=500)]
    slug: Annotated[str | None, Field(max_length=500)] = None
    time_zone: Annotated[str, Field(max_length=100)] = "UTC"


async def _view(services: Services, session: Session) -> SessionView:
    project = None
    if session.active_project_id is not None:
        async with services.get(Database).system_transaction() as conn:
            project = await queries.scope(conn, session.user.id, session.active_project_id)
    return SessionView(
        user=UserView.model_validate(session.user),
        project=ProjectView.model_validate(project) if project else None,
        expires_at=session.expires_at,
    )


@router.post("/auth/login", tags=["access"])
async def log_in(
    credentials: Login, request: Request, response: Response, services: Services
) -> SessionView:
    """Start a session: sets `mayak_session` (HttpOnly) and the readable `mayak_csrf`."""
    rules = services.get(CookieRules)
    database = services.get(Database)
    token = await service.log_in(
        database,
        credentials.email,
        credentials.password,
        address=request.client.host if request.client else "unknown",
        lifetimes=rules.lifetimes,
    )
    age = int(rules.lifetimes.absolute.total_seconds())
    for name, value, hidden in (
        (SESSION_COOKIE, token, True),
        (CSRF_COOKIE, csrf_token(token), False),
    ):
        response.set_cookie(
            name, value, max_age=age, path="/", httponly=hidden, secure=rules.secure, samesite="lax"
        )
    async with database.system_transaction() as conn:
        session = await service.session_of(conn, token, rules.lifetimes)
    assert session is not None
    return await _view(services, session)


@router.post("/auth/logout", status_code=204, tags=["access"])
async def log_out(request: Request, response: Response, services: Services) -> None:
    """End the session. Does nothing when there is none."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        async with services.get(Database).system_transaction() as conn:
            await service.log_out(conn, token)
    for name in (SESSION_COOKIE, CSRF_COOKIE):
        response.delete_cookie(name, path="/")


@router.get("/auth/session", tags=["access"])
async def read_session(session: CurrentSession, services: Services) -> SessionView:
    """Who is logged in, and the project they work on."""
    return await _view(services, session)


@router.patch("/auth/me", tags=["access"])
async def choose_language(choice: LocaleChoice, user: CurrentUser, services: Services) -> UserView:
    """Remember the language of the interface for this user."""
    async with services.get(Database).system_transaction() as conn:
        changed: User | None = await queries.set_locale(conn, user.id, choice.locale)
    return UserView.model_validate(changed)


@router.get("/projects", tags=["projects"])
async def list_projects(
    user: CurrentUser,
    services: Services,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    cursor: str | None = None,
) -> Page[ProjectView]:
    """The projects that you may enter, oldest first."""
    async with services.get(Database).system_transaction() as conn:
        found = await queries.scopes(conn, user.id, after=decode_moment(cursor), limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[ProjectView.model_validate(scope) for scope in found[:limit]],
        next_cursor=encode_moment(last.created_at, last.id) if last else None,
    )


@router.post(
    "/projects", status_code=201, tags=["projects"], dependencies=[allow_owner("projects.create")]
)
async def create_project(new: NewProject, user: CurrentUser, services: Services) -> ProjectView:
    """Create a project. Nothing flows into it before something is bound to it."""
    async with services.get(Database).system_transaction() as conn:
        project = await projects.create(conn, new.name, slug=new.slug, time_zone=new.time_zone)
        await service.admit(conn, project.id, user.id, "owner")
        scope: ProjectScope | None = await queries.scope(conn, user.id, project.id)
    return ProjectView.model_validate(scope)


@router.post("/projects/{project_id}/select", tags=["projects"])
async def select_project(
    project_id: UUID, user: CurrentUser, request: Request, services: Services
) -> ProjectView:
    """Make a project the active one of this session."""
    token = request.cookies[SESSION_COOKIE]
    async with services.get(Database).system_transaction() as conn:
        return ProjectView.model_validate(await service.select(conn, token, user, project_id))
