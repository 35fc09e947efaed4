"""SQL of links: how documents hang together, and whom each of them is about.

All links of a project follow from its mirror and the mentions in its texts, and are made in one
statement: what is not there any more goes, what is new comes, the rest is not touched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, LiteralString
from uuid import UUID

import orjson

from mayak.lightrag.model.mentions import FREE_MAIL, Mention
from mayak.lightrag.model.records import DocumentKey, DocumentType
from mayak.platform.db import Conn, execute, fetch_all, fetch_value

Relation = Literal["key", "mention", "same"]
MOST = 8
"""Documents that share a number; one that stands in more of them ties nothing together."""

SHARE: LiteralString = """
SELECT pg_advisory_xact_lock_shared(hashtextextended('rag_links ' || %(project_id)s::text, 0))
"""
OWN: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended('rag_links ' || %(project_id)s::text, 0))
"""
TO_LINK: LiteralString = """
SELECT EXISTS (SELECT FROM rag_documents WHERE project_id = %(project_id)s AND NOT linked)
"""

SAVE_MENTIONS: LiteralString = """
WITH new AS (
  SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS new (document_id uuid, kind text, value text, written text)
), gone AS (
  DELETE FROM rag_mentions AS old
   WHERE project_id = %(project_id)s AND document_id = ANY(%(document_ids)s)
     AND NOT EXISTS (SELECT FROM new WHERE new.document_id = old.document_id
                                       AND new.kind = old.kind AND new.value = old.value)
)
INSERT INTO rag_mentions AS old (project_id, document_id, kind, value, written)
SELECT %(project_id)s, document_id, kind, value, written FROM new
    ON CONFLICT (project_id, document_id, kind, value) DO UPDATE
   SET written = excluded.written WHERE old.written <> excluded.written
"""

_KEYS: LiteralString = """
  SELECT 'linear_issue', external_id, 'linear_project', linear_project_id, 'key', 'project'
    FROM linear_issues_raw WHERE project_id = %(project_id)s
  UNION ALL
  SELECT 'linear_issue', external_id, 'linear_issue', parent_id, 'key', 'parent'
    FROM linear_issues_raw WHERE project_id = %(project_id)s
  UNION ALL
  SELECT 'linear_issue', external_id, 'linear_issue', unnest(blocked_by), 'key', 'blocked_by'
    FROM linear_issues_raw WHERE project_id = %(project_id)s
  UNION ALL
  SELECT 'attio_deal', external_id, 'attio_company', company_id, 'key', 'company'
    FROM attio_opportunities_raw WHERE project_id = %(project_id)s
  UNION ALL
  SELECT 'attio_deal', external_id, 'attio_person', unnest(person_ids), 'key', 'people'
    FROM attio_opportunities_raw WHERE project_id = %(project_id)s
  UNION ALL
  SELECT 'attio_person', external_id, 'attio_company', company_id, 'key', 'company'
    FROM attio_people_raw WHERE project_id = %(project_id)s
  UNION ALL
  SELECT 'chatwoot_conversation', external_id, 'chatwoot_contact', contact_id, 'key', 'contact'
    FROM cw_conversations WHERE project_id = %(project_id)s
"""

_MENTIONS: LiteralString = """  UNION ALL
  SELECT said.type, said.external_id, 'linear_issue', issue.external_id, 'mention', said.written
    FROM said JOIN issue ON said.kind = 'key' AND issue.key = said.value
  UNION ALL
  SELECT said.type, said.external_id, mail.type, mail.external_id, 'mention', said.written
    FROM said JOIN mail ON said.kind = 'email' AND mail.email = said.value
  UNION ALL
  SELECT one.type, one.external_id, other.type, other.external_id, 'mention', one.written
    FROM shared AS one
    JOIN shared AS other ON other.kind = one.kind AND other.value = one.value
     AND (one.type, one.external_id) < (other.type, other.external_id)
"""

_SAME: LiteralString = """  UNION ALL
  SELECT one.type, one.external_id, other.type, other.external_id, 'same', one.email
    FROM mail AS one JOIN mail AS other ON other.email = one.email
   WHERE one.type = 'chatwoot_contact' AND other.type = 'attio_person'
  UNION ALL
  SELECT one.type, one.external_id, other.type, other.external_id, 'same', one.written
    FROM phone AS one JOIN phone AS other ON other.digits = one.digits
   WHERE one.type = 'chatwoot_contact' AND other.type = 'attio_person'
  UNION ALL
  SELECT mail.type, mail.external_id, 'attio_company', company.external_id, 'same', company.domain
    FROM mail JOIN company ON company.domain = split_part(mail.email, '@', 2)
   WHERE NOT mail.employed
"""

