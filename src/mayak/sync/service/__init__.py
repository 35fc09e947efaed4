"""What can be done with the copy: bring it up to date, look at it, say what belongs to whom."""

from mayak.sync.service.bindings import (
    Bindings,
    anything_bound,
    bind,
    bindings,
    described,
    move_account,
    replace_bindings,
    replace_parts,
    unbind,
)
from mayak.sync.service.connecting import ask_account, opened
from mayak.sync.service.cycle import sync_all
from mayak.sync.service.driving import sync
from mayak.sync.service.governor import Governor
from mayak.sync.service.sources import Credentials, Limits, Source, Sources, account_ref
from mayak.sync.service.views import errors, mirror_counts, states

__all__ = [
    "Bindings",
    "Credentials",
    "Governor",
    "Limits",
    "Source",
    "Sources",
    "account_ref",
    "anything_bound",
    "ask_account",
    "bind",
    "bindings",
    "described",
    "errors",
    "mirror_counts",
    "move_account",
    "opened",
    "replace_bindings",
    "replace_parts",
    "states",
    "sync",
    "sync_all",
    "unbind",
]
