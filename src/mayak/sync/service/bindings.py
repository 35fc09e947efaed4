"""Which part of a Chatwoot account belongs to which project."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from mayak.errors import InvalidInput
from mayak.platform.db import Conn, Database
from mayak.sync.model import Binding, BindingKind, BindingScope, PartIsTaken, Scope
from mayak.sync.queries import bindings as queries
from mayak.sync.queries import errors, states, walks


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    scope: BindingScope
    inboxes: list[Binding]


async def bindings(conn: Conn, project_id: UUID, account_ref: str) -> list[Binding]:
    """What of the account belongs to the project."""
    return await queries.bindings(conn, project_id, account_ref)


def described(found: list[Binding]) -> Bindings:
    """The same, in the words of the dashboard."""
    inboxes = [one for one in found if one.kind == "inbox"]
    if any(one.kind == "account" for one in found):
        return Bindings(scope="account", inboxes=inboxes)
    return Bindings(scope="inboxes" if inboxes else "none", inboxes=inboxes)


async def bind(
    database: Database,
    project_id: UUID,
    account_ref: str,
    *,
    kind: BindingKind,
    external_id: str,
    name: str | None = None,
) -> None:
    """Give a part of the account to the project; again is fine.

    `external_id` is the inbox id, or the account id for kind account. Raises PartIsTaken when
    any of it belongs to another project already.
    """
    binding = Binding(kind=kind, external_id=_number(external_id), name=name)
    async with database.system_transaction() as conn:
        await queries.lock(conn, project_id)
        left = await _leave_other_accounts(conn, project_id, account_ref)
        await _take(conn, project_id, account_ref, binding)
        await _say_it_changed(conn, project_id, left=left)


async def unbind(
    database: Database, project_id: UUID, account_ref: str, *, kind: BindingKind, external_id: str
) -> bool:
    """Take a part of the account away from the project; False when it did not have it.

    What was copied from it becomes tombstones: nobody may find another client's words here.
    """
    binding = Binding(kind=kind, external_id=external_id)
    async with database.system_transaction() as conn:
        await queries.lock(conn, project_id)
        found = await queries.unbind(conn, project_id, account_ref, binding)
        scope = Scope.of(await queries.bindings(conn, project_id, account_ref))
        await bury_what_left(conn, project_id, account_ref, scope)
        await _say_it_changed(conn, project_id, left=found)
    return found


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
    wanted = {("inbox", _number(id_)): Binding(kind="inbox", external_id=id_) for id_ in inboxes}
    if scope == "account":
        account_id = account_ref.rpartition("/")[2]
        wanted["account", account_id] = Binding(kind="account", external_id=account_id)
    async with database.system_transaction() as conn:
        await queries.lock(conn, project_id)
        left = await _leave_other_accounts(conn, project_id, account_ref)
        for old in await queries.bindings(conn, project_id, account_ref):
            if (old.kind, old.external_id) not in wanted:
                left = await queries.unbind(conn, project_id, account_ref, old) or left
        for binding in wanted.values():
            await _take(conn, project_id, account_ref, binding)
        await queries.name_inboxes(conn, project_id, account_ref)
        bound = await queries.bindings(conn, project_id, account_ref)
        await bury_what_left(conn, project_id, account_ref, Scope.of(bound))
        await _say_it_changed(conn, project_id, left=left)
        return described(bound)


async def move_account(database: Database, project_id: UUID, account_ref: str) -> int:
    """Follow a Chatwoot that moved to another address: same account, same ids, new name.

    The copy and its checkpoints stay. Returns how many bindings were renamed.
    """
    async with database.system_transaction() as conn:
        await queries.lock(conn, project_id)
        return await queries.move_account(conn, project_id, account_ref)


async def _take(conn: Conn, project_id: UUID, account_ref: str, binding: Binding) -> None:
    if taken := await queries.taken(conn, project_id, account_ref, binding):
        raise PartIsTaken(taken[0])
    await queries.bind(conn, project_id, account_ref, binding)


async def _leave_other_accounts(conn: Conn, project_id: UUID, account_ref: str) -> bool:
    """Unbind and bury what is of another account: ids of two servers mean different things."""
    if not await queries.leave_others(conn, project_id, account_ref):
        return False
    await bury_what_left(conn, project_id, account_ref, Scope.of([]))
    return True


async def _say_it_changed(conn: Conn, project_id: UUID, *, left: bool) -> None:
    """A run under way takes nothing over; what was buried is listed anew once it is bound again."""
    if left:
        await states.start_over(conn, project_id)
    else:
        await states.forget_run(conn, project_id)


async def bury_what_left(conn: Conn, project_id: UUID, account_ref: str, scope: Scope) -> int:
    """Bury what was copied from outside of this scope; the number of rows, errors not counted.

    A project that is bound to another account alone keeps its copy: that account may only be
    out of reach, as after a mistake in the address of the server.
    """
    if scope.inboxes is None:
        return 0
    if scope.empty and await queries.elsewhere(conn, project_id, account_ref):
        return 0
    left = await walks.outside(conn, project_id, scope.inboxes)
    messages = await walks.bury_conversations(conn, project_id, left) if left else 0
    strangers = await walks.bury_strangers(conn, project_id, scope.inboxes)
    inboxes = await walks.bury_inboxes(conn, project_id, scope.inboxes)
    await errors.drop_outside(conn, project_id, scope.inboxes)
    return len(left) + messages + strangers + inboxes


def _number(external_id: str) -> str:
    """An id as Chatwoot writes it. Raises InvalidInput."""
    if not (external_id.isascii() and external_id.isdigit()):
        raise InvalidInput("external_id", f"{external_id!r} is not a number")
    return str(int(external_id))
