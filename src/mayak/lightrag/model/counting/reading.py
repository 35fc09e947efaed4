"""From a question to a plan, or to nothing: a wrong figure is worse than none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from mayak.lightrag.model.counting import vocabulary as said
from mayak.lightrag.model.counting.amounts import bound_of
from mayak.lightrag.model.counting.names import names_in
from mayak.lightrag.model.counting.periods import period_of
from mayak.lightrag.model.counting.plan import (
    Aggregate,
    Bound,
    Dimension,
    Flag,
    Grouping,
    Kind,
    Name,
    Period,
    PeriodOf,
    Plan,
)
from mayak.lightrag.model.counting.words import Tape, alike

FLAGS_OF: Mapping[Kind, frozenset[Flag]] = {
    "issue": frozenset(
        {"open", "closed", "done", "cancelled", "overdue", "blocked", "unassigned"}
    ),
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
NEEDS_NO_CONDITION: frozenset[Kind] = frozenset({"person", "company", "project", "cycle", "contact"})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a question is read against."""

    names: Sequence[Name]
    kinds: frozenset[Kind]
    """Of which the project has rows."""
    at: datetime
    zone: tzinfo


@dataclass(slots=True, kw_only=True)
class _Draft:
    """What was understood so far."""

    kind: Kind | None = None
    aggregate: Aggregate | None = None
    flags: set[Flag] = field(default_factory=set)
    names: list[Name] = field(default_factory=list)
    priority: int | None = None
    status: str | None = None
    period: Period | None = None
    period_of: PeriodOf | None = None
    bound: Bound = field(default_factory=Bound)
    grouping: Grouping | None = None
    fewest: bool = False
    compared: bool = False
    estimate: bool = False
    created: bool = False
    everything: bool = False
    total: bool = False
    goes_on: bool = False


def plan_of(question: str, known: Known, history: Sequence[str] = ()) -> Plan | None:
    """What a question asks of the tables; None unless every word of it was understood.

    A question that goes on with what the one before asked for is read together with that one.
    """
    draft = _read(question, known)
    if draft is None:
        return None
    if draft.goes_on and draft.kind is None:
        before = _read(history[-1], known) if history else None
        if before is None:
            return None
        draft = _merged(before, draft)
    return _plan(draft, known)


def _read(question: str, known: Known) -> _Draft | None:
    tape = Tape(question)
    draft = _Draft(goes_on=bool(tape.take(said.THOSE)), everything=tape.has(said.ALL))
    draft.period, twice = period_of(tape, known.at, known.zone)
    draft.bound, unclear = bound_of(tape)
    long_names = names_in(tape, known.names, least=2)
    if twice or unclear or long_names is None:
        return None
    draft.names += long_names
    for of in (said.ABOUT_CLIENT, *said.SOURCES.values()):
        source = of is said.SOURCES["attio"] and tape.has(of)
        if not source:
            tape.take(of)
    _take_ways(tape, draft)
    if not (_take_kind(tape, draft) and _take_conditions(tape, draft, known)):
        return None
    for of in (said.SOURCES["attio"], said.WHO, said.LIST, said.TOTAL):
        tape.take(of)
    short_names = names_in(tape, known.names)
    if short_names is None or any(word not in said.STOP for word in tape.left()):
        return None
    draft.names += short_names
    return draft


def _take_ways(tape: Tape, draft: _Draft) -> None:
    """How the rows are to be put together."""
    soonest = tape.take(said.SOONEST)
    if soonest:
        draft.aggregate = "soonest"
        if any("overdue" in one.group() or "просроч" in one.group() for one in soonest):
            draft.flags.add("overdue")
    for grouping, pattern in said.GROUPED_KIND.items():
        if (tape.has(said.MOST) or tape.has(said.FEWEST)) and tape.take(pattern):
            draft.grouping = grouping
    for grouping, pattern in said.GROUPS.items():
        if tape.take(pattern):
            draft.grouping, draft.compared, draft.aggregate = grouping, True, "group"
    for pattern, fewest in ((said.MOST, False), (said.FEWEST, True)):
        if tape.take(pattern):
            draft.aggregate, draft.fewest = "group", fewest
    if tape.take(said.COMPARE):
        draft.aggregate, draft.compared = "group", True
    if draft.aggregate is None:
        draft.aggregate = _single(tape, draft)
    else:
        tape.take(said.COUNT)


