"""What every workspace begins with: three objects, their attributes, and who may ask."""

from dataclasses import replace

from mayak.sandbox.attio.rows import (
    WORKSPACE_ID,
    AttioRows,
    Attribute,
    AttributeType,
    ObjectType,
    Option,
    Table,
    Token,
    made_id,
)
from mayak.sandbox.world import World

ATTIO_KEY = "attio-sandbox-token"
ATTIO_NARROW_KEY = "attio-records-only-token"
"""Reads records and their configuration, and nothing else."""
SCOPES = frozenset({
    "record_permission:read-write", "object_configuration:read-write", "list_entry:read-write",
    "list_configuration:read-write", "note:read-write", "task:read-write",
    "user_management:read", "webhook:read-write",
})  # fmt: skip
NARROW_SCOPES = frozenset({"record_permission:read", "object_configuration:read"})
AGE = 400 * 86_400
"""Seconds a workspace existed before its World began."""

OBJECTS = {
    "companies": ("Company", "Companies"),
    "people": ("Person", "People"),
    "deals": ("Deal", "Deals"),
}
STAGES = ("Lead/Discovery", "Qualified", "Proposal", "Negotiation", "Won 🎉", "Lost")
CELEBRATED = "Won 🎉"

_Row = tuple[str, str, AttributeType, str]
STANDARD: dict[str, tuple[_Row, ...]] = {
    "companies": (
        ("domains", "Domains", "domain", "system unique multiple"),
        ("name", "Name", "text", "system"),
        ("description", "Description", "text", "system"),
        ("team", "Team", "record-reference", "system multiple derived"),
        ("primary_location", "Primary location", "location", "system"),
        ("associated_deals", "Associated deals", "record-reference", "system multiple derived"),
    ),
    "people": (
        ("email_addresses", "Email addresses", "email-address", "system unique multiple"),
        ("name", "Name", "personal-name", "system"),
        ("company", "Company", "record-reference", "system"),
        ("job_title", "Job title", "text", "system"),
        ("phone_numbers", "Phone numbers", "phone-number", "system multiple"),
        ("associated_deals", "Associated deals", "record-reference", "system multiple derived"),
    ),
    "deals": (
        ("name", "Deal name", "text", "system"),
        ("stage", "Deal stage", "status", "system"),
        ("owner", "Deal owner", "actor-reference", "system"),
        ("value", "Deal value", "currency", "system"),
        ("associated_people", "Associated people", "record-reference", "system multiple"),
        ("associated_company", "Associated company", "record-reference", "system"),
    ),
}
"""Slug, title, type and what else is so."""
FIXED: tuple[_Row, ...] = (
    ("record_id", "Record ID", "text", "system unwritable"),
    ("created_at", "Created at", "timestamp", "system unwritable"),
    ("created_by", "Created by", "actor-reference", "system unwritable"),
)
"""Read from the record itself, on every object."""
RELATIONSHIPS = (
    ("people", "company", "companies", "team"),
    ("deals", "associated_company", "companies", "associated_deals"),
    ("deals", "associated_people", "people", "associated_deals"),
)
"""Object and slug where the reference is kept, object and slug where it is only shown."""


def furnished(world: World) -> AttioRows:
    """The rows of Attio, with the standard objects, attributes and tokens in place."""
    rows = world.attio
    if rows.objects:
        return rows
    at = rows.stamp(world.clock.timestamp() - AGE)
    for slug, (singular, plural) in OBJECTS.items():
        id_ = object_id(slug)
        rows.objects[id_] = ObjectType(
            id=id_, slug=slug, singular=singular, plural=plural, created_at=at
        )
        rows.records[id_] = Table()
        for name, title, type_, traits in (*STANDARD[slug], *FIXED):
            _furnish(rows, slug, name, title=title, type_=type_, traits=traits, at=at)
    for kept, kept_slug, shown, shown_slug in RELATIONSHIPS:
        _relate(rows, (kept, kept_slug), (shown, shown_slug))
    for secret, name, scopes in (
        (ATTIO_KEY, "Mayak", SCOPES),
        (ATTIO_NARROW_KEY, "Records only", NARROW_SCOPES),
    ):
        rows.tokens[secret] = Token(
            id=made_id("token", secret), secret=secret, name=name, scopes=scopes
        )
    return rows


def object_id(slug: str) -> str:
    return made_id(WORKSPACE_ID, "object", slug)


def attribute_id(owner_id: str, slug: str) -> str:
    """The id of an attribute, from the slug it was made with."""
    return made_id(owner_id, "attribute", slug)


def options(attribute: str, titles: tuple[str, ...]) -> tuple[Option, ...]:
    """Choices of an attribute; their ids follow from the titles they were made with."""
    return tuple(
        Option(id=made_id(attribute, "option", title), title=title, celebrates=title == CELEBRATED)
        for title in titles
    )


def _furnish(
    rows: AttioRows, slug: str, name: str, *, title: str, type_: AttributeType, traits: str, at: int
) -> None:
    words = set(traits.split())
    owner = object_id(slug)
    id_ = attribute_id(owner, name)
    rows.attributes[id_] = Attribute(
        id=id_,
        owner_id=owner,
        slug=name,
        title=title,
        type=type_,
        system=True,
        writable="unwritable" not in words,
        unique="unique" in words or name == "record_id",
        multiple="multiple" in words,
        derived="derived" in words,
        options=options(id_, STAGES) if type_ == "status" else (),
        currency="EUR" if type_ == "currency" else None,
        created_at=at,
    )


def _relate(rows: AttioRows, kept: tuple[str, str], shown: tuple[str, str]) -> None:
    ends = [attribute_id(object_id(slug), name) for slug, name in (kept, shown)]
    for (end, other), (slug, _) in zip((ends, ends[::-1]), (shown, kept), strict=True):
        old = rows.attributes[end]
        rows.attributes[end] = replace(old, inverse=other, targets=(object_id(slug),))
