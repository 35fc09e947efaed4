"""Rows as an answer shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mayak.lightrag.model.records import RecordKey, RecordType

CellKind = Literal["text", "number", "money", "date", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    key: str
    label: str
    """In the language of the answer."""
    kind: CellKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    cells: Mapping[str, str | int | float | None]
    """By the key of the column; money is written out with its currency, a date is ISO 8601."""
    citation: int | None = None
    """The index of the quote that names the row; None for a group of rows, and for a row whose
    record has no words of its own.
    """
    url: str | None = None
    source_type: RecordType | None = None
    external_id: str | None = None

    @property
    def key(self) -> RecordKey | None:
        """The record that the row is; None for a group of rows."""
        if self.source_type is None or self.external_id is None:
            return None
        return self.source_type, self.external_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    columns: list[Column]
    rows: list[TableRow]
    total: int
    """How many rows there are, shown or not."""
    shown: int
    result: str | None = None
    """The figure that was asked for, written out; None for a list."""
