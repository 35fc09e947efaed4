"""Who may do what: users, sessions, roles and the one table of permissions."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import orjson

from mayak.errors import Conflict, Forbidden, InvalidInput, TooMany, Unauthenticated

UserRole = Literal["owner", "member"]
Role = Literal["owner", "manager", "operator", "viewer"]
Locale = Literal["en", "ru"]
Permission = Literal[
    "projects.read",
    "projects.create",
    "lightrag.read",
    "lightrag.ask",
    "lightrag.refresh",
    "lightrag.reembed",
    "lightrag.review",
    "jobs.read",
    "jobs.run",
    "jobs.manage",
    "connectors.read",
    "connectors.inspect",
    "connectors.manage",
]

RANK: dict[Role, int] = {"viewer": 0, "operator": 1, "manager": 2, "owner": 3}
LEAST: dict[Permission, Role] = {
    "projects.read": "viewer",
    "projects.create": "owner",
    "lightrag.read": "viewer",
    "lightrag.ask": "viewer",
    "lightrag.refresh": "operator",
    "lightrag.reembed": "manager",
    "lightrag.review": "operator",
    "jobs.read": "viewer",
    "jobs.run": "operator",
    "jobs.manage": "manager",
    "connectors.read": "viewer",
    "connectors.inspect": "operator",
    "connectors.manage": "manager",
}
"""The least role that has each permission; every route is decided by this table."""

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
FREE_FAILURES = 5
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_BRAKE = timedelta(seconds=4)


def may(role: Role, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return RANK[role] >= RANK[LEAST[permission]]


def login_wait(failures: int, *, free: int, longest: timedelta) -> timedelta:
    """How long a key stays locked after a failure: `free` cost nothing, then 1 s doubling."""
    if failures < free:
        return timedelta(0)
    return min(longest, timedelta(seconds=2.0 ** min(failures - free, 20)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLock:
    """What is counted when logins fail, and when it closes."""

    key: str
    free: int
    longest: timedelta
    forgiving: bool
    """Whether a success clears it; else it only takes its own attempt back."""


def login_locks(name: str, address: str) -> tuple[LoginLock, ...]:
    """The locks of one attempt.

    Strict for one address on one name; wide for an address that tries many names; and for a name
    tried from everywhere only a brake, so that nobody can lock its owner out from elsewhere.
    """
    return (
        LoginLock(
            key=f"pair:{address}:{name}", free=FREE_FAILURES, longest=LONGEST_WAIT, forgiving=True
        ),
        LoginLock(
            key=f"from:{address}", free=10 * FREE_FAILURES, longest=LONGEST_WAIT, forgiving=False
        ),
        LoginLock(
            key=f"name:{name}", free=20 * FREE_FAILURES, longest=LONGEST_BRAKE, forgiving=True
        ),
    )


def token_hash(token: str) -> bytes:
    """How a session stands in the database: whoever reads it there cannot use it."""
    return hashlib.sha256(token.encode()).digest()


def csrf_token(session_token: str) -> str:
    """The CSRF token of a session: an HMAC under the session's own secret.

    A page of another site can neither read it nor make one, and it ends with the session.
    """
    digest = hmac.new(session_token.encode(), b"mayak csrf", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def email_of(text: str) -> str:
    """An e-mail address as it is stored. Raises InvalidInput."""
    email = text.strip().lower()
    name, at, host = email.partition("@")
    if not (name and at and host) or "\x00" in email or len(email) > 254 or " " in email:  # noqa: PLR2004
        raise InvalidInput("email", "this is not an e-mail address")
    return email


def password_of(text: str) -> str:
    """A password that may be set. Raises InvalidInput."""
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        reason = f"use {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        raise InvalidInput("password", reason)
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: UUID
    email: str
    name: str
    role: UserRole
    locale: Locale | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A live session and whose it is."""

    user: User
    active_project_id: UUID | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long a session lives."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectScope:
    """The project that a request works on, and the role of its user there."""

    id: UUID
    slug: str
    name: str
    time_zone: str
    role: Role
    created_at: datetime


@dataclass(eq=False)
class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"
    message = "E-mail or password is wrong."


@dataclass(eq=False)
class TooManyAttempts(TooMany):
    code = "too_many_attempts"
    message = "Too many failed attempts; try again in {seconds} s."


@dataclass(eq=False)
class PermissionMissing(Forbidden):
    code = "permission_missing"
    message = "This needs the permission {permission}, which your role {role} does not have."

    permission: str
    role: str


@dataclass(eq=False)
class NoProjectSelected(Conflict):
    code = "no_project_selected"
    message = "Select a project first (POST /projects/ID/select)."


@dataclass(eq=False)
class EmailTaken(Conflict):
    code = "email_taken"
    message = "A user {email} exists already."

    email: str


AuditStatus = Literal["ok", "empty", "error"]
FIRST_HASH = bytes(32)
"""What stands before the first row of a project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and from where."""

    user_id: UUID | None = None
    name: str = "system"
    """What acted when nobody was logged in."""
    request_id: str | None = None
    ip: str | None = None

    @property
    def label(self) -> str:
        return f"user:{self.user_id}" if self.user_id else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One row of the audit, less its hashes."""

    ordinal: int
    """From 1, without a gap in a project."""
    at: datetime
    actor: str
    action: str
    entity: str | None
    status: AuditStatus
    duration_ms: float | None
    request_id: str | None
    ip: str | None
    payload_digest: bytes | None
    """SHA-256 of what was asked or changed, in canonical JSON; the words are not kept."""


def audit_hash(event: AuditEvent, project_id: UUID, previous: bytes) -> bytes:
    """SHA-256 over a row and the hash of the one before it."""
    row = [
        str(project_id),
        event.ordinal,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.actor,
        event.action,
        event.entity,
        event.status,
        None if event.duration_ms is None else repr(float(event.duration_ms)),
        event.request_id,
        event.ip,
        event.payload_digest.hex() if event.payload_digest else None,
    ]
    return hashlib.sha256(previous + orjson.dumps(row)).digest()
