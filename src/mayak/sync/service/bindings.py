"""Which part of an account belongs to which project."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from mayak.errors import InvalidInput
from mayak.platform.db import Conn, Database
from mayak.sync.model import (
    CONNECTORS,
    TITLES,
    Binding,
    BindingKind,
    BindingScope,
    Connector,
    PartIsTaken,
    Scope,
    Taken,
)
from mayak.sync.queries import bindings as queries
from mayak.sync.queries import errors, leaving, states, walks

LONGEST_ID = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    scope: BindingScope
    inboxes: list[Binding]
    parts: list[Binding]
    """Everything that is bound but the whole account."""


async def bindings(
    conn: Conn, project_id: UUID, account_ref: str, connector: Connector = "chatwoot"
) -> list[Binding]:
    """What of the account belongs to the project."""
    return await queries.bindings(conn, project_id, connector, account_ref)


async def anything_bound(conn: Conn, project_id: UUID) -> bool:
    """Whether the project has a part of any account at all."""
    return bool(await bound_connectors(conn, project_id))


async def bound_connectors(conn: Conn, project_id: UUID) -> list[Connector]:
    """The services of which the project has a part."""
    return [one for one in CONNECTORS if await queries.any_bound(conn, project_id, one)]


def described(found: list[Binding]) -> Bindings:
    """The same, in the words of the dashboard."""
    inboxes = [one for one in found if one.kind == "inbox"]
    parts = [one for one in found if one.kind != "account"]
    scope: BindingScope = "inboxes" if inboxes else "parts" if parts else "none"
    if len(parts) < len(found):
        scope = "account"
    return Bindings(scope=scope, inboxes=inboxes, parts=parts)


async def bind(
    database: Database,
    project_id: UUID,
    account_ref: str,
    *,
    kind: BindingKind,
    external_id: str,
    name: str | None = None,
    connector: Connector = "chatwoot",
) -> None:
    """Give a part of the account to the project; again is fine.

    `external_id` is the part's id, or the account id for kind account. Raises PartIsTaken when
    any of it belongs to another project already.
    """
    id_ = _checked(connector, kind, external_id)
    binding = Binding(kind=kind, external_id=id_, name=name)
    async with database.system_transaction() as conn:
        await queries.lock(conn, project_id, connector)
        left = await _leave_other_accounts(conn, project_id, connector, account_ref)
        await _take(conn, project_id, connector, account_ref, binding)
        if connector == "linear":
            await _claim_projects(conn, project_id, account_ref, [binding])
        await _say_it_changed(conn, project_id, connector, left=left)


async def unbind(
    database: Database,
    project_id: UUID,
    account_ref: str,
    *,
    kind: BindingKind,
    external_id: str,
    connector: Connector = "chatwoot",
) -> bool:
    """Take a part of the account away from the project; False when it did not have it.

    What was copied from it becomes tombstones: nobody may find another client's words here.
    """
    binding = Binding(kind=kind, external_id=external_id)
    async with database.system_transaction() as conn:
        await queries.lock(conn, project_id, connector)
        found = await queries.unbind(conn, project_id, connector, account_ref, binding)
        scope = Scope.of(await queries.bindings(conn, project_id, connector, account_ref))
        await bury_what_left(conn, project_id, connector, account_ref, scope, changed=True)
        await _say_it_changed(conn, project_id, connector, left=found)
    return found


async def unbind_everything(database: Database, project_id: UUID, connector: Connector) -> None:
    """Take everything of a service away, of whatever account; needs no word from the service."""
    async with database.system_transaction() as conn:
        await queries.lock(conn, project_id, connector)
        left = await _leave_other_accounts(conn, project_id, connector, "")
        await _say_it_changed(conn, project_id, connector, left=left)


async def taken_elsewhere(
    database: Database,
    project_id: UUID,
    connector: Connector,
    account_ref: str,
    external_ids: Collection[str] = (),
) -> Taken:
    """What of an account this project cannot have, because another one has it.

    `external_ids` are records that another project may hold through a list of its own.
    """
    async with database.system_transaction() as conn:
        found = await queries.foreign(conn, project_id, connector, account_ref, external_ids)
    parts = frozenset(one for one in found if one[0] != "account")
    return Taken(whole=len(parts) < len(found), parts=parts)


async def copied_elsewhere(
    database: Database, project_id: UUID, account_ref: str, kind: str, external_ids: Collection[str]
) -> set[str]:
    """Which of these records of Attio another project has a copy of."""
    async with database.system_transaction() as conn:
        return await queries.copied_elsewhere(conn, project_id, account_ref, kind, external_ids)


async def replace_bindings(
    database: Database,
    project_id: UUID,
    account_ref: str,
    *,
    scope: BindingScope,
    inboxes: Collection[str],
) -> Bindings:
    """Make the project's bindings exactly these, or change nothing.

    Raises InvalidInput when scope and inboxes contradict each other, PartIsTaken when any of
    it belongs to another project.
    """
    if (scope == "inboxes") != bool(inboxes):
        raise InvalidInput("inboxes", "name inboxes with the scope inboxes, and only with it")
    parts = [Binding(kind="inbox", external_id=id_) for id_ in inboxes]
    return await replace_parts(
        database, project_id, "chatwoot", account_ref, whole=scope == "account", parts=parts
    )


async def replace_parts(
    database: Database,
    project_id: UUID,
    connector: Connector,
    account_ref: str,
    *,
    whole: bool,
    parts: Collection[Binding],
) -> Bindings:
    """Make what the project has of the account exactly this, or change nothing.

    Raises InvalidInput for a part that the service does not have, PartIsTaken when any of it
    belongs to another project.
    """
    wanted: dict[tuple[str, str], Binding] = {}
    for part in parts:
        id_ = _checked(connector, part.kind, part.external_id)
        wanted[part.kind, id_] = Binding(kind=part.kind, external_id=id_, name=part.name)
    if whole:
        account_id = account_ref.rpartition("/")[2]
        wanted["account", account_id] = Binding(kind="account", external_id=account_id)
    async with database.system_transaction() as conn:
        await queries.lock(conn, project_id, connector)
        left = await _leave_other_accounts(conn, project_id, connector, account_ref)
        for old in await queries.bindings(conn, project_id, connector, account_ref):
            if (old.kind, old.external_id) not in wanted:
                gone = await queries.unbind(conn, project_id, connector, account_ref, old)
                left = gone or left
        for binding in wanted.values():
            await _take(conn, project_id, connector, account_ref, binding)
        if connector == "linear":
            await _claim_projects(conn, project_id, account_ref, wanted.values())
        if connector == "chatwoot":
            await queries.name_inboxes(conn, project_id, account_ref)
        bound = await queries.bindings(conn, project_id, connector, account_ref)
        scope = Scope.of(bound)
        await bury_what_left(conn, project_id, connector, account_ref, scope, changed=True)
        await _say_it_changed(conn, project_id, connector, left=left)
        return described(bound)


async def move_account(database: Database, project_id: UUID, account_ref: str) -> int:
    """Follow a Chatwoot that moved to another address: same account, same ids, new name.

    The copy and its checkpoints stay. Returns how many bindings were renamed.
    """
    async with database.system_transaction() as conn:
        await queries.lock(conn, project_id, "chatwoot")
        return await queries.move_account(conn, project_id, "chatwoot", account_ref)


async def _take(
    conn: Conn, project_id: UUID, connector: Connector, account_ref: str, binding: Binding
) -> None:
    if taken := await queries.taken(conn, project_id, connector, account_ref, binding):
        raise PartIsTaken(taken[0])
    await queries.bind(conn, project_id, connector, account_ref, binding)


async def _claim_projects(
    conn: Conn, project_id: UUID, account_ref: str, parts: Iterable[Binding]
) -> None:
    """The Linear projects among these at once, and all together: a project of Mayak that has their
    team would take them with the next page it reads.
    """
    wanted = {one.external_id for one in parts if one.kind == "project"}
    mine = await queries.claim(conn, project_id, "linear", account_ref, "project", wanted)
    if taken := sorted(wanted - mine):
        raise PartIsTaken(f"project {taken[0]}")


async def _leave_other_accounts(
    conn: Conn, project_id: UUID, connector: Connector, account_ref: str
) -> bool:
    """Unbind and bury what is of another account: ids of two servers mean different things."""
    if not await queries.leave_others(conn, project_id, connector, account_ref):
        return False
    await bury_what_left(conn, project_id, connector, account_ref, Scope(whole=False))
    return True


async def _say_it_changed(
    conn: Conn, project_id: UUID, connector: Connector, *, left: bool
) -> None:
    """A run under way takes nothing over; what was buried is listed anew once it is bound again."""
    if left:
        await states.start_over(conn, project_id, connector)
    else:
        await states.forget_run(conn, project_id, connector)


async def bury_what_left(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    account_ref: str,
    scope: Scope,
    *,
    changed: bool = False,
) -> int:
    """Bury what was copied from outside of this scope; the number of rows, errors not counted.

    A project that is bound to another account alone keeps its copy: that account may only be
    out of reach, as after a mistake in the address of the server. `changed` says that a person
    has just chosen this scope.
    """
    if scope.whole:
        return 0
    if scope.empty and await queries.elsewhere(conn, project_id, connector, account_ref):
        return 0
    if connector == "chatwoot":
        return await _bury_outside_inboxes(conn, project_id, scope.ids("inbox"))
    if scope.empty:
        return await _bury_all(conn, project_id, connector)
    # Without a change the reading of each page looks itself at whose it is.
    return await _bury_outside(conn, project_id, connector, scope) if changed else 0


async def _bury_all(conn: Conn, project_id: UUID, connector: Connector) -> int:
    buried = await leaving.bury_all(conn, project_id, connector)
    await leaving.drop_errors(conn, project_id, connector)
    for kind in ("issue", "project", "company"):
        await queries.release(conn, project_id, connector, kind, None)
    return buried


async def _bury_outside(conn: Conn, project_id: UUID, connector: Connector, scope: Scope) -> int:
    await leaving.drop_errors(conn, project_id, connector)
    if connector == "linear":
        return await leaving.bury_outside_linear(
            conn, project_id, teams=scope.ids("team"), projects=scope.ids("project")
        )
    if scope.ids("list") or scope.ids("filter"):
        return 0  # what these hold Attio has to say: the next sync asks, and buries the rest
    return await leaving.bury_outside_attio(conn, project_id, scope.ids("company"))


async def _bury_outside_inboxes(conn: Conn, project_id: UUID, inboxes: Collection[str]) -> int:
    left = await walks.outside(conn, project_id, inboxes)
    messages = await walks.bury_conversations(conn, project_id, left) if left else 0
    strangers = await walks.bury_strangers(conn, project_id, inboxes)
    gone = await walks.bury_inboxes(conn, project_id, inboxes)
    await errors.drop_outside(conn, project_id, inboxes)
    return len(left) + messages + strangers + gone


KINDS: Mapping[Connector, frozenset[BindingKind]] = {
    "chatwoot": frozenset({"account", "inbox"}),
    "linear": frozenset({"account", "team", "project"}),
    "attio": frozenset({"account", "company", "list", "filter"}),
}


def _checked(connector: Connector, kind: BindingKind, external_id: str) -> str:
    """An id as the service writes it. Raises InvalidInput."""
    if kind not in KINDS[connector]:
        known = ", ".join(sorted(KINDS[connector] - {"account"}))
        raise InvalidInput("kind", f"{TITLES[connector]} has no {kind}; it has: {known}")
    if connector == "chatwoot":
        if not (external_id.isascii() and external_id.isdigit()):
            raise InvalidInput("external_id", f"{external_id!r} is not a number")
        return str(int(external_id))
    if kind == "filter":
        return _filter(external_id)
    if not external_id.strip() or len(external_id) > LONGEST_ID or "\x00" in external_id:
        raise InvalidInput("external_id", "is no id of the service")
    return external_id.strip()


def _filter(text: str) -> str:
    """A filter of Attio in one spelling, so that the same is found again. Raises InvalidInput."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not value:
        raise InvalidInput("external_id", "a filter is a JSON object as Attio takes it")
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
