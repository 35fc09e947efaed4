"""All SQL of users and sessions. Runs in system transactions: nobody is in a project yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from mayak.access.model import AuditEvent, Locale, ProjectScope, Role, User, UserRole
from mayak.platform.db import Conn, execute, fetch_all, fetch_one, fetch_value

ADD_USER: LiteralString = """
INSERT INTO users (email, name, password_hash, role)
VALUES (%(email)s, %(name)s, %(password_hash)s, %(role)s)
    ON CONFLICT (email) DO NOTHING
RETURNING id, email, name, role, locale
"""


async def add_user(
    conn: Conn, *, email: str, name: str, password_hash: str, role: UserRole
) -> User | None:
    """The new user; None when the address is taken."""
    return await fetch_one(
        conn, User, ADD_USER, email=email, name=name, password_hash=password_hash, role=role
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    id: UUID
    password_hash: str


CREDENTIALS: LiteralString = """
SELECT id, password_hash FROM users WHERE email = %(email)s AND disabled_at IS NULL
"""


async def credentials(conn: Conn, email: str) -> Credentials | None:
    return await fetch_one(conn, Credentials, CREDENTIALS, email=email)


CHANGE_HASH: LiteralString = """
UPDATE users SET password_hash = %(password_hash)s WHERE id = %(user_id)s
"""
END_SESSIONS: LiteralString = "DELETE FROM sessions WHERE user_id = %(user_id)s"


async def set_password(conn: Conn, user_id: UUID, password_hash: str) -> None:
    await execute(conn, CHANGE_HASH, user_id=user_id, password_hash=password_hash)


async def end_sessions(conn: Conn, user_id: UUID) -> int:
    """Log the user out everywhere."""
    return await execute(conn, END_SESSIONS, user_id=user_id)


USERS: LiteralString = "SELECT id, email, name, role, locale FROM users ORDER BY created_at, id"


async def users(conn: Conn) -> list[User]:
    return await fetch_all(conn, User, USERS)


USER_NAMES: LiteralString = "SELECT id, name FROM users WHERE id = ANY(%(ids)s::uuid[])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    id: UUID
    name: str


async def user_names(conn: Conn, ids: Sequence[UUID]) -> list[Named]:
    return await fetch_all(conn, Named, USER_NAMES, ids=list(ids))


SET_LOCALE: LiteralString = """
UPDATE users SET locale = %(locale)s WHERE id = %(user_id)s
RETURNING id, email, name, role, locale
"""


async def set_locale(conn: Conn, user_id: UUID, locale: Locale) -> User | None:
    return await fetch_one(conn, User, SET_LOCALE, user_id=user_id, locale=locale)


OPEN_SESSION: LiteralString = """
INSERT INTO sessions (token_hash, user_id, active_project_id, expires_at)
VALUES (%(token_hash)s, %(user_id)s,
        (SELECT active_project_id FROM sessions
          WHERE user_id = %(user_id)s ORDER BY last_seen_at DESC LIMIT 1),
        now() + %(absolute)s)
"""


async def open_session(conn: Conn, token_hash: bytes, user_id: UUID, absolute: timedelta) -> None:
    """A new session, on the project the user worked on last."""
    await execute(conn, OPEN_SESSION, token_hash=token_hash, user_id=user_id, absolute=absolute)


SESSION: LiteralString = """
SELECT u.id, u.email, u.name, u.role, u.locale, s.active_project_id, s.expires_at,
       s.last_seen_at < now() - interval '1 minute' AS stale
  FROM sessions s JOIN users u ON u.id = s.user_id
 WHERE s.token_hash = %(token_hash)s AND s.expires_at > now()
   AND s.last_seen_at > now() - %(idle)s::interval AND u.disabled_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    id: UUID
    email: str
    name: str
    role: UserRole
    locale: Locale | None
    active_project_id: UUID | None
    expires_at: datetime
    stale: bool
    """Whether its last visit was noted more than a minute ago."""


