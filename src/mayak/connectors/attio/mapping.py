"""Which attribute of a workspace is which of our fields. Pure.

Slugs and titles are each workspace's own and may be renamed at any time; ids stay. So a field
is tied to an attribute, and its values are read under whatever slug the attribute has now.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

OBJECTS = ("companies", "deals", "people")

Types = tuple[str, ...]
Match = Callable[[str, "Attribute"], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    id: str
    slug: str
    title: str
    type: str
    archived: bool = False
    created_at: str = ""
    currency: str | None = None
    """The currency of amounts that do not name theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The attributes of one object, and what they are to us."""

    stream: str
    fields: Mapping[str, Attribute]
    """By our field; one that nothing fits is not there."""
    ids: Mapping[str, str]
    """Attribute ids by their present slug."""

    def strange(self, rows: Iterable[Mapping[str, object]]) -> frozenset[str]:
        """Slugs in which these values of records and this catalog do not agree.

        A record names every attribute of its object, so they agree unless something was
        renamed, added or removed since the catalog was read.
        """
        found = [frozenset(values) for values in rows if values]
        if not found:
            return frozenset()
        seen = frozenset[str]().union(*found)
        expected = frozenset(one.slug for one in self.fields.values())
        return (seen - self.ids.keys()) | (expected - seen)

    def field_of(self, attribute_id: str) -> str | None:
        """Our name of an attribute; None for one that is not mapped."""
        return next((name for name, one in self.fields.items() if one.id == attribute_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How an attribute is recognised when nobody has chosen it."""

    types: Types
    slugs: tuple[str, ...]
    titles: tuple[str, ...] = ()
    """Whole titles, in lower case, the likeliest first."""
    phrases: tuple[str, ...] = ()
    """Words that a longer title may contain."""
    sole: Types = ()
    """Types of which an object has one attribute at most, unless somebody added another."""


OWNER = Wanted(
    types=("actor-reference",),
    slugs=("owner", "account_owner"),
    titles=("owner", "account owner", "company owner", "deal owner", "account manager",
            "ответственный", "владелец", "менеджер", "владелец сделки"),
)  # fmt: skip
STAGES = ("stage", "lifecycle stage", "lifecycle", "company stage", "customer stage", "status",
          "client stage", "customer status", "account status", "client status", "стадия",
          "стадия клиента", "этап", "статус", "статус клиента")  # fmt: skip

FIELDS: Mapping[str, Mapping[str, Wanted]] = {
    "companies": {
        "name": Wanted(types=("text",), slugs=("name",),
                       titles=("name", "company name", "название", "название компании")),
        "domains": Wanted(types=("domain",), slugs=("domains",), sole=("domain",)),
        "stage": Wanted(types=("status", "select"), titles=STAGES,
                        slugs=("stage", "lifecycle_stage", "lifecycle", "status")),
        "owner_id": OWNER,
        "person_ids": Wanted(types=("record-reference",), slugs=("team", "people"),
                             titles=("team", "people", "contacts", "команда", "люди",
                                     "контакты")),
    },
    "deals": {
        "name": Wanted(types=("text",), slugs=("name",),
                       titles=("deal name", "name", "название", "название сделки", "сделка")),
        "stage": Wanted(types=("status", "select"), slugs=("stage",), sole=("status",),
                        titles=("deal stage", "pipeline stage", "стадия сделки", "этап сделки",
                                *STAGES)),
        "amount": Wanted(types=("currency", "number"), slugs=("value",), sole=("currency",),
                         titles=("deal value", "value", "amount", "сумма", "сумма сделки",
                                 "стоимость")),
        "company_id": Wanted(types=("record-reference",), slugs=("associated_company", "company"),
                             titles=("associated company", "company", "компания", "клиент")),
        "person_ids": Wanted(types=("record-reference",), slugs=("associated_people", "people"),
                             titles=("associated people", "people", "contacts", "люди",
                                     "контакты")),
        "owner_id": OWNER,
        "close_date": Wanted(types=("date", "timestamp"),
                             slugs=("close_date", "expected_close_date", "expected_close"),
                             titles=("close date", "expected close date", "expected close",
                                     "closing date", "дата закрытия", "закрытие"),
                             phrases=("expected close", "close date", "дата закрытия",
                                      "закрытие", "закрытия")),
        "next_step": Wanted(types=("text",), slugs=("next_step", "next_steps"),
                            titles=("next step", "next steps", "следующий шаг",
                                    "следующие шаги"),
                            phrases=("next step", "следующий шаг")),
    },
    "people": {
        "name": Wanted(types=("personal-name", "text"), slugs=("name",),
                       titles=("name", "full name", "имя", "фио"), sole=("personal-name",)),
        "emails": Wanted(types=("email-address",), slugs=("email_addresses",),
                         sole=("email-address",)),
        "phones": Wanted(types=("phone-number",), slugs=("phone_numbers",),
                         sole=("phone-number",)),
        "job_title": Wanted(types=("text",), slugs=("job_title",),
                            titles=("job title", "title", "position", "role", "должность")),
        "company_id": Wanted(types=("record-reference",), slugs=("company",),
                             titles=("company", "компания", "организация")),
    },
}  # fmt: skip
"""By object: our fields in the order in which they choose."""


