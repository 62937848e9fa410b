-- Documents: `document` has their values and `version` what is beside them (`version created updated`), both by
-- `kind NUL id`; `ids` has the same in lexical order. `kind` has of each kind that has any `revision documents sort`.
-- `operation` has the answers to the last commands that wrote, `operations` has these in their order, as `at op`: both go by
-- themselves once no command is sent again. Of `documents`: format, and version, that of the last write.
-- Needs: record.lua, format.lua.

local last_version

-- Reads what all kinds share; everything else here depends on it.
local function read_documents()
  local numbers = redis.call('HMGET', K.documents, 'format', 'version')
  refuse_newer(numbers[1])
  last_version = sane_number(numbers[2])
end

-- A kind as a table; nil when there is none.
local function load_kind(kind)
  local text = redis.call('HGET', K.kind, kind)
  local revision, documents, sort = string.match(text or '', '^(%d+) (%d+) (%l+)$')
  return revision and { revision = tonumber(revision), documents = tonumber(documents), sort = sort }
end

-- What the command was answered before; nil when it is new.
local function answer_of(op)
  local text = redis.call('HGET', K.operation, op)
  local at, answer = string.match(text or '', '^(%d+) (.*)$')
  return at and tonumber(at) > NOW - RESEND_WINDOW and answer or nil
end

-- Forgets what has been remembered for long enough: more than one command adds. Removes only.
local function forget_operations()
  local surplus = redis.call('LLEN', K.operations) - MOST_TRACES
  for i, entry in ipairs(redis.call('LRANGE', K.operations, 0, 19)) do
    local at, op = string.match(entry, '^(%d+) (.*)$')
    if at and tonumber(at) > NOW - RESEND_WINDOW and i > surplus then return end
    redis.call('LTRIM', K.operations, 1, -1)
    redis.call('HDEL', K.operation, op or '')
  end
end

local function remember(op, answer)
  local at = string.format('%.0f ', NOW)
  redis.call('HSET', K.operation, op, at .. answer)
  redis.call('RPUSH', K.operations, at .. op)
  redis.call('PEXPIRE', K.operation, RESEND_WINDOW)
  redis.call('PEXPIRE', K.operations, RESEND_WINDOW)
end

-- The version of this write. Mirrors `versionAfter` in engine/contract/document-version.ts.
local function next_version()
  last_version = math.max(last_version + 1, NOW)
  redis.call('HSET', K.documents, 'format', FORMAT, 'version', string.format('%.0f', last_version))
  return last_version
end

-- Writes a kind; one without documents goes. When none is left, the last version is kept as long as a command may be sent again:
-- by then the clock is past it.
local function save_kind(kind, found)
  if found.documents > 0 then
    redis.call('HSET', K.kind, kind, string.format('%.0f %d %s', found.revision, found.documents, found.sort))
    redis.call('PERSIST', K.documents)
  else
    redis.call('HDEL', K.kind, kind)
    if redis.call('EXISTS', K.kind) == 0 then redis.call('PEXPIRE', K.documents, RESEND_WINDOW) end
  end
end

local function remove_document(member)
  redis.call('HDEL', K.document, member)
  redis.call('HDEL', K.version, member)
  redis.call('ZREM', K.ids, member)
end

-- The first number of what is beside a value.
local function version_in(text) return tonumber(string.match(text or '', '^%d+')) or 0 end

-- A document as it is, for a caller that expected another.
local function conflict(member, text)
  return text and { 'conflict', text, redis.call('HGET', K.document, member) or '' } or { 'conflict' }
end
