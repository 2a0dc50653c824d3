-- A batch outlives what is erased of its documents, so the names that callers gave these go from what is kept of it; where the
-- document is there, it is named from its own row. The text of a jsonb value is canonical, and a quotation mark inside of a
-- string stands behind a backslash, so that no other field can be met. The owner of the table passes its wall for this.

alter table batch no force row level security;

update batch
set rows = regexp_replace(rows::text, '"document_id": "(?:[^"\\]|\\.)*"', '"document_id": ""', 'g')::jsonb
where rows::text ~ '"document_id": "[^"]';

alter table batch force row level security;