@dataclass(slots=True)
class _Choice:
    """Attributes that are still to be had; each goes to one field."""

    left: list[Attribute]
    taken: dict[str, Attribute] = field(default_factory=dict)

    def take(self, name: str, found: Attribute | None) -> None:
        if found is not None:
            self.left.remove(found)
            self.taken[name] = found


def catalog(
    object_: str,
    attributes: Sequence[Attribute],
    chosen: Mapping[str, str] | None = None,
    known: Mapping[str, str] | None = None,
) -> Catalog:
    """What each field of an object is read from.

    `chosen` has attribute ids by our field and goes before everything else: a choice that
    is no longer there leaves its field empty, rather than filling it from a guess. `known` is
    what an earlier catalog found, and holds as long as the attribute exists, whatever it is
    called by now. The same attributes give the same catalog, in whatever order they come.
    """
    chosen, known = chosen or {}, known or {}
    present = sorted(
        (one for one in attributes if not one.archived), key=lambda one: (one.created_at, one.id)
    )
    wanted = FIELDS[object_]
    choice = _Choice(list(present))
    for ids in (chosen, {name: id_ for name, id_ in known.items() if name not in chosen}):
        for name in (name for name in wanted if name in ids):
            choice.take(name, next((one for one in choice.left if one.id == ids[name]), None))
    for way in (_by_slug, _by_title, _by_phrase, _sole):
        for name, want in wanted.items():
            if name not in choice.taken and name not in chosen:
                fits = [one for one in choice.left if one.type in want.types]
                choice.take(name, way(want, fits))
    return Catalog(
        stream=object_,
        fields={name: choice.taken[name] for name in wanted if name in choice.taken},
        # The living last: theirs are the slugs, should an archived one have kept its own.
        ids={one.slug: one.id for one in sorted(attributes, key=lambda one: not one.archived)},
    )


def _by_slug(want: Wanted, fits: Sequence[Attribute]) -> Attribute | None:
    return _first(want.slugs, fits, lambda slug, one: one.slug == slug)


def _by_title(want: Wanted, fits: Sequence[Attribute]) -> Attribute | None:
    return _first(want.titles, fits, lambda title, one: _plain(one.title) == title)


def _by_phrase(want: Wanted, fits: Sequence[Attribute]) -> Attribute | None:
    return _first(want.phrases, fits, lambda words, one: f" {words} " in f" {_plain(one.title)} ")


def _sole(want: Wanted, fits: Sequence[Attribute]) -> Attribute | None:
    """The only attribute of a type, whatever it is called."""
    alone = [one for one in fits if one.type in want.sole]
    return alone[0] if len(alone) == 1 else None


def _first(words: Sequence[str], fits: Sequence[Attribute], match: Match) -> Attribute | None:
    """The likeliest word decides; among attributes of one word, the oldest."""
    return next((one for word in words for one in fits if match(word, one)), None)


def _plain(title: str) -> str:
    """A title without case, emoji and punctuation, and without the dots of a Cyrillic e."""
    return " ".join(re.findall(r"[^\W_]+", title.casefold().replace("\u0451", "\u0435")))
