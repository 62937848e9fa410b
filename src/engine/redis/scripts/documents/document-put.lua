-- KEYS: documents kind document version ids operation operations
-- ARGV: now, kind, op, 'put', id, value, expected version ('' for any); or 'append', value, cap
-- Reply: created, updated or appended with the version (`created 7`), also when it is sent again; conflict with what is there;
-- full, too-many-kinds or other-sort
--
-- Stores a document, or appends one to a log. Mirrors engine/memory/commands/documents.ts.
-- include: record format documents

read_documents()
forget_operations()

local kind, op, command = ARGV[2], ARGV[3], ARGV[4]
local before = answer_of(op)
if before then return { before } end

local sort = command == 'append' and 'log' or 'records'
local found = load_kind(kind)
if found and found.sort ~= sort then return { 'other-sort' } end
if not found and redis.call('HLEN', K.kind) >= MOST_KINDS then return { 'too-many-kinds' } end
found = found or { documents = 0, sort = sort }

local function store(member, version, created, value)
  redis.call('HSET', K.document, member, value)
  redis.call('HSET', K.version, member, string.format('%.0f %.0f %.0f', version, created, NOW))
end

local function finish(outcome, version)
  found.revision = version
  save_kind(kind, found)
  local answer = string.format('%s %.0f', outcome, version)
  remember(op, answer)
  return { answer }
end

if command == 'append' then
  local version = next_version()
  local member = kind .. '\0' .. string.format('%0' .. ENTRY_DIGITS .. '.0f', version)
  store(member, version, NOW, ARGV[5])
  redis.call('ZADD', K.ids, 0, member)
  found.documents = found.documents + 1
  local surplus = math.min(found.documents - tonumber(ARGV[6]), MOST_TRIMMED)
  if surplus > 0 then
    local oldest = redis.call('ZRANGEBYLEX', K.ids, '[' .. kind .. '\0', '(' .. kind .. '\1', 'LIMIT', 0, surplus)
    for _, one in ipairs(oldest) do remove_document(one) end
    found.documents = math.max(found.documents - surplus, 1)
  end
  return finish('appended', version)
end

local member, expected = kind .. '\0' .. ARGV[5], ARGV[7]
local present = redis.call('HGET', K.version, member)
if expected ~= '' and tonumber(expected) ~= version_in(present) then return conflict(member, present) end
if not present and found.documents >= MOST_DOCUMENTS then return { 'full' } end
local version = next_version()
store(member, version, present and tonumber(string.match(present, ' (%d+) ')) or NOW, ARGV[6])
if not present then
  redis.call('ZADD', K.ids, 0, member)
  found.documents = found.documents + 1
end
return finish(present and 'updated' or 'created', version)