RELINK: LiteralString = f"""
WITH doc AS MATERIALIZED (
  SELECT id, source_type AS type, external_id FROM rag_documents WHERE project_id = %(project_id)s
), mail AS MATERIALIZED (
  SELECT 'chatwoot_contact' AS type, external_id, lower(trim(email)) AS email, false AS employed
    FROM cw_contacts
   WHERE project_id = %(project_id)s AND deleted_at IS NULL AND email <> ''
  UNION
  SELECT 'attio_person', external_id, lower(trim(email)), company_id IS NOT NULL
    FROM attio_people_raw CROSS JOIN unnest(emails) AS email
   WHERE project_id = %(project_id)s AND deleted_at IS NULL AND email <> ''
), phone AS MATERIALIZED (
  -- The last ten digits: what is before them is a country's or a trunk's code.
  SELECT type, external_id, written, right(digits, 10) AS digits
    FROM (SELECT 'chatwoot_contact' AS type, external_id, phone_number AS written,
                 regexp_replace(phone_number, '\\D', '', 'g') AS digits
            FROM cw_contacts WHERE project_id = %(project_id)s AND deleted_at IS NULL
           UNION
          SELECT 'attio_person', external_id, number, regexp_replace(number, '\\D', '', 'g')
            FROM attio_people_raw CROSS JOIN unnest(phones) AS number
           WHERE project_id = %(project_id)s AND deleted_at IS NULL) AS known
   WHERE length(digits) >= 10
), company AS MATERIALIZED (
  SELECT DISTINCT external_id, regexp_replace(lower(trim(domain)), '^www\\.', '') AS domain
    FROM attio_accounts_raw CROSS JOIN unnest(domains) AS domain
   WHERE project_id = %(project_id)s AND deleted_at IS NULL AND domain <> ''
     AND NOT lower(trim(domain)) = ANY(%(free_mail)s::text[])
), issue AS MATERIALIZED (
  SELECT external_id, upper(key) AS key
    FROM linear_issues_raw CROSS JOIN unnest(previous_identifiers || identifier) AS key
   WHERE project_id = %(project_id)s AND deleted_at IS NULL
), said AS MATERIALIZED (
  SELECT doc.type, doc.external_id, said.kind, said.value, said.written
    FROM rag_mentions AS said JOIN doc ON doc.id = said.document_id
   WHERE said.project_id = %(project_id)s
), shared AS MATERIALIZED (
  SELECT * FROM (
    SELECT *, count(*) OVER (PARTITION BY kind, value) AS times FROM said
     WHERE kind = 'number' OR kind = 'key' AND NOT EXISTS (SELECT FROM issue WHERE key = value)
  ) AS counted WHERE times BETWEEN 2 AND {MOST}
), found (from_type, from_id, to_type, to_id, relation, reason) AS (
  {_KEYS}{_MENTIONS}{_SAME}
), wanted AS MATERIALIZED (
  SELECT from_type, from_id, to_type, to_id, relation,
         string_agg(DISTINCT reason, ', ' ORDER BY reason) AS reason
    FROM found
    JOIN doc AS one ON one.type = from_type AND one.external_id = from_id
    JOIN doc AS other ON other.type = to_type AND other.external_id = to_id
   WHERE (from_type, from_id) <> (to_type, to_id)
   GROUP BY from_type, from_id, to_type, to_id, relation
), gone AS (
  DELETE FROM rag_links AS old
   WHERE project_id = %(project_id)s
     AND NOT EXISTS (
           SELECT FROM wanted AS new
            WHERE (new.from_type, new.from_id, new.to_type, new.to_id, new.relation)
                = (old.from_type, old.from_id, old.to_type, old.to_id, old.relation))
)
INSERT INTO rag_links AS old
       (project_id, from_type, from_id, to_type, to_id, relation, reason)
SELECT %(project_id)s, from_type, from_id, to_type, to_id, relation, reason FROM wanted
    ON CONFLICT (project_id, from_type, from_id, to_type, to_id, relation) DO UPDATE
   SET reason = excluded.reason WHERE old.reason <> excluded.reason
"""

