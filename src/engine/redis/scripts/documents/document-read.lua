-- KEYS: documents kind document version ids
-- ARGV: now, 'get', kind, ids; or 'list', kind, cursor ('' for none), limit, '1' from the last on; or 'kinds', names (none: all)
-- Reply: get: of each what is beside its value, and the value ('' when there is none), of the first ids when they are long.
-- list: the revision, 1 when there are more, and id, what is beside the value, and the value of each. kinds: of each its name and
-- its numbers ('' when there is none)
--
-- Reads documents, or which kinds there are. A reply ends once its values have DOCUMENT_PAGE_BYTES.
-- include: record format documents

read_documents()

local command, kind = ARGV[2], ARGV[3]
local reply, bytes = {}, 0

if command == 'kinds' then
  if not kind then return redis.call('HGETALL', K.kind) end
  for i = 3, #ARGV do
    reply[#reply + 1] = ARGV[i]
    reply[#reply + 1] = redis.call('HGET', K.kind, ARGV[i]) or ''
  end
  return reply
end

local function add(member)
  local value = redis.call('HGET', K.document, member) or ''
  reply[#reply + 1] = redis.call('HGET', K.version, member) or ''
  reply[#reply + 1] = value
  bytes = bytes + #value
end

if command == 'get' then
  for i = 4, #ARGV do
    if bytes >= DOCUMENT_PAGE_BYTES then break end
    add(kind .. '\0' .. ARGV[i])
  end
  return reply
end

local found = load_kind(kind)
if not found then return { 0, 0 } end
local cursor, limit, reverse = ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1'
local from, to = '[' .. kind .. '\0', '(' .. kind .. '\1'
if cursor ~= '' then
  if reverse then to = '(' .. kind .. '\0' .. cursor else from = '(' .. kind .. '\0' .. cursor end
end
local members = reverse and redis.call('ZRANGE', K.ids, to, from, 'BYLEX', 'REV', 'LIMIT', 0, limit + 1)
  or redis.call('ZRANGEBYLEX', K.ids, from, to, 'LIMIT', 0, limit + 1)
reply = { string.format('%.0f', found.revision), 0 }
for i, member in ipairs(members) do
  if i > limit or bytes >= DOCUMENT_PAGE_BYTES then
    reply[2] = 1
    break
  end
  reply[#reply + 1] = string.sub(member, #kind + 2)
  add(member)
end
return reply
