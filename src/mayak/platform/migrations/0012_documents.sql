-- Documents of all sources, what they are about, and how they hang together.

ALTER TABLE rag_documents DROP CONSTRAINT rag_documents_source_type_check;
ALTER TABLE rag_documents ADD CONSTRAINT rag_documents_source_type_check CHECK (source_type IN
  ('chatwoot_conversation', 'chatwoot_contact', 'linear_issue', 'linear_project',
   'attio_company', 'attio_person', 'attio_deal', 'dataset_text'));
ALTER TABLE rag_documents
  -- Who it is about, as `type:external_id`: companies in `clients`, people in `people`.
  ADD COLUMN clients text[] NOT NULL DEFAULT '{}',
  ADD COLUMN people text[] NOT NULL DEFAULT '{}',
  -- Whether `rag_links` knows of its present state.
  ADD COLUMN linked boolean NOT NULL DEFAULT false;
CREATE INDEX rag_documents_to_link ON rag_documents (project_id) WHERE NOT linked;
CREATE INDEX rag_documents_clients ON rag_documents USING gin (clients);
CREATE INDEX rag_documents_people ON rag_documents USING gin (people);

ALTER TABLE rag_chunks DROP CONSTRAINT rag_chunks_kind_check;
-- messages: a window of a talk. text: what somebody wrote at length. card: what is known of one entity, field by field.
ALTER TABLE rag_chunks ADD CONSTRAINT rag_chunks_kind_check CHECK (kind IN ('messages', 'text', 'card'));

-- Identifiers that stand in the texts of a document: links are made of those that stand for another one.
CREATE TABLE rag_mentions (
  project_id uuid NOT NULL,
  document_id uuid NOT NULL,
  -- key: of an issue, an invoice, a contract (upper case). email: in lower case. number: of an order or an invoice, in digits.
  kind text NOT NULL CHECK (kind IN ('key', 'email', 'number')),
  value text NOT NULL,
  -- As it is written there.
  written text NOT NULL,
  PRIMARY KEY (project_id, document_id, kind, value),
  FOREIGN KEY (project_id, document_id) REFERENCES rag_documents (project_id, id) ON DELETE CASCADE
);
CALL mayak_scope('rag_mentions');

-- Between documents, by their source_type and external_id.
CREATE TABLE rag_links (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  from_type text NOT NULL,
  from_id text NOT NULL,
  to_type text NOT NULL,
  to_id text NOT NULL,
  -- key: a foreign key of the source. mention: an identifier in a text. same: one person or company in two systems.
  relation text NOT NULL CHECK (relation IN ('key', 'mention', 'same')),
  -- What says so: the name of the key, or the identifier as written.
  reason text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, from_type, from_id, to_type, to_id, relation),
  FOREIGN KEY (project_id, from_type, from_id)
    REFERENCES rag_documents (project_id, source_type, external_id) ON DELETE CASCADE,
  FOREIGN KEY (project_id, to_type, to_id)
    REFERENCES rag_documents (project_id, source_type, external_id) ON DELETE CASCADE
);
CREATE INDEX rag_links_back ON rag_links (project_id, to_type, to_id);
CALL mayak_scope('rag_links');

-- How the last look for stale documents ended, by kind.
CREATE TABLE rag_checks (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  source_type text NOT NULL,
  -- Sums over what was compared; null when something was stale.
  state text,
  -- Documents found stale and not made anew since.
  stale integer NOT NULL,
  checked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, source_type)
);
CALL mayak_scope('rag_checks');

-- Documents ask for their parts by what these hang on.
CREATE INDEX linear_comments_project ON linear_comments_raw (project_id, linear_project_id) WHERE issue_id IS NULL;
