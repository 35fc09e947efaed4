"""Whether the parts of a question go together, and the plan that they make."""

from collections.abc import Mapping, Sequence

from mayak.lightrag.model.counting.draft import A_BUG, Draft, Known, of_service
from mayak.lightrag.model.counting.plan import (
    Aggregate,
    Bound,
    Dimension,
    Flag,
    Grouping,
    Kind,
    Name,
    PeriodOf,
    Plan,
)
from mayak.lightrag.model.counting.words import alike

FLAGS_OF: Mapping[Kind, frozenset[Flag]] = {
    "issue": frozenset({"open", "closed", "done", "cancelled", "overdue", "blocked", "unassigned"}),
    "deal": frozenset({"open", "closed", "won", "lost", "unassigned"}),
    "conversation": frozenset({"open", "closed", "waiting", "unassigned"}),
    "task": frozenset({"open", "closed", "done", "overdue", "unassigned"}),
    "message": frozenset({"incoming", "outgoing"}),
    "project": frozenset({"open", "closed", "done", "cancelled"}),
}
NAMES_OF: Mapping[Kind, frozenset[Dimension]] = {
    "issue": frozenset({"member", "state", "label", "project"}),
    "deal": frozenset({"member", "company", "stage"}),
    "conversation": frozenset({"member", "contact", "label"}),
    "message": frozenset({"member", "contact"}),
    "person": frozenset({"company"}),
    "task": frozenset({"member"}),
    "note": frozenset({"member"}),
    "comment": frozenset({"member"}),
    "project": frozenset({"member"}),
    "company": frozenset({"member"}),
}
GROUPS_OF: Mapping[Kind, frozenset[Grouping]] = {
    "issue": frozenset({"person", "state", "priority", "place", "label"}),
    "deal": frozenset({"person", "client", "state"}),
    "conversation": frozenset({"person", "client", "state", "priority"}),
    "message": frozenset({"person", "client"}),
    "task": frozenset({"person"}),
    "comment": frozenset({"person"}),
    "note": frozenset({"person"}),
}
NEEDS_NO_CONDITION: frozenset[Kind] = frozenset(
    {"person", "company", "project", "cycle", "contact"}
)
AGAINST: tuple[frozenset[Flag], ...] = (
    frozenset({"open", "closed"}),
    frozenset({"open", "done"}),
    frozenset({"open", "cancelled"}),
    frozenset({"open", "won"}),
    frozenset({"open", "lost"}),
    frozenset({"won", "lost"}),
    frozenset({"done", "cancelled"}),
    frozenset({"incoming", "outgoing"}),
)
"""What no row can be at once: whoever says both means something that was not understood."""


def finished(draft: Draft, known: Known) -> Plan | None:
    """The finished plan; None when its parts do not go together."""
    kind = draft.kind or _implied(draft)
    if kind == "issue" and "issue" not in known.kinds and "task" in known.kinds:
        kind = "task"
    names = _resolved(kind, draft.names, known) if kind else None
    if kind is None or names is None or not _goes_together(kind, draft, names):
        return None
    aggregate = _aggregate(kind, draft, names)
    when = _when(kind, draft)
    if aggregate is None or (draft.period is not None and when is None):
        return None
    people = [one for one in names if one.dimension in ("member", "contact")]
    if aggregate == "group" and draft.grouping is None:
        draft.grouping = "person"
        draft.compared = draft.compared or len(people) > 1
    if aggregate == "group" and draft.grouping not in GROUPS_OF.get(kind, ()):
        return None
    if draft.fewest and draft.grouping == "person":
        return None  # whoever has none has the fewest, and is in no group
    return Plan(
        kind=kind,
        aggregate=aggregate,
        flags=frozenset(draft.flags),
        names=names,
        author=draft.created and kind == "issue" and bool(people),
        priority=draft.priority,
        status=draft.status,
        period=draft.period,
        period_of=when or "created",
        bound=draft.bound,
        grouping=draft.grouping,
        fewest=draft.fewest,
        compared=draft.compared,
        measure="estimate" if draft.estimate else "amount",
    )


def _implied(draft: Draft) -> Kind | None:
    """Which rows are meant by a question that does not name them."""
    dimensions = {one.dimension for one in draft.names}
    if "waiting" in draft.flags:
        return "conversation"
    if "stage" in dimensions or draft.flags & {"won", "lost"}:
        return "deal"
    return "issue" if "project" in dimensions and "open" in draft.flags else None


def _resolved(kind: Kind, names: Sequence[Name], known: Known) -> list[Name] | None:
    """The names as the service of these rows knows them; the client that the whole project is
    about limits nothing.

    None when that service does not know one, and for two labels at once.
    """
    here = of_service(known, kind)
    found: dict[tuple[Dimension, str], Name] = {}
    for name in names:
        bare = name.whole and "company" not in NAMES_OF.get(kind, ())
        if name.dimension == "company" and (bare or not name.ids):
            continue
        meant = [
            one
            for one in here
            if one.dimension == name.dimension
            and (alike(one.text, "bug") if name is A_BUG else one.text == name.text)
        ]
        if not meant:
            return None
        found[meant[0].dimension, meant[0].text] = meant[0]
    labels = [dimension for dimension, _ in found if dimension == "label"]
    return None if len(labels) > 1 else list(found.values())


def _goes_together(kind: Kind, draft: Draft, names: Sequence[Name]) -> bool:
    dimensions = {one.dimension for one in names}
    return (
        draft.flags <= FLAGS_OF.get(kind, frozenset())
        and dimensions <= NAMES_OF.get(kind, frozenset())
        and not any(pair <= draft.flags for pair in AGAINST)
        and not ("unassigned" in draft.flags and "member" in dimensions)
        and (draft.priority is None or kind in ("issue", "conversation"))
        and (draft.status is None or kind == "conversation")
        and (draft.bound == Bound() or kind == "deal")
        and (not draft.estimate or kind == "issue")
        and (not draft.created or draft.period is not None or kind == "issue" or not names)
        and not (draft.created and draft.period is None and not _by_somebody(draft))
    )


def _by_somebody(draft: Draft) -> bool:
    return any(one.dimension in ("member", "contact") for one in draft.names)


_ONLY_OF: Mapping[Aggregate, tuple[Kind, ...]] = {
    "largest": ("deal",),
    "smallest": ("deal",),
    "sum": ("deal",),
    "average": ("deal",),
    "soonest": ("issue", "task"),
}


def _aggregate(kind: Kind, draft: Draft, names: Sequence[Name]) -> Aggregate | None:
    way = draft.aggregate
    if way is not None and way in _ONLY_OF:
        fits = kind in _ONLY_OF[way] or (draft.estimate and kind == "issue")
        return way if fits else None
    if way == "count" and draft.kind is None and kind == "deal":
        return "sum"
    if way is not None:
        return way
    if draft.total and kind == "deal":
        return "sum"
    conditions = bool(
        draft.flags
        or names
        or draft.period
        or draft.priority is not None
        or draft.status
        or draft.bound != Bound()
    )
    return "list" if conditions or draft.everything or kind in NEEDS_NO_CONDITION else None


def _when(kind: Kind, draft: Draft) -> PeriodOf | None:
    """Of which day of a row a span of time speaks; None when that is not clear."""
    if draft.period_of == "due":
        return "due" if kind in ("issue", "deal", "task") else None
    if draft.created or kind in ("message", "comment", "note"):
        return "created"
    if draft.flags & {"done", "closed", "cancelled"}:
        return "completed" if kind in ("issue", "task", "project") else None
    if draft.flags & {"won", "lost"}:
        return "due"
    return None
