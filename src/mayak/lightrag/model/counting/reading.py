"""From a question to a plan, or to nothing: a wrong figure is worse than none."""

import re
from collections.abc import Sequence
from dataclasses import replace

from mayak.lightrag.model.counting import conditions
from mayak.lightrag.model.counting import vocabulary as said
from mayak.lightrag.model.counting.amounts import bound_of
from mayak.lightrag.model.counting.draft import A_BUG, Draft, Known
from mayak.lightrag.model.counting.names import Index, names_in
from mayak.lightrag.model.counting.periods import period_of
from mayak.lightrag.model.counting.plan import Aggregate, Bound, Plan
from mayak.lightrag.model.counting.planning import finished
from mayak.lightrag.model.counting.words import Tape, tokens
from mayak.lightrag.model.questions import LONGEST

MOST_WORDS = 40
"""Words of a question that is read: a longer one tells more than what to count."""


def may_count(question: str, history: Sequence[str] = ()) -> bool:
    """Whether it is worth looking up names to read a question: a quick look at its words."""
    if _too_long(question):
        return False
    tape = Tape(question)
    if history and tape.has(said.THOSE):
        return True
    rows = (*said.KINDS.values(), *conditions.STAGES.values(), *conditions.FLAGS.values())
    return any(tape.has(pattern) for pattern in rows)


def plan_of(question: str, known: Known, history: Sequence[str] = ()) -> Plan | None:
    """What a question asks of the tables; None unless every word of it was understood.

    A question that goes on with what the one before asked for is read together with that one.
    """
    names = Index(known.names)
    draft = _read(question, known, names)
    if draft is None:
        return None
    if draft.goes_on and draft.kind is None:
        before = _read(history[-1], known, names) if history else None
        if before is None:
            return None
        draft = _merged(before, draft)
    return finished(draft, known)


def _too_long(question: str) -> bool:
    return len(question) > LONGEST or len(tokens(question)) > MOST_WORDS


def _read(question: str, known: Known, names: Index) -> Draft | None:
    if _too_long(question):
        return None
    tape = Tape(question)
    draft = Draft(goes_on=bool(tape.take(said.THOSE)), everything=tape.has(said.ALL))
    past = tape.has(conditions.WAS_DUE) or tape.has(conditions.FLAGS["overdue"])
    ahead = tape.has(conditions.DUE) and not past
    draft.period, twice = period_of(tape, known.at, known.zone, ahead=ahead)
    draft.bound, unclear = bound_of(tape)
    long_names = names_in(tape, names, least=2)
    if twice or unclear or long_names is None:
        return None
    draft.names += long_names
    for of in (said.ABOUT_CLIENT, *said.SOURCES.values()):
        source = of is said.SOURCES["attio"] and tape.has(of)
        if not source:
            tape.take(of)
    _take_ways(tape, draft)
    if draft.unclear or not (_take_kind(tape, draft) and _take_conditions(tape, draft, known)):
        return None
    for of in (said.SOURCES["attio"], said.WHO, said.LIST, said.TOTAL):
        tape.take(of)
    short_names = names_in(tape, names, kind=draft.kind)
    if short_names is None or any(word not in said.STOP for word in tape.left()):
        return None
    draft.names += short_names
    return draft


def _take_ways(tape: Tape, draft: Draft) -> None:
    """How the rows are to be put together."""
    soonest = tape.take(said.SOONEST)
    if soonest:
        draft.aggregate = "soonest"
        if any("overdue" in one.group() or "просроч" in one.group() for one in soonest):
            draft.flags.add("overdue")
    _take_groups(tape, draft)
    if draft.aggregate is None:
        draft.aggregate = _single(tape, draft)
    else:
        tape.take(said.COUNT)


def _take_groups(tape: Tape, draft: Draft) -> None:
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


def _single(tape: Tape, draft: Draft) -> Aggregate | None:
    ways: tuple[tuple[Aggregate, re.Pattern[str]], ...] = (
        ("largest", said.LARGEST),
        ("smallest", said.SMALLEST),
        ("oldest", said.OLDEST),
        ("newest", said.NEWEST),
        ("average", said.AVERAGE),
    )
    found = [way for way, pattern in ways if tape.take(pattern)]
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
    draft.unclear = len(set(found)) > 1
    return found[0] if found else None


def _take_kind(tape: Tape, draft: Draft) -> bool:
    """Which rows are meant: those named first. False when others are named as well."""
    places = {
        kind: place
        for kind, pattern in said.KINDS.items()
        if (place := tape.where(pattern)) is not None
    }
    if not places:
        return True
    first = min(places.values())
    kind = next(kind for kind, place in places.items() if place == first)
    draft.kind = kind
    if kind == "issue" and tape.has(said.BUG):
        draft.names.append(A_BUG)
    tape.take(said.KINDS[kind])
    if kind != "project" and any(one.dimension == "project" for one in draft.names):
        tape.take(said.ABOUT_PROJECT)
    return not any(tape.has(pattern) for pattern in said.KINDS.values())


def _take_conditions(tape: Tape, draft: Draft, known: Known) -> bool:
    """What the rows have to be. False when it names a state that the project does not have."""
    if tape.take(conditions.FLAGS["overdue"]):
        draft.flags.add("overdue")
    if tape.take(conditions.DUE):
        draft.period_of = "due"
    for flag, pattern in conditions.FLAGS.items():
        if tape.take(pattern):
            draft.flags.add(flag)
    draft.created = bool(tape.take(conditions.CREATED))
    for priority, pattern in conditions.PRIORITIES.items():
        if tape.take(pattern):
            draft.priority = priority
    for status, pattern in conditions.STATUSES.items():
        if tape.take(pattern):
            draft.status = status
    return _take_stages(tape, draft, known)


def _take_stages(tape: Tape, draft: Draft, known: Known) -> bool:
    for dimension, aliases in (("state", conditions.STATES), ("stage", conditions.STAGES)):
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


def _merged(before: Draft, draft: Draft) -> Draft:
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


__all__ = ["Known", "may_count", "plan_of"]
