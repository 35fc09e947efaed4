"""Which attribute of a workspace is which of our fields."""

import random

import pytest

from mayak.connectors.attio.mapping import FIELDS, Attribute, catalog


def made(slug: str, type_: str, title: str = "", **more: object) -> Attribute:
    return Attribute(id=f"id-{slug}", slug=slug, title=title or slug, type=type_, **more)  # type: ignore[arg-type]


def slug_of(stream: str, field: str, *attributes: Attribute, **chosen: str) -> str | None:
    found = catalog(stream, attributes, chosen).fields.get(field)
    return found.slug if found else None


@pytest.mark.parametrize("title", ["Stage", "Lifecycle", "Status", "Стадия", "Статус", "🔥 STAGE!"])
@pytest.mark.parametrize("type_", ["select", "status"])
def test_the_stage_of_a_company_is_found_by_its_title(title: str, type_: str) -> None:
    assert slug_of("companies", "stage", made("x1", type_, title)) == "x1"


@pytest.mark.parametrize(
    ("field", "type_", "title"),
    [
        ("close_date", "date", "Expected close"),
        ("close_date", "timestamp", "Close date (forecast)"),
        ("close_date", "date", "Плановая дата закрытия"),
        ("next_step", "text", "Next step"),
        ("next_step", "text", "Следующий шаг по сделке"),
        ("amount", "currency", "Budget"),
        ("stage", "status", "Funnel"),
        ("owner_id", "actor-reference", "Ответственный"),
        ("company_id", "record-reference", "Клиент"),
    ],
)
def test_a_field_of_a_deal_is_found_by_title_or_type(field: str, type_: str, title: str) -> None:
    assert slug_of("deals", field, made("x1", type_, title)) == "x1"


@pytest.mark.parametrize(
    ("stream", "field", "type_", "title"),
    [
        ("companies", "stage", "text", "Stage"),
        ("companies", "stage", "select", "E-mail status"),
        ("companies", "owner_id", "actor-reference", "Created by"),
        ("deals", "next_step", "text", "Notes"),
        ("deals", "close_date", "date", "Created"),
    ],
)
def test_what_merely_looks_alike_is_left_alone(
    stream: str, field: str, type_: str, title: str
) -> None:
    assert slug_of(stream, field, made("x1", type_, title)) is None


def test_a_well_known_slug_goes_before_a_title() -> None:
    pair = made("stage", "select", "Phase"), made("x1", "select", "Stage")

    assert slug_of("companies", "stage", *pair) == "stage"


def test_a_choice_goes_before_everything() -> None:
    pair = made("stage", "select", "Stage"), made("x1", "select", "Tier")

    assert slug_of("companies", "stage", *pair, stage="id-x1") == "x1"


def test_a_choice_that_is_gone_is_not_replaced_by_a_guess() -> None:
    assert slug_of("companies", "stage", made("stage", "select"), stage="id-gone") is None


def test_what_was_found_before_holds_under_any_name() -> None:
    rows = made("x1", "select", "Phase"), made("stage", "select", "Stage")

    found = catalog("companies", rows, known={"stage": "id-x1", "name": "id-gone"})

    assert {name: one.slug for name, one in found.fields.items()} == {"stage": "x1"}


def test_a_choice_goes_before_what_was_found() -> None:
    rows = made("x1", "select"), made("x2", "select")

    found = catalog("companies", rows, {"stage": "id-x2"}, {"stage": "id-x1"})

    assert found.fields["stage"].slug == "x2"


def test_an_archived_attribute_is_nothing_to_us() -> None:
    assert slug_of("companies", "stage", made("stage", "select", archived=True)) is None


def test_two_currencies_leave_the_amount_open() -> None:
    pair = made("x1", "currency", "Cost"), made("x2", "currency", "Margin")

    assert slug_of("deals", "amount", *pair) is None


def test_an_attribute_goes_to_one_field() -> None:
    only = made("name", "text", "Next step")

    assert set(catalog("deals", [only]).fields) == {"name"}


def test_the_same_attributes_give_the_same_catalog_in_any_order() -> None:
    rows = [made(f"x{n}", "select", "Stage", created_at=f"202{n}") for n in range(5)]
    mixed = random.Random(7).sample(rows, len(rows))  # noqa: S311  (repeatable)

    assert slug_of("companies", "stage", *rows) == slug_of("companies", "stage", *mixed) == "x0"


def test_every_object_names_the_fields_that_can_be_chosen() -> None:
    assert {name: set(fields) for name, fields in FIELDS.items()} == {
        "companies": {"name", "domains", "stage", "owner_id", "person_ids"},
        "deals": {
            "name", "stage", "amount", "company_id", "person_ids", "owner_id", "close_date",
            "next_step",
        },
        "people": {"name", "emails", "phones", "job_title", "company_id"},
    }  # fmt: skip
