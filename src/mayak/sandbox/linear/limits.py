"""What a query costs, and the two budgets that every user has."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode as Document
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

from mayak.sandbox.linear.paging import DEFAULT_FIRST
from mayak.sandbox.linear.schema import operation_of, served

SCALAR, OBJECT = 0.1, 1.0
GREATEST_COST = 10_000
"""Points above which a single query is refused, however much is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a cost depends on beside the selection."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]


def cost(document: Document, name: str | None, variables: Mapping[str, Any]) -> float | None:
    """Points of an operation: a scalar 0.1, an object 1, the rows of a list times its `first`.

    None when the document has no operation of this name.
    """
    operation = operation_of(document, name)
    if operation is None:
        return None
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    schema = served()
    root = schema.get_root_type(operation.operation)
    scale = Scale(fragments=fragments, variables=_with_defaults(operation, variables))
    return _selection(operation.selection_set, root, scale)


def points(value: float) -> int:
    """A cost as it is charged: rounded up."""
    return math.ceil(round(value, 6))


def _with_defaults(
    operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> dict[str, Any]:
    known = {
        one.variable.name.value: int(one.default_value.value)
        for one in operation.variable_definitions or ()
        if isinstance(one.default_value, IntValueNode)
    }
    return known | dict(variables)


def _selection(selection: SelectionSetNode | None, parent: Any, scale: Scale) -> float:
    total = 0.0
    for node in selection.selections if selection else ():
        match node:
            case FieldNode():
                total += _field(node, parent, scale)
            case InlineFragmentNode():
                total += _selection(node.selection_set, parent, scale)
            case FragmentSpreadNode():
                fragment = scale.fragments[node.name.value]
                total += _selection(fragment.selection_set, parent, scale)
    return total


def _field(node: FieldNode, parent: Any, scale: Scale) -> float:
    field = parent.fields.get(node.name.value)
    if field is None:  # __typename and its like
        return SCALAR
    inner = get_named_type(field.type)
    if is_leaf_type(inner):
        return SCALAR
    children = _selection(node.selection_set, inner, scale)
    if not inner.name.endswith("Connection"):
        return OBJECT + children
    page = [one for one in _fields(node.selection_set, scale) if one.name.value == "pageInfo"]
    about = sum(_field(one, inner, scale) for one in page)
    return OBJECT + about + (children - about) * _first(node, scale)


def _fields(selection: SelectionSetNode | None, scale: Scale) -> list[FieldNode]:
    """The fields directly in a selection, those of its fragments among them."""
    found: list[FieldNode] = []
    for node in selection.selections if selection else ():
        match node:
            case FieldNode():
                found.append(node)
            case InlineFragmentNode():
                found += _fields(node.selection_set, scale)
            case FragmentSpreadNode():
                found += _fields(scale.fragments[node.name.value].selection_set, scale)
    return found


def _first(node: FieldNode, scale: Scale) -> int:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            value: Any = DEFAULT_FIRST
            if isinstance(argument.value, VariableNode):
                value = scale.variables.get(argument.value.name.value)
            elif isinstance(argument.value, IntValueNode):
                value = int(argument.value.value)
            return value if isinstance(value, int) else DEFAULT_FIRST
    return DEFAULT_FIRST


@dataclass(slots=True, kw_only=True)
class Bucket:
    """A budget that refills evenly all the time. Mutable: it is drawn from."""

    capacity: float
    period: float
    """Seconds in which an emptied bucket is full again."""
    level: float
    filled_at: float

    def refill(self, capacity: float, period: float, *, now: float) -> None:
        """Let time pass; a changed capacity moves the level by the difference."""
        self.level = min(capacity, self.level + capacity - self.capacity)
        self.capacity, self.period = capacity, period
        gained = max(0.0, now - self.filled_at) * capacity / period
        self.level, self.filled_at = min(capacity, self.level + gained), now

    def reset(self) -> int:
        """When it is full again: epoch milliseconds."""
        missing = (self.capacity - self.level) * self.period / self.capacity
        return math.ceil((self.filled_at + missing) * 1000)

    def remaining(self) -> int:
        return max(0, math.floor(self.level + 1e-6))


@dataclass(slots=True, kw_only=True)
class Budget:
    """The requests and the points that one user has left."""

    requests: Bucket
    complexity: Bucket

    def take(self, amount: float) -> bool:
        """Pay one request and `amount` points; False, and nothing paid, when it is too much."""
        if self.requests.level + 1e-6 < 1 or self.complexity.level + 1e-6 < amount:
            return False
        self.requests.level -= 1
        self.complexity.level -= amount
        return True

    def headers(self, charged: int) -> dict[str, str]:
        """What every answer says about the budget."""
        told = {"X-Complexity": str(charged)}
        for name, bucket in (("Requests", self.requests), ("Complexity", self.complexity)):
            told[f"X-RateLimit-{name}-Limit"] = str(int(bucket.capacity))
            told[f"X-RateLimit-{name}-Remaining"] = str(bucket.remaining())
            told[f"X-RateLimit-{name}-Reset"] = str(bucket.reset())
        return told


class Budgets:
    """The budget of each user, filled by the World's clock."""

    def __init__(self) -> None:
        self._budgets: dict[str, Budget] = {}

    def of(self, user: str, *, requests: float, points: float, period: float, now: float) -> Budget:
        """The budget of a user as it is now."""
        if user not in self._budgets:
            fresh = {"period": period, "filled_at": now}
            self._budgets[user] = Budget(
                requests=Bucket(capacity=requests, level=requests, **fresh),
                complexity=Bucket(capacity=points, level=points, **fresh),
            )
        budget = self._budgets[user]
        budget.requests.refill(requests, period, now=now)
        budget.complexity.refill(points, period, now=now)
        return budget
