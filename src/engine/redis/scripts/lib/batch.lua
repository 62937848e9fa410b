-- What a script is going to write, gathered first and written at once: every structure gets one variadic command however
-- many jobs are touched, and nothing is written before everything was read and decided. Within one flush removals come
-- before additions, so what is taken out and put back in stays in.
-- Needs: K, the keys by name.

local MAX_ARGS = 4000 -- Lua's unpack has a limit of about 8,000 values

-- How many entries one call may look at in a loop whose length is that of the data: the server does nothing else meanwhile.
-- What is left is for the next call.
local MOST_LOOKED_AT = 2000

-- By command, by key name: a flat list of arguments; `n` is its length (Lua's # would search for it at every append).
local HDEL, ZREM, HSET, ZADD, LPUSH, RPUSH = 1, 2, 3, 4, 5, 6
local COMMANDS = { 'HDEL', 'ZREM', 'HSET', 'ZADD', 'LPUSH', 'RPUSH' }
local gathered = { {}, {}, {}, {}, {}, {} }
local increments = {}

local function args_of(command, name)
  local args = gathered[command][name]
  if not args then
    args = { n = 0 }
    gathered[command][name] = args
  end
  return args
end

local function append(args, value)
  local n = args.n + 1
  args[n] = value
  args.n = n
end

local function append_pair(args, first, second)
  local n = args.n
  args[n + 1] = first
  args[n + 2] = second
  args.n = n + 2
end

-- A field of a hash; false removes it.
local function put(name, field, value)
  if value == false then append(args_of(HDEL, name), field) else append_pair(args_of(HSET, name), field, value) end
end

-- A member of a sorted set; false removes it.
local function score(name, member, value)
  if value == false then append(args_of(ZREM, name), member) else append_pair(args_of(ZADD, name), value, member) end
end

local function push_tail(name, value) append(args_of(RPUSH, name), value) end

local function push_head(name, value) append(args_of(LPUSH, name), value) end

-- Adds to a number in a hash; a number that comes to 0 is removed.
local function add(name, field, n)
  local fields = increments[name]
  if not fields then
    fields = {}
    increments[name] = fields
  end
  fields[field] = (fields[field] or 0) + n
end

local before_flush = {} -- functions that gather what is left to write

local function flush()
  for _, gather in ipairs(before_flush) do gather() end
  for command = HDEL, RPUSH do
    for name, args in pairs(gathered[command]) do
      for first = 1, args.n, MAX_ARGS do
        redis.call(COMMANDS[command], K[name], unpack(args, first, math.min(first + MAX_ARGS - 1, args.n)))
      end
    end
    gathered[command] = {}
  end
  for name, fields in pairs(increments) do
    for field, n in pairs(fields) do
      if n ~= 0 and redis.call('HINCRBY', K[name], field, n) == 0 then redis.call('HDEL', K[name], field) end
    end
  end
  increments = {}
end

-- HMGET in chunks, as one table.
local function hmget(name, fields)
  if #fields <= MAX_ARGS then
    return #fields > 0 and redis.call('HMGET', K[name], unpack(fields)) or {}
  end
  local values = {}
  for first = 1, #fields, MAX_ARGS do
    local part = redis.call('HMGET', K[name], unpack(fields, first, math.min(first + MAX_ARGS - 1, #fields)))
    for i = 1, #part do values[first + i - 1] = part[i] end
  end
  return values
end
