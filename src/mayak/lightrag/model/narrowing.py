"""What a search may be limited to, and which ways of searching there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from mayak.lightrag.model.language import Language

SourceName = Literal["chatwoot", "linear", "attio"]
SearchMode = Literal["naive", "local", "global", "hybrid", "mix"]
"""naive: texts by meaning alone. local: cards of entities, identifiers, and what is linked to them
directly. global: texts by meaning and by words. hybrid: local and global. mix: hybrid, and what is
two links away from the best documents.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a search is limited to; an empty one limits nothing."""

    sources: tuple[SourceName, ...] = ()
    clients: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    """As `type:external_id`, the way documents name whom they are about."""
    since: datetime | None = None
    until: datetime | None = None
    """A chunk counts when its last words are of that time: from `since` on, before `until`."""
    languages: tuple[Language, ...] = ()

    def as_asked(self) -> dict[str, Any]:
        """The limits that are set, as JSON."""
        limits = {
            "sources": list(self.sources),
            "clients": list(self.clients),
            "people": list(self.people),
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "languages": list(self.languages),
        }
        return {name: value for name, value in limits.items() if value}

    def __bool__(self) -> bool:
        return bool(self.as_asked())
