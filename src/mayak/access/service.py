"""Logging in and out, and finding out who asks and where they may go."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from mayak.access import queries
from mayak.access.model import (
    FIRST_HASH,
    Actor,
    AuditEvent,
    AuditStatus,
    EmailTaken,
    InvalidCredentials,
    Lifetimes,
    LoginLock,
    ProjectScope,
    Role,
    Session,
    TooManyAttempts,
    User,
    UserRole,
    audit_hash,
    email_of,
    login_locks,
    login_wait,
    password_of,
    token_hash,
)
from mayak.kit.text import content_hash
from mayak.platform.db import Conn, Database
from mayak.projects.model import ProjectNotFound

LOCALLY = 1024 * 19
"""Argon2id memory in KiB; with 2 passes, the OWASP minimum for a small server."""


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=LOCALLY, parallelism=1)


@cache
def _nobody() -> str:
    """A hash to check against when there is no such user, so that both take the same time."""
    return _hasher().hash(secrets.token_hex())


async def create_user(
    conn: Conn, *, email: str, name: str, password: str, role: UserRole = "member"
) -> User:
    """A new user. Raises InvalidInput or EmailTaken."""
    address, secret = email_of(email), password_of(password)
    hashed = await asyncio.to_thread(_hasher().hash, secret)
    shown = " ".join(name.split()) or address.partition("@")[0]
    user = await queries.add_user(conn, email=address, name=shown, password_hash=hashed, role=role)
    if user is None:
        raise EmailTaken(address)
    return user


async def set_password(conn: Conn, email: str, password: str) -> None:
    """Change a password and end the user's sessions. Raises InvalidInput, InvalidCredentials."""
    secret = password_of(password)
    found = await queries.credentials(conn, email_of(email))
    if found is None:
        raise InvalidCredentials
    hashed = await asyncio.to_thread(_hasher().hash, secret)
    await queries.set_password(conn, found.id, hashed)
    await queries.end_sessions(conn, found.id)


async def log_in(
    database: Database, email: str, password: str, *, address: str, lifetimes: Lifetimes
) -> str:
    """The token of a new session.

    Raises InvalidCredentials, or TooManyAttempts while a lock is closed. Each attempt is counted
    as a failure before the password is looked at, and forgiven after, so that a wave of guesses
    is as slow as one after the other. An attempt that a lock refused is not counted.
    """
    name = email.strip().lower()[:254].replace("\x00", "")
    locks = login_locks(name, address)
    async with database.system_transaction() as conn:
        for lock in locks:
            counted = await queries.count_attempt(conn, lock.key)
            _check(lock, counted)
        found = await queries.credentials(conn, name)
    stored = found.password_hash if found else _nobody()
    loop = asyncio.get_running_loop()
    right = await loop.run_in_executor(_verifiers(), _matches, stored, password)
    if found is None or not right:
        raise InvalidCredentials
    async with database.system_transaction() as conn:
        for lock in locks:
            settle = queries.forgive if lock.forgiving else queries.take_back
            await settle(conn, lock.key)
        token = secrets.token_urlsafe(32)
        await queries.open_session(conn, token_hash(token), found.id, lifetimes.absolute)
        await queries.sweep_sessions(conn, lifetimes.idle)
    return token


def _check(lock: LoginLock, counted: queries.Failures) -> None:
    if counted.since is None:
        return
    wait = login_wait(counted.failures - 1, free=lock.free, longest=lock.longest)
    if counted.since < wait:
        raise TooManyAttempts(wait - counted.since)


@cache
def _verifiers() -> ThreadPoolExecutor:
    """Threads of their own: each hash takes 19 MiB, and others need the common ones."""
    return ThreadPoolExecutor(2, thread_name_prefix="password")


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


async def log_out(conn: Conn, token: str) -> None:
    await queries.close_session(conn, token_hash(token))


async def session_of(conn: Conn, token: str, lifetimes: Lifetimes) -> Session | None:
    """The live session of this token; notes the visit once a minute."""
    row = await queries.session(conn, token_hash(token), lifetimes.idle)
    if row is None:
        return None
    if row.stale:
        await queries.touch(conn, token_hash(token))
    user = User(id=row.id, email=row.email, name=row.name, role=row.role, locale=row.locale)
    return Session(user=user, active_project_id=row.active_project_id, expires_at=row.expires_at)


async def select(conn: Conn, token: str, user: User, project_id: UUID) -> ProjectScope:
    """Make a project the session's active one. Raises ProjectNotFound, also for a closed door."""
    scope = await queries.scope(conn, user.id, project_id)
    if scope is None:
        raise ProjectNotFound(str(project_id))
    await queries.select_project(conn, token_hash(token), project_id)
    return scope


async def user_names(database: Database, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What these users are called; one that is gone has no entry."""
    if not ids:
        return {}
    async with database.system_transaction() as conn:
        return {one.id: one.name for one in await queries.user_names(conn, ids)}


async def admit(conn: Conn, project_id: UUID, user_id: UUID, role: Role) -> None:
    """Give a user a role in a project."""
    await queries.admit(conn, project_id, user_id, role)


AUDIT_AT_ONCE = 1000


async def audit(
    conn: Conn,
    project_id: UUID,
    *,
    actor: Actor,
    action: str,
    status: AuditStatus,
    at: datetime,
    entity: str | None = None,
    duration_ms: float | None = None,
    payload: Mapping[str, object] | None = None,
) -> None:
    """Note who did what, at the end of the project's chain.

    Others wait to add theirs until this transaction ends, so it comes last in one. Of `payload`
    only a digest is kept.
    """
    last = await queries.last_audit(conn, project_id)
    previous = last.hash if last else FIRST_HASH
    event = AuditEvent(
        ordinal=last.ordinal + 1 if last else 1,
        at=at,
        actor=actor.label,
        action=action,
        entity=entity,
        status=status,
        duration_ms=duration_ms,
        request_id=actor.request_id,
        ip=actor.ip,
        payload_digest=content_hash(payload) if payload is not None else None,
    )
    made = audit_hash(event, project_id, previous)
    await queries.add_audit(conn, project_id, event, previous_hash=previous, hash=made)


async def verify_audit(conn: Conn, project_id: UUID) -> int | None:
    """The ordinal of the first row that was changed, or that stands where one was taken out.

    None when the chain holds. Rows cut off at its end leave no trace in it.
    """
    previous, after = FIRST_HASH, 0
    while rows := await queries.audit_page(conn, project_id, after=after, limit=AUDIT_AT_ONCE):
        for row in rows:
            whole = row.ordinal == after + 1 and row.previous_hash == previous
            if not whole or row.hash != audit_hash(row, project_id, previous):
                return row.ordinal
            previous, after = row.hash, row.ordinal
    return None
