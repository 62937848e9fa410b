-- KEYS: conf job run held leases deps dep kids kid
-- ARGV: now, which (deps, kids), this queue, from (rank)
-- Reply: where to go on (-1: that was all), then messages as in news.lua
--
-- What is to be told elsewhere when this queue is removed with all its jobs.
-- include: record codec batch queue lease holding ties-read

local MOST = 500
local key, own, from = ARGV[2], ARGV[3], tonumber(ARGV[4])
local ties = redis.call('ZRANGE', K[key], from, from + MOST - 1)
local values = #ties > 0 and redis.call('HMGET', K[VALUES[key]], unpack(ties)) or {}
local reply = { #ties == MOST and from + MOST or -1 }

local function say(kind, to, id, a, b)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4], reply[n + 5] = kind, to, id, a or 0, b or 0
end

local records = {}
for i, member in ipairs(ties) do
  local id, to = string.match(member, '^(%Z+)%z(.*)$')
  local value = sane.number(values[i])
  if string.sub(to, 1, #own + 1) ~= own .. '\0' then
    if key == 'kids' then
      say('e', to, id, REMOVED, value)
    else
      if records[id] == nil then records[id] = load_records({ id })[1] or false end
      local r = records[id]
      if r and has(r, FLOW) and r[STATE] == BLOCKED and end_of_tie(value) == 0 then say('x', to, id) end
      say('u', to, id)
    end
  end
end
return reply
