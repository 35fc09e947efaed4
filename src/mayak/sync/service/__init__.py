"""What can be done with the copy: bind, sync, look at its state."""

from mayak.sync.service.access import ChatwootAccess
from mayak.sync.service.bindings import (
    Bindings,
    bind,
    bindings,
    described,
    move_account,
    replace_bindings,
    unbind,
)
from mayak.sync.service.chatwoot import sync_chatwoot
from mayak.sync.service.views import errors, mirror_counts, states

__all__ = [
    "Bindings",
    "ChatwootAccess",
    "bind",
    "bindings",
    "described",
    "errors",
    "mirror_counts",
    "move_account",
    "replace_bindings",
    "states",
    "sync_chatwoot",
    "unbind",
]
