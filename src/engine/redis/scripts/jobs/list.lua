-- KEYS: queue job run wait priority suspect aside delayed blocked held leases done5 done6 done7 done8 done9 done10
-- KEYS: spans held_order
-- ARGV: now, state (number), limit, after-key, after-id ('' = from the start)
-- Reply: key, id, key, id …  in listing order; a key of '' means: looked at, but not (or no longer) in this state
--
-- Lists the ids of one state after a place. Keys are as in engine/shared/listing-order.ts.
-- include: record codec batch format queue lease walk holding

read_queue()

local state, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local after_key, after_id = tonumber(ARGV[4]), ARGV[5]
local found = {}

local function is_after(key, id)
  return not after_key or key > after_key or (key == after_key and id > after_id)
end

-- Members of a sorted set after the place, as {key, id}; at most `limit`.
local function from_zset(key_name)
  local items, offset = {}, 0
  local low = after_key and string.format('%.17g', after_key) or '-inf'
  while #items < limit do
    local part = redis.call('ZRANGEBYSCORE', K[key_name], low, '+inf', 'WITHSCORES', 'LIMIT', offset, limit)
    for i = 1, #part, 2 do
      local key, id = tonumber(part[i + 1]), part[i]
      if #items < limit and is_after(key, id) then items[#items + 1] = { key, id } end
    end
    if #part < limit * 2 then break end
    offset = offset + limit
  end
  return items
end

-- Live entries of the waiting list after the place.
local function from_line()
  local items = {}
  local at = after_key and math.max(0, math.floor(after_key) - conf.base) or 0
  while #items < limit do
    local ids = redis.call('LRANGE', K.wait, at, at + limit - 1)
    if #ids == 0 then break end
    for i, entry in ipairs(ids) do ids[i] = id_of(entry) end
    local records = load_records(ids)
    for i, id in ipairs(ids) do
      local r, position = records[i], conf.base + at + i - 1
      if #items < limit and r and r[STATE] == QUEUED and r[PRIORITY] == 0 and r[POSITION] == position
        and not has(r, SUSPECT) and not has(r, DECLINED) and is_after(position, id) then
        items[#items + 1] = { position, id }
      end
    end
    at = at + #ids
  end
  return items
end

local function merge(lists)
  local all = {}
  for _, list in ipairs(lists) do
    for _, item in ipairs(list) do all[#all + 1] = item end
  end
  table.sort(all, function(a, b) return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) end)
  return all
end

-- Jobs that are leased, in the order of their leases, those of one exchange by id.
local function from_leases()
  local items, walk = {}, walk_leases((after_key or 0) - 1)
  while #items < limit do
    local given = walk.next()
    if not given then break end
    for _, id in ipairs(walk.ids_of(given)) do
      if is_after(given.epoch, id) then items[#items + 1] = { given.epoch, id } end
    end
  end
  return items
end

-- Live entries of a list of finished jobs, the latest first. The key is the negative of the position.
local function from_finished()
  local items, base = {}, conf_of('b' .. state)
  local last = redis.call('LLEN', K['done' .. state]) - 1
  if after_key then last = math.min(last, -after_key - base - 1) end
  while #items < limit and last >= 0 do
    local first = math.max(0, last - limit + 1)
    local ids = redis.call('LRANGE', K['done' .. state], first, last)
    local records = load_records(ids)
    for i = #ids, 1, -1 do
      local r, position = records[i], base + first + i - 1
      if #items < limit and r and r[STATE] == state and r[POSITION] == position then
        items[#items + 1] = { -position, ids[i] }
      end
    end
    last = first - 1
  end
  return items
end

if state == QUEUED then found = merge({ from_line(), from_zset('priority'), from_zset('suspect'), from_zset('aside') })
elseif state == DELAYED then found = from_zset('delayed')
elseif state == BLOCKED then found = from_zset('blocked')
elseif state == ACTIVE then found = from_leases()
else found = from_finished() end

local reply = {}
for i = 1, math.min(limit, #found) do
  reply[#reply + 1] = string.format('%.17g', found[i][1])
  reply[#reply + 1] = found[i][2]
end
return reply