def _single(tape: Tape, draft: _Draft) -> Aggregate | None:
    ways: tuple[tuple[Aggregate, object], ...] = (
        ("largest", said.LARGEST),
        ("smallest", said.SMALLEST),
        ("oldest", said.OLDEST),
        ("newest", said.NEWEST),
        ("average", said.AVERAGE),
    )
    found = [way for way, pattern in ways if tape.take(pattern)]  # type: ignore[arg-type]
    if tape.take(said.ESTIMATE):
        draft.estimate = True
        tape.take(said.COUNT)
        tape.take(said.SUM)
        found.append("sum")
    if tape.take(said.SUM):
        found.append("sum")
    counts = bool(tape.take(said.COUNT))
    draft.total = tape.has(said.TOTAL)
    if counts and not found:
        found.append("count")
    if len(set(found)) > 1:
        return "list" if found == [] else found[0] if set(found) == {"sum"} else None
    return found[0] if found else None


def _take_kind(tape: Tape, draft: _Draft) -> bool:
    """Which rows are meant: those named first. False when others are named as well."""
    places = {
        kind: place
        for kind, pattern in said.KINDS.items()
        if (place := tape.where(pattern)) is not None
    }
    if not places:
        return True
    first = min(places.values())
    draft.kind = next(kind for kind, place in places.items() if place == first)
    if draft.kind == "issue" and tape.has(said.BUG):
        draft.names.append(_A_BUG)
    tape.take(said.KINDS[draft.kind])
    if draft.kind != "project" and any(one.dimension == "project" for one in draft.names):
        tape.take(said.ABOUT_PROJECT)
    return not any(tape.has(pattern) for pattern in said.KINDS.values())


_A_BUG = Name(dimension="label", text="bug", ids=())


def _take_conditions(tape: Tape, draft: _Draft, known: Known) -> bool:
    """What the rows have to be. False when it names a state that the project does not have."""
    if tape.take(said.FLAGS["overdue"]):
        draft.flags.add("overdue")
    if tape.take(said.DUE):
        draft.period_of = "due"
    for flag, pattern in said.FLAGS.items():
        if tape.take(pattern):
            draft.flags.add(flag)
    draft.created = bool(tape.take(said.CREATED))
    for priority, pattern in said.PRIORITIES.items():
        if tape.take(pattern):
            draft.priority = priority
    for status, pattern in said.STATUSES.items():
        if tape.take(pattern):
            draft.status = status
    for dimension, aliases in (("state", said.STATES), ("stage", said.STAGES)):
        for alias, pattern in aliases.items():
            if tape.take(pattern):
                called = [
                    one
                    for one in known.names
                    if one.dimension == dimension and alias in one.text.lower().replace("-", " ")
                ]
                if not called:
                    return False
                draft.names += called
    return True


def _merged(before: _Draft, draft: _Draft) -> _Draft:
    return replace(
        draft,
        kind=before.kind,
        aggregate=draft.aggregate if draft.aggregate not in (None, "list") else before.aggregate,
        flags=before.flags | draft.flags,
        names=[*before.names, *draft.names],
        priority=draft.priority if draft.priority is not None else before.priority,
        status=draft.status or before.status,
        period=draft.period or before.period,
        period_of=draft.period_of or before.period_of,
        created=before.created or draft.created,
        bound=draft.bound if draft.bound != Bound() else before.bound,
        grouping=draft.grouping or before.grouping,
        everything=True,
    )


def _plan(draft: _Draft, known: Known) -> Plan | None:
    """The finished plan; None when its parts do not go together."""
    kind = draft.kind or _implied(draft)
    if kind == "issue" and "issue" not in known.kinds and "task" in known.kinds:
        kind = "task"
    names = _resolved(draft.names, known)
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


def _implied(draft: _Draft) -> Kind | None:
    """Which rows are meant by a question that does not name them."""
    dimensions = {one.dimension for one in draft.names}
    if "waiting" in draft.flags:
        return "conversation"
    if "stage" in dimensions or draft.flags & {"won", "lost"}:
        return "deal"
    return "issue" if "project" in dimensions and "open" in draft.flags else None


def _resolved(names: Sequence[Name], known: Known) -> list[Name] | None:
    """Names of rows; a client that is the whole project limits nothing. None for a label that the
    project does not have.
    """
    found: list[Name] = []
    for name in names:
        if name is _A_BUG:
            labels = [
                one for one in known.names if one.dimension == "label" and alike(one.text, "bug")
            ]
            if not labels:
                return None
            found += labels
        elif not (name.dimension == "company" and not name.ids) and name not in found:
            found.append(name)
    return found


def _goes_together(kind: Kind, draft: _Draft, names: Sequence[Name]) -> bool:
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


def _by_somebody(draft: _Draft) -> bool:
    return any(one.dimension in ("member", "contact") for one in draft.names)


def _aggregate(kind: Kind, draft: _Draft, names: Sequence[Name]) -> Aggregate | None:
    way = draft.aggregate
    if way in ("largest", "smallest") and kind != "deal":
        return None
    if way in ("sum", "average"):
        return way if kind == "deal" or draft.estimate else None
    if way == "soonest":
        return way if kind in ("issue", "task") else None
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


def _when(kind: Kind, draft: _Draft) -> PeriodOf | None:
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