ABOUT: LiteralString = """
WITH link AS MATERIALIZED (
  SELECT * FROM rag_links WHERE project_id = %(project_id)s
), firm AS (
  SELECT source_type AS type, external_id AS id, external_id AS company
    FROM rag_documents WHERE project_id = %(project_id)s AND source_type = 'attio_company'
   UNION
  SELECT from_type, from_id, to_id
    FROM link
   WHERE to_type = 'attio_company' AND relation IN ('key', 'same')
   UNION
  SELECT contact.from_type, contact.from_id, person.to_id
    FROM link AS contact
    JOIN link AS person ON person.from_type = contact.to_type AND person.from_id = contact.to_id
     AND person.to_type = 'attio_company' AND person.relation IN ('key', 'same')
   WHERE contact.to_type = 'attio_person' AND contact.relation = 'same'
), human AS (
  SELECT source_type AS type, external_id AS id, source_type AS person_type,
         external_id AS person
    FROM rag_documents
   WHERE project_id = %(project_id)s AND source_type IN ('attio_person', 'chatwoot_contact')
   UNION
  SELECT from_type, from_id, to_type, to_id
    FROM link
   WHERE to_type = 'attio_person' AND relation IN ('key', 'same')
   UNION
  SELECT from_type, from_id, to_type, to_id
    FROM link
   WHERE to_type IN ('attio_person', 'chatwoot_contact') AND relation = 'mention'
     AND from_type = 'linear_issue'
), talk AS (
  SELECT from_type AS type, from_id AS id, to_type AS contact_type, to_id AS contact
    FROM link
   WHERE from_type = 'chatwoot_conversation' AND to_type = 'chatwoot_contact'
     AND relation = 'key'
), known AS (
  SELECT type, id, company FROM firm
   UNION
  SELECT talk.type, talk.id, firm.company
    FROM talk JOIN firm ON firm.type = talk.contact_type AND firm.id = talk.contact
), beside AS (
  SELECT from_id AS id, to_type AS type, to_id AS other
    FROM link WHERE relation = 'mention' AND from_type = 'linear_issue'
   UNION
  SELECT to_id, from_type, from_id
    FROM link WHERE relation = 'mention' AND to_type = 'linear_issue'
), client (type, id, key) AS (
  SELECT type, id, 'attio_company:' || company FROM known
   UNION
  -- An issue is a client's when all that it is mentioned beside are that client's.
  SELECT 'linear_issue', beside.id, 'attio_company:' || min(known.company)
    FROM beside JOIN known ON known.type = beside.type AND known.id = beside.other
   GROUP BY beside.id HAVING count(DISTINCT known.company) = 1
), person (type, id, key) AS (
  SELECT type, id, person_type || ':' || person FROM human
   UNION
  SELECT talk.type, talk.id, human.person_type || ':' || human.person
    FROM talk JOIN human ON human.type = talk.contact_type AND human.id = talk.contact
), clients AS (
  SELECT type, id, array_agg(key ORDER BY key) AS keys FROM client GROUP BY type, id
), people AS (
  SELECT type, id, array_agg(key ORDER BY key) AS keys FROM person GROUP BY type, id
), about AS (
  SELECT d.id, coalesce(clients.keys, '{}') AS clients, coalesce(people.keys, '{}') AS people
    FROM rag_documents AS d
    LEFT JOIN clients ON clients.type = d.source_type AND clients.id = d.external_id
    LEFT JOIN people ON people.type = d.source_type AND people.id = d.external_id
   WHERE d.project_id = %(project_id)s
)
UPDATE rag_documents AS d
   SET clients = about.clients, people = about.people, linked = true
  FROM about
 WHERE d.project_id = %(project_id)s AND d.id = about.id
   AND (NOT d.linked OR d.clients <> about.clients OR d.people <> about.people)
"""


NEIGHBOURS: LiteralString = """
SELECT beside.type, beside.external_id, other.title, beside.relation, beside.reason
  FROM (SELECT to_type AS type, to_id AS external_id, relation, reason, 0 AS turned
          FROM rag_links
         WHERE project_id = %(project_id)s AND from_type = %(type)s AND from_id = %(external_id)s
         UNION ALL
        SELECT from_type, from_id, relation, reason, 1
          FROM rag_links
         WHERE project_id = %(project_id)s AND to_type = %(type)s
           AND to_id = %(external_id)s) AS beside
  JOIN rag_documents AS other
    ON other.project_id = %(project_id)s AND other.source_type = beside.type
   AND other.external_id = beside.external_id
 ORDER BY array_position(ARRAY['key', 'same', 'mention'], beside.relation), turned,
          beside.type, other.title, beside.external_id
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A document that another one is linked to, in either direction."""

    type: DocumentType
    external_id: str
    title: str | None
    relation: Relation
    reason: str


async def neighbours(
    conn: Conn, project_id: UUID, document: DocumentKey, *, limit: int
) -> list[Neighbour]:
    """What a document hangs together with, the surest first."""
    return await fetch_all(
        conn,
        Neighbour,
        NEIGHBOURS,
        project_id=project_id,
        type=document[0],
        external_id=document[1],
        limit=limit,
    )


async def writing_documents(conn: Conn, project_id: UUID) -> None:
    """From here to its end, this transaction and `relink` wait for each other."""
    await conn.execute(SHARE, {"project_id": project_id})


async def save_mentions(
    conn: Conn, project_id: UUID, said: Mapping[UUID, Sequence[Mention]]
) -> None:
    """What stands in these documents now, and nothing else."""
    rows = [
        {"document_id": document_id, **asdict(one)}
        for document_id, mentions in said.items()
        for one in mentions
    ]
    await execute(
        conn,
        SAVE_MENTIONS,
        project_id=project_id,
        document_ids=list(said),
        rows=orjson.dumps(rows).decode(),
    )


async def any_to_link(conn: Conn, project_id: UUID) -> bool:
    """Whether a document changed since links were made."""
    return bool(await fetch_value(conn, TO_LINK, project_id=project_id))


async def relink(conn: Conn, project_id: UUID) -> None:
    """Make all links of the project, and note whom its documents are about."""
    await conn.execute(OWN, {"project_id": project_id})
    await execute(conn, RELINK, project_id=project_id, free_mail=list(FREE_MAIL))
    await execute(conn, ABOUT, project_id=project_id)
