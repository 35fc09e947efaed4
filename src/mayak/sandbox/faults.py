"""Planned misbehaviour: which call goes wrong, how, and how often."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "status": frozenset({"code", "body", "headers"}),
    "ratelimit": frozenset[str](),
    "latency": frozenset({"ms"}),
    "timeout": frozenset({"bytes", "events"}),
    "drop": frozenset({"bytes", "events"}),
    "truncate_json": frozenset({"bytes"}),
    "html_error": frozenset({"code"}),
    "stale_read": frozenset[str](),
    "duplicate_page": frozenset[str](),
    "reorder_page": frozenset({"seed"}),
    "mutate_between_pages": frozenset({"edit", "args"}),
    "permission_loss": frozenset({"inbox_id", "team_id", "object", "scope"}),
    "schema_drift": frozenset({"set"}),
    "partial_graphql": frozenset({"path"}),
    "cursor_expired": frozenset[str](),
    "out_of_quota": frozenset[str](),
    "poisoned_text": frozenset({"text"}),
    "wrong_count": frozenset({"by"}),
    "bad_vector": frozenset({"how"}),
    "completion": frozenset({"ends"}),
    "stream_error": frozenset({"events", "body"}),
    "clock_skew": frozenset({"seconds"}),
    "token_expired": frozenset[str](),
    "webhook_delay": frozenset({"seconds"}),
    "webhook_duplicate": frozenset[str](),
    "webhook_reorder": frozenset[str](),
    "webhook_drop": frozenset[str](),
    "webhook_bad_signature": frozenset[str](),
    "webhook_old_timestamp": frozenset({"seconds"}),
}
"""Every kind of fault with the arguments it takes."""

NEEDED = {
    "mutate_between_pages": frozenset({"edit"}),
    "clock_skew": frozenset({"seconds"}),
    "latency": frozenset({"ms"}),
    "poisoned_text": frozenset({"text"}),
    "completion": frozenset({"ends"}),
}
"""Arguments without which a kind means nothing."""

ONE_OF = {"permission_loss": KINDS["permission_loss"]}
"""Arguments of which a kind needs at least one."""

CHOICES = {
    ("bad_vector", "how"): ("nan", "zero", "short"),
    ("completion", "ends"): (
        "length",
        "content_filter",
        "refusal",
        "null",
        "no_choices",
        "no_usage",
        "invalid_json",
    ),
}
"""Arguments that are one of a few words."""


class BadFault(ValueError):
    """A fault was described in a way that could never do what its author meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One misbehaviour, as it applies to one call."""

    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)
    before: Any = None
    """Of a stale read: the rows as they were when the fault was planned."""


@dataclass(slots=True, kw_only=True)
class Rule:
    """A planned fault. Mutable: it counts what it has seen."""

    id: int
    service: str
    fault: Fault
    op: str | None = None
    """Only calls of this operation, or webhooks of this event; None means any."""
    page: int | None = None
    """Only calls that ask for this page."""
    nth: int = 1
    """The first matching call that is hit, counted from 1 since the rule was made."""
    times: int | None = 1
    """How many matching calls in a row are hit; None means until the rule is removed."""
    seen: int = 0

    def hits(self, *, service: str, op: str, page: int, webhook: bool) -> bool:
        """Count this call if it matches, and tell whether the fault applies to it."""
        if webhook != self.fault.kind.startswith("webhook_") or service != self.service:
            return False
        if (self.op is not None and self.op != op) or (self.page is not None and self.page != page):
            return False
        self.seen += 1
        last = None if self.times is None else self.nth + self.times - 1
        return self.nth <= self.seen and (last is None or self.seen <= last)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "service": self.service,
            "match": {"op": self.op, "nth": self.nth, "page": self.page},
            "fault": {"kind": self.fault.kind, **self.fault.args},
            "times": self.times,
            "seen": self.seen,
        }


class Faults:
    """The rules in force, in the order they were made."""

    def __init__(self, snapshot: Callable[[], Any]) -> None:
        self._snapshot = snapshot
        self._rules: list[Rule] = []
        self._made = 0

    def __iter__(self) -> Iterator[Rule]:
        return iter(tuple(self._rules))

    def add(
        self,
        kind: str,
        *,
        service: str = "chatwoot",
        op: str | None = None,
        nth: int = 1,
        page: int | None = None,
        times: int | None = 1,
        **args: Any,
    ) -> Rule:
        """Plan a fault; see `Rule` for what the matching arguments mean. Raises BadFault."""
        before = self._snapshot() if kind == "stale_read" else None
        fault = parse_fault({"kind": kind, **args}, before=before)
        counts = [number for number in (nth, page, times) if number is not None]
        if any(number < 1 for number in counts):
            raise BadFault("nth, page and times count from 1; times null means until removed")
        self._made += 1
        rule = Rule(
            id=self._made, service=service, fault=fault, op=op, page=page, nth=nth, times=times
        )
        self._rules.append(rule)
        return rule

    def remove(self, rule_id: int) -> bool:
        """False when there is no such rule."""
        kept = [rule for rule in self._rules if rule.id != rule_id]
        found, self._rules = len(kept) < len(self._rules), kept
        return found

    def clear(self) -> None:
        self._rules.clear()

    def for_call(self, service: str, op: str, *, page: int = 1) -> list[Fault]:
        """The faults that apply to this call; counts it."""
        return [
            rule.fault
            for rule in self._rules
            if rule.hits(service=service, op=op, page=page, webhook=False)
        ]

    def for_webhook(self, service: str, event: str) -> list[Fault]:
        """The faults that apply to this delivery; counts it."""
        return [
            rule.fault
            for rule in self._rules
            if rule.hits(service=service, op=event, page=1, webhook=True)
        ]


def parse_fault(raw: Any, *, before: Any = None) -> Fault:
    """Check {"kind": ..., **arguments}. Raises BadFault."""
    if not isinstance(raw, Mapping) or raw.get("kind") not in KINDS:
        raise BadFault(f"a fault is an object whose kind is one of {', '.join(KINDS)}")
    kind = str(raw["kind"])
    args = {name: value for name, value in raw.items() if name != "kind"}
    if unknown := sorted(args.keys() - KINDS[kind]):
        known = ", ".join(sorted(KINDS[kind])) or "none"
        raise BadFault(f"{kind} does not take {', '.join(unknown)}; it takes: {known}")
    if missing := sorted(NEEDED.get(kind, frozenset()) - args.keys()):
        raise BadFault(f"{kind} needs {', '.join(missing)}")
    if kind in ONE_OF and not ONE_OF[kind] & args.keys():
        raise BadFault(f"{kind} needs one of {', '.join(sorted(ONE_OF[kind]))}")
    for (of, name), words in CHOICES.items():
        if kind == of and args.get(name, words[0]) not in words:
            raise BadFault(f"{name} of {kind} is one of {', '.join(words)}")
    return Fault(kind=kind, args=args, before=before)


def parse_header(header: str | None) -> list[Fault]:
    """The faults of one request's `x-sandbox-fault`: one object or a list. Raises BadFault."""
    if not header:
        return []
    try:
        raw = json.loads(header)
    except json.JSONDecodeError as error:
        raise BadFault(f"x-sandbox-fault is not JSON: {error}") from error
    return [parse_fault(one) for one in (raw if isinstance(raw, list) else [raw])]