async def session(conn: Conn, token_hash: bytes, idle: timedelta) -> SessionRow | None:
    """The live session of this token, or None."""
    return await fetch_one(conn, SessionRow, SESSION, token_hash=token_hash, idle=idle)


TOUCH: LiteralString = "UPDATE sessions SET last_seen_at = now() WHERE token_hash = %(token_hash)s"
CLOSE: LiteralString = "DELETE FROM sessions WHERE token_hash = %(token_hash)s"
SWEEP: LiteralString = """
DELETE FROM sessions WHERE expires_at < now() OR last_seen_at < now() - %(idle)s::interval
"""
SELECT_PROJECT: LiteralString = """
UPDATE sessions SET active_project_id = %(project_id)s WHERE token_hash = %(token_hash)s
"""


async def touch(conn: Conn, token_hash: bytes) -> None:
    await execute(conn, TOUCH, token_hash=token_hash)


async def close_session(conn: Conn, token_hash: bytes) -> None:
    await execute(conn, CLOSE, token_hash=token_hash)


async def sweep_sessions(conn: Conn, idle: timedelta) -> int:
    """Remove sessions that are over."""
    return await execute(conn, SWEEP, idle=idle)


async def select_project(conn: Conn, token_hash: bytes, project_id: UUID) -> None:
    await execute(conn, SELECT_PROJECT, token_hash=token_hash, project_id=project_id)


SCOPE: LiteralString = """
SELECT p.id, p.slug, p.name, p.time_zone, p.created_at,
       CASE WHEN u.role = 'owner' THEN 'owner' ELSE m.role END AS role
  FROM projects p
  JOIN users u ON u.id = %(user_id)s
  LEFT JOIN memberships m ON m.project_id = p.id AND m.user_id = u.id
 WHERE p.id = %(project_id)s AND (u.role = 'owner' OR m.role IS NOT NULL)
"""


async def scope(conn: Conn, user_id: UUID, project_id: UUID) -> ProjectScope | None:
    """The project as this user may enter it; None when there is none or they may not."""
    return await fetch_one(conn, ProjectScope, SCOPE, user_id=user_id, project_id=project_id)


SCOPES: LiteralString = """
SELECT p.id, p.slug, p.name, p.time_zone, p.created_at,
       CASE WHEN u.role = 'owner' THEN 'owner' ELSE m.role END AS role
  FROM projects p
  JOIN users u ON u.id = %(user_id)s
  LEFT JOIN memberships m ON m.project_id = p.id AND m.user_id = u.id
 WHERE (u.role = 'owner' OR m.role IS NOT NULL)
   AND (%(after_at)s::timestamptz IS NULL
        OR (p.created_at, p.id) > (%(after_at)s, %(after_id)s::uuid))
 ORDER BY p.created_at, p.id
 LIMIT %(limit)s
"""


