"""What of an account belongs to a project."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mayak.errors import Conflict

BindingKind = Literal["account", "inbox", "team", "project", "company", "list", "filter"]
BindingScope = Literal["none", "account", "inboxes", "parts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A part of a SaaS account that belongs to a project."""

    kind: BindingKind
    external_id: str
    """Of the kind filter, the filter itself as JSON."""
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of an account a project may see."""

    whole: bool
    """All of it, whatever else is bound."""
    bound: frozenset[tuple[str, str]] = frozenset()
    """Kind and id of each part."""

    @classmethod
    def of(cls, bindings: Iterable[Binding]) -> "Scope":
        found = list(bindings)
        return cls(
            whole=any(one.kind == "account" for one in found),
            bound=frozenset((one.kind, one.external_id) for one in found if one.kind != "account"),
        )

    @property
    def empty(self) -> bool:
        return not self.whole and not self.bound

    def ids(self, kind: BindingKind) -> frozenset[str]:
        """The bound parts of one kind."""
        return frozenset(id_ for one, id_ in self.bound if one == kind)

    @property
    def inboxes(self) -> frozenset[str] | None:
        """None means the whole account; an empty set means nothing at all."""
        return None if self.whole else self.ids("inbox")

    @property
    def parts(self) -> list[str | None]:
        """One inbox id for each listing to be read; None for a listing of everything."""
        if self.inboxes is None:
            return [None]
        return [*sorted(self.inboxes)]

    def holds(self, inbox_id: object) -> bool:
        return self.inboxes is None or inbox_id in self.inboxes


@dataclass(eq=False)
class PartIsTaken(Conflict):
    code = "binding_taken"
    message = "{part} already belongs to another project; unbind it there first."

    part: str


@dataclass(eq=False)
class BindingsChanged(Conflict):
    code = "bindings_changed"
    message = "What belongs to the project changed while it was being read."
    retryable = True
