"""The questions of the golden set, as the YAML files beside this module tell them.

One file is one kind. What a right answer is stands with the question: fragments or records that
have to be found, a rule that the World's rows are put through, or that it has to be refused.
"""

from importlib.resources import files
from typing import Any, Literal, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mayak.lightrag.model.language import Locale
from mayak.lightrag.model.records import RecordType

Kind = Literal[
    "fact", "who_when", "count", "list", "sum_compare", "cross_system", "identifier", "unanswerable"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Client = Literal["northwind", "vega", "baltika"]
PROJECTS: tuple[Client, ...] = get_args(Client)
Collection = Literal["issues", "conversations", "deals", "people", "tasks"]
Aggregate = Literal["count", "list", "sum", "most", "largest", "smallest"]
NAMED: frozenset[RecordType] = frozenset(
    {
        "linear_issue",
        "linear_project",
        "attio_company",
        "attio_person",
        "attio_deal",
        "chatwoot_contact",
    }
)
"""Types that a case can name by a key; the others are named by what they say."""


class _Told(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Told):
    """What is computed from the World's rows, see `rules`."""

    of: Collection
    where: dict[str, Any] = Field(default_factory=dict)
    """Field to its value, to a list of which it is one, or to None. A field that holds several
    must have the value among them. `over` and `under` bound the amount of a deal.
    """
    aggregate: Aggregate
    field: str | None = None
    """What is listed, added up or compared; None lists the key of a row."""

    @model_validator(mode="after")
    def _has_its_field(self) -> Self:
        if self.field is None and self.aggregate not in ("count", "list"):
            raise ValueError(f"{self.aggregate}: say which field")
        return self


class Case(_Told):
    id: str
    project: Client
    kind: Kind
    locale: Locale
    question: str
    history: tuple[str, ...] = ()
    """What was asked before, the oldest first."""
    quotes: tuple[str, ...] = ()
    """Exact fragments of texts that may be read; any one of them is enough."""
    records: tuple[str, ...] = ()
    """`type:key`; any one of them, or of `quotes`, is enough."""
    field: str | None = None
    """What of such a record has to be quoted; None: anything."""
    rule: Rule | None = None
    never: tuple[str, ...] = ()
    """Words that no answer may hold."""

    @property
    def refuse(self) -> bool:
        """Whether the data has no answer."""
        return self.kind == "unanswerable"

    @model_validator(mode="after")
    def _expects_what_its_kind_does(self) -> Self:
        computed = self.kind in ("count", "list", "sum_compare")
        if computed != (self.rule is not None):
            raise ValueError(f"{self.id}: a rule is for what is counted, listed or compared")
        if (computed or self.refuse) == bool(self.quotes or self.records):
            raise ValueError(f"{self.id}: quotes or records are for what is found")
        if self.field and not self.records:
            raise ValueError(f"{self.id}: a field is of a record")
        for name in self.records:
            if name.partition(":")[0] not in NAMED or not name.partition(":")[2]:
                raise ValueError(f"{self.id}: {name!r} is not like linear_issue:NOR-1")
        return self


class _File(_Told):
    kind: Kind
    cases: list[dict[str, Any]]


def load(*, projects: tuple[str, ...] = ()) -> list[Case]:
    """Every case, or those of these projects, in the order of the kinds. Raises ValueError."""
    told: list[Case] = []
    for entry in files("mayak.entry.golden").iterdir():
        if entry.name.endswith(".yaml"):
            raw = _File.model_validate(yaml.safe_load(entry.read_text(encoding="utf-8")))
            told += [Case.model_validate({"kind": raw.kind, **one}) for one in raw.cases]
    told.sort(key=lambda case: (KINDS.index(case.kind), case.id))
    ids = [case.id for case in told]
    if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        raise ValueError(f"told twice: {', '.join(twice)}")
    return [case for case in told if not projects or case.project in projects]
