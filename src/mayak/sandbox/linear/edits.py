"""What may happen in Linear, by name; each announces what the real service would."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mayak.sandbox.linear import issues, upkeep
from mayak.sandbox.linear.spelling import shown
from mayak.sandbox.world import World


def _told(edit: Callable[..., Any]) -> Callable[..., dict[str, Any] | None]:
    @wraps(edit)
    def told(world: World, **args: Any) -> dict[str, Any] | None:
        row = edit(world, **args)
        return None if row is None else shown(world.linear, row)

    return told


EDITS: dict[str, Callable[..., dict[str, Any] | None]] = {
    edit.__name__: _told(edit)
    for edit in (
        issues.create_issue, issues.update_issue, issues.move_issue, issues.archive_issue,
        issues.trash_issue, issues.restore_issue, issues.delete_issue, issues.add_comment,
        issues.edit_comment, issues.resolve_comment, issues.delete_comment, issues.relate_issues,
        issues.unrelate_issues, issues.attach, issues.detach, upkeep.create_project,
        upkeep.update_project, upkeep.trash_project, upkeep.delete_project,
        upkeep.create_customer, upkeep.update_customer, upkeep.delete_customer, upkeep.add_need,
        upkeep.delete_need, upkeep.create_team, upkeep.rename_team, upkeep.rename_state,
        upkeep.create_label, upkeep.delete_label, upkeep.create_cycle, upkeep.update_cycle,
        upkeep.disable_user, upkeep.update_user, upkeep.create_webhook, upkeep.update_webhook,
        upkeep.delete_webhook,
    )
}  # fmt: skip
"""Called with the World and keyword arguments from JSON; gives the row, None for a deletion."""
