-- A write buffer: scripts collect their writes and send them at once. Every structure gets one variadic command however
-- many jobs change, and nothing is written before everything is read and decided. Within one flush removals come before
-- additions, so a member that is removed and added again stays.
--
-- A parameter or variable called `key_name` is the name of a key of the queue, as in `K`: scripts/check-scripts.mjs follows
-- what is passed as such; where it cannot, a comment `-- keys: …` lists the keys.

-- By command, by key name: a flat list of arguments; `n` is its length (Lua's # would search for it at every append).
local commands = COMMANDS
local buffered = { {}, {}, {}, {}, {}, {} }
local increments = {}
local written = 0 -- fields, members and entries that this call has buffered, those of the fast paths aside

local function args_of(command, key_name)
  local args = buffered[command][key_name]
  if not args then
    args = { n = 0 }
    buffered[command][key_name] = args
  end
  return args
end

local function append(args, value)
  local n = args.n + 1
  args[n] = value
  args.n = n
  written = written + 1
end

local function append_pair(args, first, second)
  local n = args.n
  args[n + 1] = first
  args[n + 2] = second
  args.n = n + 2
  written = written + 1
end

-- A field of a hash; false removes it.
local function put(key_name, field, value)
  if value == false then append(args_of(HDEL, key_name), field) else append_pair(args_of(HSET, key_name), field, value) end
end

-- A member of a sorted set; false removes it.
local function score(key_name, member, value)
  if value == false then append(args_of(ZREM, key_name), member) else append_pair(args_of(ZADD, key_name), value, member) end
end

local function push_tail(key_name, value) append(args_of(RPUSH, key_name), value) end

local function push_head(key_name, value) append(args_of(LPUSH, key_name), value) end

-- Adds to a number in a hash; a number that comes to 0 is removed.
local function add(key_name, field, n)
  local fields = increments[key_name]
  if not fields then
    fields = {}
    increments[key_name] = fields
  end
  fields[field] = (fields[field] or 0) + n
  written = written + 1
end

local before_flush = {} -- functions that buffer what they have left to write

local function flush()
  for _, prepare in ipairs(before_flush) do prepare() end
  for command = HDEL, RPUSH do
    for name, args in pairs(buffered[command]) do
      for first = 1, args.n, MAX_ARGS do
        local last = math.min(first + MAX_ARGS - 1, args.n)
        redis.call(commands[command], K[name], unpack(args, first, last)) -- keys: (those of the buffered writes)
      end
    end
    buffered[command] = {}
  end
  for name, fields in pairs(increments) do
    for field, n in pairs(fields) do
      local key = K[name] -- keys: (those of the buffered writes)
      if n ~= 0 and redis.call('HINCRBY', key, field, n) == 0 then redis.call('HDEL', key, field) end
    end
  end
  increments = {}
end

-- HMGET in chunks, as one table.
local function hmget(key_name, fields)
  if #fields <= MAX_ARGS then
    return #fields > 0 and redis.call('HMGET', K[key_name], unpack(fields)) or {}
  end
  local values = {}
  for first = 1, #fields, MAX_ARGS do
    local part = redis.call('HMGET', K[key_name], unpack(fields, first, math.min(first + MAX_ARGS - 1, #fields)))
    for i = 1, #part do values[first + i - 1] = part[i] end
  end
  return values
end
