"""What a client may change over the API: the edits of the World, with the client as the actor."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLResolveInfo

from mayak.sandbox.linear import issues, upkeep
from mayak.sandbox.linear.refusals import BadInput, NoSuchEntity, NotServed
from mayak.sandbox.linear.resolving import Asking, entity, resolve
from mayak.sandbox.linear.spelling import snake
from mayak.sandbox.world import UnknownRow

Change = Callable[[Asking, Mapping[str, Any]], dict[str, Any]]


def answer(source: Any, info: GraphQLResolveInfo[Any], **args: Any) -> Any:
    """A field of a mutation, or of what it gives back."""
    if info.parent_type.name != "Mutation":
        return resolve(source, info, **args)
    asking: Asking = info.context
    change = CHANGES.get(info.field_name)
    if change is None:
        raise NotServed(f"the sandbox does not serve {info.field_name}")
    try:
        outcome = change(asking, args)
    except UnknownRow as error:
        raise NoSuchEntity(str(error).split()[3]) from error
    except (LookupError, TypeError, ValueError) as error:
        raise BadInput("Argument Validation Error", hint=str(error)) from error
    return {"success": True, "lastSyncId": asking.world.linear.last_sync_id, **outcome}


def _fields(given: Mapping[str, Any], *without: str) -> dict[str, Any]:
    return {snake(name): value for name, value in given.items() if name not in without}


def _seen(asking: Asking, type_name: str, id_: str | None) -> str:
    """The id of a row that the user sees. Raises NoSuchEntity."""
    row_id: str = entity(asking.reader, type_name, id_).id
    return row_id


def _create_issue(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    given = args["input"]
    row = issues.create_issue(
        asking.world,
        _seen(asking, "Team", given["teamId"]),
        given.get("title") or "Untitled",
        state=given.get("stateId"),
        actor=asking.user.id,
        creator_id=asking.user.id,
        **_fields(given, "teamId", "title", "stateId"),
    )
    return {"issue": row}


def _update_issue(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    id_ = _seen(asking, "Issue", args["id"])
    row = issues.update_issue(asking.world, id_, actor=asking.user.id, **_fields(args["input"]))
    return {"issue": row}


def _archive_issue(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    edit = issues.trash_issue if args.get("trash") else issues.archive_issue
    id_ = _seen(asking, "Issue", args["id"])
    return {"entity": edit(asking.world, id_, actor=asking.user.id)}


def _unarchive_issue(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    id_ = _seen(asking, "Issue", args["id"])
    return {"entity": issues.restore_issue(asking.world, id_, actor=asking.user.id)}


def _delete_issue(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    """Into the trash; for good only when an administrator says so."""
    id_ = _seen(asking, "Issue", args["id"])
    if not args.get("permanentlyDelete"):
        return {"entity": issues.trash_issue(asking.world, id_, actor=asking.user.id)}
    if not asking.user.admin:
        raise BadInput("Only administrators can permanently delete issues")
    issues.delete_issue(asking.world, id_, actor=asking.user.id)
    return {"entity": None}


def _create_comment(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    given = args["input"]
    issue = _seen(asking, "Issue", given["issueId"]) if given.get("issueId") else None
    row = issues.add_comment(
        asking.world,
        issue,
        given.get("body") or "",
        user=asking.user.id,
        **_fields(given, "issueId", "body"),
    )
    return {"comment": row}


def _update_comment(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    id_ = _seen(asking, "Comment", args["id"])
    body = args["input"].get("body")
    return {"comment": issues.edit_comment(asking.world, id_, body, actor=asking.user.id)}


def _delete_comment(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    id_ = _seen(asking, "Comment", args["id"])
    issues.delete_comment(asking.world, id_, actor=asking.user.id)
    return {"entityId": id_}


def _create_webhook(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    _administer(asking)
    given = args["input"]
    if not given.get("teamId") and not given.get("allPublicTeams"):
        raise BadInput("Either teamId or allPublicTeams must be given")
    row = upkeep.create_webhook(
        asking.world,
        given["url"],
        given["resourceTypes"],
        team=given.get("teamId"),
        creator_id=asking.user.id,
        **_fields(given, "url", "resourceTypes", "teamId"),
    )
    return {"webhook": row}


def _update_webhook(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    _administer(asking)
    changes = _fields(args["input"])
    return {"webhook": upkeep.update_webhook(asking.world, args["id"], **changes)}


def _delete_webhook(asking: Asking, args: Mapping[str, Any]) -> dict[str, Any]:
    _administer(asking)
    upkeep.delete_webhook(asking.world, args["id"])
    return {"entityId": args["id"]}


def _administer(asking: Asking) -> None:
    if not asking.user.admin:
        raise BadInput("Only administrators can manage webhooks")


CHANGES: dict[str, Change] = {
    "issueCreate": _create_issue,
    "issueUpdate": _update_issue,
    "issueArchive": _archive_issue,
    "issueUnarchive": _unarchive_issue,
    "issueDelete": _delete_issue,
    "commentCreate": _create_comment,
    "commentUpdate": _update_comment,
    "commentDelete": _delete_comment,
    "webhookCreate": _create_webhook,
    "webhookUpdate": _update_webhook,
    "webhookDelete": _delete_webhook,
}