async def scopes(
    conn: Conn, user_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[ProjectScope]:
    """The projects that a user may enter, oldest first."""
    return await fetch_all(
        conn,
        ProjectScope,
        SCOPES,
        user_id=user_id,
        after_at=after and after[0],
        after_id=after and after[1],
        limit=limit,
    )


ADMIT: LiteralString = """
INSERT INTO memberships (project_id, user_id, role)
VALUES (%(project_id)s, %(user_id)s, %(role)s)
    ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role
"""


async def admit(conn: Conn, project_id: UUID, user_id: UUID, role: Role) -> None:
    """Give a user a role in a project, or change it."""
    await execute(conn, ADMIT, project_id=project_id, user_id=user_id, role=role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    failures: int
    """This attempt included."""
    since: timedelta | None
    """How long ago the one before it failed; None when it is the first."""


COUNT_ATTEMPT: LiteralString = """
INSERT INTO login_failures AS old (key, failures, last_failed_at) VALUES (%(key)s, 1, now())
    ON CONFLICT (key) DO UPDATE
   SET failures = CASE WHEN old.last_failed_at < now() - interval '1 day' THEN 1
                       ELSE old.failures + 1 END,
       before_that = old.last_failed_at, last_failed_at = now()
RETURNING failures, now() - before_that AS since
"""
FORGIVE: LiteralString = """
DELETE FROM login_failures WHERE key = %(key)s OR last_failed_at < now() - interval '1 day'
"""


async def count_attempt(conn: Conn, key: str) -> Failures:
    """Count an attempt as failed until it succeeds; attempts on one key take turns here."""
    counted = await fetch_one(conn, Failures, COUNT_ATTEMPT, key=key)
    assert counted is not None
    return counted


async def forgive(conn: Conn, key: str) -> None:
    """Clear a key, and those that nobody touched for a day."""
    await execute(conn, FORGIVE, key=key)


TAKE_BACK: LiteralString = """
UPDATE login_failures SET failures = greatest(failures - 1, 0) WHERE key = %(key)s
"""


async def take_back(conn: Conn, key: str) -> None:
    """Take back one attempt that was counted before it succeeded."""
    await execute(conn, TAKE_BACK, key=key)


ANY_USER: LiteralString = "SELECT EXISTS (SELECT FROM users)"


async def any_user(conn: Conn) -> bool:
    found: bool = await fetch_value(conn, ANY_USER)
    return found


TAKE_AUDIT_TURN: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended('audit ' || %(project_id)s::text, 0))
"""
LAST_AUDIT: LiteralString = """
SELECT ordinal, hash FROM audit_events
 WHERE project_id = %(project_id)s
 ORDER BY ordinal DESC
 LIMIT 1
"""
ADD_AUDIT: LiteralString = """
INSERT INTO audit_events
       (project_id, ordinal, at, actor, action, entity, status, duration_ms, request_id, ip,
        payload_digest, previous_hash, hash)
VALUES (%(project_id)s, %(ordinal)s, %(at)s, %(actor)s, %(action)s, %(entity)s, %(status)s,
        %(duration_ms)s, %(request_id)s, %(ip)s, %(payload_digest)s, %(previous_hash)s, %(hash)s)
"""
AUDIT_PAGE: LiteralString = """
SELECT ordinal, at, actor, action, entity, status, duration_ms, request_id, ip, payload_digest,
       previous_hash, hash
  FROM audit_events
 WHERE project_id = %(project_id)s AND ordinal > %(after)s
 ORDER BY ordinal
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLink:
    ordinal: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow(AuditEvent):
    previous_hash: bytes
    hash: bytes


async def last_audit(conn: Conn, project_id: UUID) -> AuditLink | None:
    """The end of a project's chain; nobody else adds to it before this transaction ends."""
    await conn.execute(TAKE_AUDIT_TURN, {"project_id": project_id})
    return await fetch_one(conn, AuditLink, LAST_AUDIT, project_id=project_id)


async def add_audit(
    conn: Conn,
    project_id: UUID,
    event: AuditEvent,
    *,
    previous_hash: bytes,
    hash: bytes,  # noqa: A002  # the name of the column
) -> None:
    await execute(
        conn,
        ADD_AUDIT,
        project_id=project_id,
        ordinal=event.ordinal,
        at=event.at,
        actor=event.actor,
        action=event.action,
        entity=event.entity,
        status=event.status,
        duration_ms=event.duration_ms,
        request_id=event.request_id,
        ip=event.ip,
        payload_digest=event.payload_digest,
        previous_hash=previous_hash,
        hash=hash,
    )


async def audit_page(conn: Conn, project_id: UUID, *, after: int, limit: int) -> list[AuditRow]:
    """Rows of the audit in their order, from behind `after` on."""
    return await fetch_all(
        conn, AuditRow, AUDIT_PAGE, project_id=project_id, after=after, limit=limit
    )
