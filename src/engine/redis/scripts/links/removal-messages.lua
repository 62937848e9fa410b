-- KEYS: queue job run held leases dependencies dependency dependents dependent
-- KEYS: spans
-- ARGV: now, which (dependencies, dependents), this queue, from (rank)
-- Reply: the rank to go on from (-1: no more), then messages as in outbox.lua
--
-- The messages to other queues when this queue is removed with all its jobs.
-- include: record codec batch format queue lease holding links-read

read_queue()

local key_name, own, from = ARGV[2], ARGV[3], tonumber(ARGV[4]) -- keys: dependencies dependents
local links = redis.call('ZRANGE', K[key_name], from, from + MOST_MESSAGES - 1)
local values = #links > 0 and redis.call('HMGET', K[value_keys[key_name]], unpack(links)) or {}
local reply = { #links == MOST_MESSAGES and from + MOST_MESSAGES or -1 }

local function send(kind, to, id, a, b)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4], reply[n + 5] = kind, to, id, a or 0, b or 0
end

local records = {}
for i, member in ipairs(links) do
  local id, to = string.match(member, '^(%Z+)%z(.*)$')
  local value = sane_number(values[i])
  if string.sub(to, 1, #own + 1) ~= own .. '\0' then
    if key_name == 'dependents' then
      send(MESSAGE_END, to, id, REMOVED, value)
    else
      if records[id] == nil then records[id] = load_records({ id })[1] or false end
      local r = records[id]
      if r and has(r, FLOW) and r[STATE] == BLOCKED and end_of_link(value) == 0 then send(MESSAGE_CANCEL, to, id) end
      send(MESSAGE_UNLINK, to, id)
    end
  end
end
return reply
