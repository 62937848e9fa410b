-- KEYS: queue run wait tombstones priority suspect aside delayed blocked leases done5 done6 done7 done8 done9 done10
-- KEYS: kept spans held_order
-- ARGV: now, state (number), limit, after-key, after-id ('' = from the start)
-- Reply: key and id of the place to go on from ('' twice at the end), how many entries were looked at, then key, id, key,
-- id … in listing order. A call looks at a bounded number of entries: it may list few, or none, and yet not be at the end
--
-- Lists the ids of one state after a place. Keys are as in engine/shared/listing-order.ts.
-- include: record codec batch format queue lease walk holding places

read_queue()

local state, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local after_key, after_id = tonumber(ARGV[4]), ARGV[5]
local found = {}
local looked = 0 -- entries of a list, of MOST_LOOKED_AT
local stopped -- the last place of a list that was looked at, when there is more behind it

local function is_after(key, id)
  return not after_key or key > after_key or (key == after_key and precedes(after_id, id))
end

-- Members of a sorted set after the place, as {key, id}; at most `limit`.
local function from_zset(key_name)
  local items, from = {}, 0
  if after_key then
    local before, there = count_before(key_name, after_key, after_id)
    from = before + (there and 1 or 0)
  end
  local part = redis.call('ZRANGE', K[key_name], from, from + limit - 1, 'WITHSCORES')
  for i = 1, #part, 2 do items[#items + 1] = { tonumber(part[i + 1]), part[i] } end
  return items
end

-- The same of one that has ended jobs by position, the latest first. The key is the negative of the position.
local function from_ended(key_name)
  local items, before = {}, after_key and string.format('(%.17g', -after_key) or '+inf'
  local part = redis.call('ZREVRANGEBYSCORE', K[key_name], before, '-inf', 'WITHSCORES', 'LIMIT', 0, limit)
  for i = 1, #part, 2 do items[#items + 1] = { -tonumber(part[i + 1]), part[i] } end
  return items
end

-- Live entries of the waiting list after the place.
local function from_line()
  local items, dead = {}, {}
  local at, most = after_key and math.max(0, math.floor(after_key) - conf.base) or 0, limit + 1
  while #items < limit do
    local page = math.min(most, MOST_LOOKED_AT - looked)
    if page == 0 then break end
    local entries, first = redis.call('LRANGE', K.wait, at, at + page - 1), conf.base + at
    for _, position in ipairs(redis.call('ZRANGEBYSCORE', K.tombstones, first, first + page - 1)) do dead[tonumber(position)] = true end
    for i, entry in ipairs(entries) do
      local id, position = id_of(entry), first + i - 1
      stopped = { position, id }
      if not dead[position] and is_after(position, id) then items[#items + 1] = { position, id } end
    end
    looked, at, most = looked + #entries, at + #entries, 500
    if #entries < page then
      stopped = nil
      break
    end
  end
  return items
end

-- Sorts what lists have in common. Nothing is listed beyond a place up to which only part of it was looked at.
local function merge(lists)
  local all = {}
  for _, list in ipairs(lists) do
    for _, item in ipairs(list) do all[#all + 1] = item end
  end
  local function before(a, b) return a[1] < b[1] or (a[1] == b[1] and precedes(a[2], b[2])) end
  table.sort(all, before)
  while stopped and #all > 0 and before(stopped, all[#all]) do all[#all] = nil end
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

-- Is a completed job listed at this position of `done5`? Its record says so: stored jobs may be long, and are not read.
local function is_live(record, position)
  if not record then return false end
  if #record >= SHORT_SIZE and string.byte(record) > SHORT then
    local marked, _, _, at = struct.unpack(SHORT_FORMAT, record)
    return marked == SHORT + COMPLETED and at == position
  end
  local r = #record >= RUN_SIZE and unpack_run(record)
  return r and is_usual_end(r) and r[POSITION] == position
end

-- Live entries of the list of usual completed jobs, the latest first, down to a position.
local function from_completed(lowest)
  local items, base = {}, conf_of('b5')
  local bottom = math.max(0, lowest - base)
  local last = redis.call('LLEN', K.done5) - 1
  if after_key then last = math.min(last, -after_key - base - 1) end
  while #items < limit and last >= bottom do
    local page = math.min(limit, MOST_LOOKED_AT - looked)
    if page == 0 then break end
    local first = math.max(bottom, last - page + 1)
    local ids = redis.call('LRANGE', K.done5, first, last)
    local records = hmget('run', ids)
    for i = #ids, 1, -1 do
      local position = base + first + i - 1
      stopped = { -position, ids[i] }
      if is_live(records[i], position) then items[#items + 1] = { -position, ids[i] } end
    end
    looked, last = looked + #ids, first - 1
  end
  if last < bottom then stopped = nil end
  return items
end

local function all_completed()
  local kept = from_ended('kept')
  -- When these fill the page, no usual one beyond the last of them is on it.
  return merge({ kept, from_completed(#kept == limit and -kept[limit][1] or 0) })
end

if state == QUEUED then found = merge({ from_line(), from_zset('priority'), from_zset('suspect'), from_zset('aside') })
elseif state == DELAYED then found = from_zset('delayed')
elseif state == BLOCKED then found = from_zset('blocked')
elseif state == ACTIVE then found = from_leases()
elseif state == COMPLETED then found = all_completed()
else found = from_ended('done' .. state) end -- keys: done6 done7 done8 done9 done10

local place = #found >= limit and found[limit] or stopped or { '', '' }
local reply = { place[1] ~= '' and string.format('%.17g', place[1]) or '', place[2], math.max(looked, math.min(limit, #found)) }
for i = 1, math.min(limit, #found) do
  reply[#reply + 1] = string.format('%.17g', found[i][1])
  reply[#reply + 1] = found[i][2]
end
return reply
