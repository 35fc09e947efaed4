"""What routes ask for: the user, the project, a transaction in it, a permission."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from mayak.access import queries, service
from mayak.access.model import (
    LEAST,
    Lifetimes,
    NoProjectSelected,
    Permission,
    PermissionMissing,
    ProjectScope,
    Session,
    User,
    may,
)
from mayak.errors import Unauthenticated
from mayak.http.services import Services
from mayak.platform.db import Conn, Database

SESSION_COOKIE = "mayak_session"
CSRF_COOKIE = "mayak_csrf"
CSRF_HEADER = "x-csrf-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieRules:
    """How cookies are set, and how long sessions live."""

    secure: bool
    lifetimes: Lifetimes


async def current_session(request: Request, services: Services) -> Session:
    """Who asks. Raises Unauthenticated."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        raise Unauthenticated
    lifetimes = services.get(CookieRules).lifetimes
    async with services.get(Database).system_transaction() as conn:
        session = await service.session_of(conn, token, lifetimes)
    if session is None:
        raise Unauthenticated
    return session


CurrentSession = Annotated[Session, Depends(current_session)]


async def current_user(session: CurrentSession) -> User:
    return session.user


CurrentUser = Annotated[User, Depends(current_user)]


async def current_project(session: CurrentSession, services: Services) -> ProjectScope:
    """The session's active project. Raises NoProjectSelected, also when access to it ended."""
    if session.active_project_id is None:
        raise NoProjectSelected
    async with services.get(Database).system_transaction() as conn:
        scope = await queries.scope(conn, session.user.id, session.active_project_id)
    if scope is None:
        raise NoProjectSelected
    return scope


CurrentProject = Annotated[ProjectScope, Depends(current_project)]


async def transaction(project: CurrentProject, services: Services) -> AsyncIterator[Conn]:
    """The request's unit of work, committed before the answer leaves."""
    async with services.get(Database).transaction(project.id) as conn:
        yield conn


Tx = Annotated[Conn, Depends(transaction, scope="function")]


def allow(permission: Permission) -> Any:
    """A dependency that lets only those pass who have `permission` in the active project."""

    async def check(project: CurrentProject) -> None:
        if not may(project.role, permission):
            raise PermissionMissing(permission, project.role)

    check.__name__ = f"allow {permission}"
    return Depends(check)


def allow_owner(permission: Permission) -> Any:
    """A dependency for what concerns the installation, not a project: its owners may."""

    async def check(user: CurrentUser) -> None:
        if user.role != LEAST[permission]:
            raise PermissionMissing(permission, user.role)

    check.__name__ = f"allow {permission}"
    return Depends(check)
