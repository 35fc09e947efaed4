"""Rows by id, kept in the orders in which they are listed: a page never walks all of them."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Generic, Self, TypeVar

from mayak.sandbox.linear.rows import Row

R = TypeVar("R", bound=Row)
Moment = tuple[float, str]
"""(time, id): where a row stands in an order; the id decides between equal times."""

ORDERS = ("created_at", "updated_at")
LAST = "\uffff"
"""Greater than every id."""


class Table(Generic[R]):
    """The rows of one kind. `groups` are attributes by which rows are looked up together."""

    def __init__(self, *groups: str) -> None:
        self._rows: dict[str, R] = {}
        self._orders: dict[str, list[Moment]] = {order: [] for order in ORDERS}
        self._groups: dict[str, dict[str, set[str]]] = {name: {} for name in groups}

    def __getitem__(self, id_: str) -> R:
        return self._rows[id_]

    def __contains__(self, id_: object) -> bool:
        return id_ in self._rows

    def __iter__(self) -> Iterator[R]:
        return iter(tuple(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, id_: str | None) -> R | None:
        return None if id_ is None else self._rows.get(id_)

    def of(self, group: str, value: str) -> list[R]:
        """The rows whose attribute has this value, in no order."""
        return [self._rows[id_] for id_ in self._groups[group].get(value, ())]

    def put(self, row: R) -> None:
        """Insert or replace."""
        if row.id in self._rows:
            self.remove(row.id)
        self._rows[row.id] = row
        for order, moments in self._orders.items():
            insort(moments, (getattr(row, order), row.id))
        self._join_groups(row)

    def extend(self, rows: Iterable[R]) -> None:
        """Insert many new rows at once."""
        for row in rows:
            self._rows[row.id] = row
            for order, moments in self._orders.items():
                moments.append((getattr(row, order), row.id))
            self._join_groups(row)
        for moments in self._orders.values():
            moments.sort()

    def remove(self, id_: str) -> R:
        """Drop a row for good. Raises KeyError."""
        row = self._rows.pop(id_)
        for order, moments in self._orders.items():
            del moments[bisect_left(moments, (getattr(row, order), id_))]
        for group, members in self._groups.items():
            if (value := getattr(row, group)) is not None:
                members[value].discard(id_)
        return row

    def newest_first(
        self,
        order: str,
        *,
        low: float | None = None,
        high: float | None = None,
        after: Moment | None = None,
    ) -> Iterator[R]:
        """Rows from the newest to the oldest by `order`, both bounds included.

        `after` is where the previous page ended; the row at it is not given again.
        """
        moments = self._orders[order]
        end = len(moments) if high is None else bisect_right(moments, (high, LAST))
        if after is not None:
            end = min(end, bisect_left(moments, after))
        for index in range(end - 1, -1, -1):
            moment, id_ = moments[index]
            if low is not None and moment < low:
                return
            yield self._rows[id_]

    def copy(self) -> Self:
        """The rows as they are now."""
        twin = type(self)(*self._groups)
        twin.__dict__ = {
            "_rows": dict(self._rows),
            "_orders": {order: list(moments) for order, moments in self._orders.items()},
            "_groups": {
                group: {value: set(ids) for value, ids in members.items()}
                for group, members in self._groups.items()
            },
        }
        return twin

    def _join_groups(self, row: R) -> None:
        for group, members in self._groups.items():
            if (value := getattr(row, group)) is not None:
                members.setdefault(value, set()).add(row.id)
