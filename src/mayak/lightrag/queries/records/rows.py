"""The shape that all records have in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mayak.lightrag.model.records import AuthorKind, DocumentType, Record, RecordType


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    type: RecordType
    external_id: str
    document_type: DocumentType
    document_id: str
    title: str | None
    fields: Mapping[str, str | None]
    author: str | None
    author_kind: AuthorKind | None
    at: datetime
    synced_at: datetime
    public: bool
    url: str | None

    def record(self) -> Record:
        return Record(
            key=(self.type, self.external_id),
            document=(self.document_type, self.document_id),
            title=self.title,
            fields={name: text for name, text in self.fields.items() if text},
            author=self.author,
            author_kind=self.author_kind,
            at=self.at,
            synced_at=self.synced_at,
            public=self.public,
            url=self.url,
        )
