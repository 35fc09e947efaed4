"""Connectors, for people at a terminal."""

from collections.abc import Sequence

from mayak.entry.cli.jobs import words
from mayak.entry.cli.jobs.tables import table, tell
from mayak.entry.cli.output import err, out, plain
from mayak.kit import clock
from mayak.sync.api.connections import ConnectorView, TestView
from mayak.sync.api.errors import ConnectorErrorView
from mayak.sync.api.parts import MappingView, PartView
from mayak.sync.api.records import RecordView
from mayak.sync.model import TITLES, Connector

HANGING = "  "


def tell_connectors(found: Sequence[ConnectorView]) -> None:
    """One line for each, and below it what is wrong with those where something is."""
    at = clock.now()
    shown = table("Connector", "State", "Account", "Bound", "Rows", "Errors", "Last success")
    for one in found:
        errors = f"{one.open_errors}, {one.dead_letters} dead" if one.dead_letters else ""
        shown.add_row(
            one.title,
            one.line.status,
            words.safe(one.account_name or "-"),
            str(one.parts_bound) if one.scope in {"inboxes", "parts"} else one.scope,
            str(one.rows),
            errors or str(one.open_errors),
            words.relative(one.last_success_at, at) if one.last_success_at else "-",
        )
    tell(shown)
    for one in found:
        if one.line.cause and one.line.status != "ok":
            tell_line(one)


def tell_line(one: ConnectorView) -> None:
    """How it is doing, why, and what to do."""
    state: str = one.line.status
    if one.line.until:
        state += f" until {one.line.until:%H:%M:%S} UTC"
    out.print(plain(f"{one.title}: {state}. {one.line.cause or ''}"), markup=False, soft_wrap=True)
    if one.line.next_step:
        out.print(plain(f"{HANGING}{one.line.next_step}"), markup=False, soft_wrap=True)


def tell_test(connector: Connector, seen: TestView) -> None:
    """What a credential sees, or why it does not."""
    title = TITLES[connector]
    if seen.account_name:
        whose = f"{title}: {seen.account_name}, as {seen.user}"
        line = whose + (f" ({seen.role})" if seen.role else "")
        out.print(plain(line), markup=False, soft_wrap=True)
    if seen.parts_count is not None:
        out.print(f"{HANGING}{seen.parts_count} parts, asked in {seen.cost_ms} ms")
    for stream, scope in seen.missing.items():
        out.print(plain(f"{HANGING}✗ {stream}: lacks {scope}"), markup=False, soft_wrap=True)
    for part in seen.coverage:
        name = part.name or part.external_id
        mark = "✓" if part.seen else "✗"
        out.print(plain(f"{HANGING}{mark} {part.kind} {name}"), markup=False, soft_wrap=True)
    for sample in seen.sample:
        at = f"{sample.at:%d %b %Y %H:%M}  " if sample.at else ""
        out.print(plain(f"{HANGING}{at}{sample.title}"), markup=False, style="dim", soft_wrap=True)
    if seen.error:
        said = f"{title}: {seen.error.kind}: {seen.error.message}"
        err.print(plain(said), markup=False, style="bold red", soft_wrap=True)
        err.print(plain(f"{HANGING}{seen.error.next_step}"), markup=False, soft_wrap=True)


def tell_parts(found: Sequence[PartView]) -> None:
    shown = table("Kind", "Id", "Name", "Bound")
    for one in found:
        shown.add_row(one.kind, words.safe(one.external_id), words.safe(one.name), one.bound or "-")
    tell(shown)


def tell_mapping(seen: MappingView) -> None:
    shown = table("Field", "Read from", "Chosen by", "Also possible")
    for one in seen.objects:
        for field in one.fields:
            chosen = field.attribute
            others = [other.slug for other in field.candidates if other != chosen]
            shown.add_row(
                f"{one.object}.{field.field}",
                words.safe(f"{chosen.slug} ({chosen.title})") if chosen else "-",
                field.chosen_by,
                words.safe(", ".join(others)) or "-",
            )
    tell(shown)


def tell_errors(found: Sequence[ConnectorErrorView]) -> None:
    at = clock.now()
    shown = table(
        "Error", "Connector", "Stream", "Kind", "Status", "Tried", "Last", "What happened"
    )
    for one in found:
        about = f"{one.external_id}: " if one.external_id else ""
        shown.add_row(
            str(one.id),
            words.safe(one.connector),
            words.safe(one.stream),
            one.kind,
            one.status,
            str(one.attempt),
            words.relative(one.last_seen_at, at),
            words.short(about + one.message),
        )
    tell(shown)
    for step in dict.fromkeys(one.next_step for one in found if one.next_step):
        err.print(plain(step), markup=False, style="dim", soft_wrap=True)


def tell_records(found: Sequence[RecordView]) -> None:
    at = clock.now()
    shown = table("Id", "Changed at the source", "Synced", "What it says")
    for one in found:
        changed = words.relative(one.source_updated_at, at) if one.source_updated_at else "-"
        gone = "deleted " if one.deleted_at else ""
        said = str(one.payload.get("title") or one.payload.get("name") or one.payload)
        shown.add_row(
            words.safe(one.external_id),
            changed,
            gone + words.relative(one.deleted_at or one.synced_at, at),
            words.short(said),
        )
    tell(shown)
