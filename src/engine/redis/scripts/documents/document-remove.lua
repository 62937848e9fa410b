-- KEYS: documents kind document version ids operation operations
-- ARGV: now, kind, op, id, expected version ('' for any)
-- Reply: removed, also when it is sent again; missing; conflict with what is there
--
-- Removes a document, or an entry of a log. Mirrors engine/memory/commands/documents.ts.
-- include: record format documents

read_documents()
forget_operations()

local kind, op, member, expected = ARGV[2], ARGV[3], ARGV[2] .. '\0' .. ARGV[4], ARGV[5]
local before = answer_of(op)
if before then return { before } end

local present = redis.call('HGET', K.version, member)
if not present then return { 'missing' } end
if expected ~= '' and tonumber(expected) ~= version_in(present) then return conflict(member, present) end

-- What frees memory comes first: a server that does not know `allow-oom` lets the rest pass then.
remove_document(member)
local found = load_kind(kind) or { documents = 1, sort = 'records' }
found.documents, found.revision = found.documents - 1, next_version()
save_kind(kind, found)
remember(op, 'removed')
return { 'removed' }
