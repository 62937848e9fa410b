-- What a script is going to write, gathered first and written at once: every structure gets one variadic command however
-- many jobs are touched, and nothing is written before everything was read and decided.
-- Needs: record.lua. K holds the keys by name; NOW is the time in milliseconds.

local MAX_ARGS = 4000 -- Lua's unpack has a limit of about 8,000 values

local hash_puts, zset_ops, list_tails, list_heads, hash_adds = {}, {}, {}, {}, {}

local function each_chunk(values, call)
  for first = 1, #values, MAX_ARGS do
    call(unpack(values, first, math.min(first + MAX_ARGS - 1, #values)))
  end
end

local function slot(map, name)
  local part = map[name]
  if not part then
    part = {}
    map[name] = part
  end
  return part
end

-- A field of a hash; false removes it.
local function put(name, field, value) slot(hash_puts, name)[field] = value end

-- A member of a sorted set; false removes it.
local function score(name, member, value) slot(zset_ops, name)[member] = value end

local function push_tail(name, value)
  local list = slot(list_tails, name)
  list[#list + 1] = value
end

local function push_head(name, value)
  local list = slot(list_heads, name)
  list[#list + 1] = value
end

-- Adds to a number in a hash; a number that comes to 0 is removed.
local function add(name, field, n)
  local fields = slot(hash_adds, name)
  fields[field] = (fields[field] or 0) + n
end

local function flush()
  for name, fields in pairs(hash_puts) do
    local sets, dels = {}, {}
    for field, value in pairs(fields) do
      if value == false then
        dels[#dels + 1] = field
      else
        sets[#sets + 1] = field
        sets[#sets + 1] = value
      end
    end
    each_chunk(sets, function(...) redis.call('HSET', K[name], ...) end)
    each_chunk(dels, function(...) redis.call('HDEL', K[name], ...) end)
  end
  for name, members in pairs(zset_ops) do
    local adds, dels = {}, {}
    for member, value in pairs(members) do
      if value == false then
        dels[#dels + 1] = member
      else
        adds[#adds + 1] = value
        adds[#adds + 1] = member
      end
    end
    each_chunk(adds, function(...) redis.call('ZADD', K[name], ...) end)
    each_chunk(dels, function(...) redis.call('ZREM', K[name], ...) end)
  end
  for name, values in pairs(list_heads) do
    each_chunk(values, function(...) redis.call('LPUSH', K[name], ...) end)
  end
  for name, values in pairs(list_tails) do
    each_chunk(values, function(...) redis.call('RPUSH', K[name], ...) end)
  end
  for name, fields in pairs(hash_adds) do
    for field, n in pairs(fields) do
      if n ~= 0 and redis.call('HINCRBY', K[name], field, n) == 0 then redis.call('HDEL', K[name], field) end
    end
  end
  hash_puts, zset_ops, list_tails, list_heads, hash_adds = {}, {}, {}, {}, {}
end

-- HMGET in chunks, as one table.
local function hmget(name, fields)
  local values = {}
  for first = 1, #fields, MAX_ARGS do
    local part = redis.call('HMGET', K[name], unpack(fields, first, math.min(first + MAX_ARGS - 1, #fields)))
    for i = 1, #part do values[first + i - 1] = part[i] end
  end
  return values
end
