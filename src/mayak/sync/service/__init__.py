"""What can be done with the copy: bring it up to date, look at it, say what belongs to whom."""

from mayak.sync.service.bindings import (
    Bindings,
    anything_bound,
    bind,
    bindings,
    bound_connectors,
    described,
    move_account,
    replace_bindings,
    replace_parts,
    unbind,
    unbind_everything,
)
from mayak.sync.service.connecting import account_of, ask_account, opened, read_soon
from mayak.sync.service.cycle import sync_all
from mayak.sync.service.driving import sync
from mayak.sync.service.governor import Governor
from mayak.sync.service.sources import Credentials, Limits, Source, Sources, account_ref
from mayak.sync.service.views import (
    drift,
    error,
    error_groups,
    errors,
    mirror_counts,
    records,
    states,
)

__all__ = [
    "Bindings",
    "Credentials",
    "Governor",
    "Limits",
    "Source",
    "Sources",
    "account_of",
    "account_ref",
    "anything_bound",
    "ask_account",
    "bind",
    "bindings",
    "bound_connectors",
    "described",
    "drift",
    "error",
    "error_groups",
    "errors",
    "mirror_counts",
    "move_account",
    "opened",
    "read_soon",
    "records",
    "replace_bindings",
    "replace_parts",
    "states",
    "sync",
    "sync_all",
    "unbind",
    "unbind_everything",
]
