-- KEYS: queue run wait tombstones priority suspect aside delayed blocked leases done5 done6 done7 done8 done9 done10
-- KEYS: kept spans held_order job held tags fingerprints history errors
-- ARGV: now, state (number), limit, after-key, after-id ('' = from the start), 1 to list the other way round, conditions
-- (JSON: conditions.lua; '' = none)
-- Reply: key and id of the place to go on from ('' twice at the end), how many entries were looked at, then key, id, key,
-- id … in listing order, of those that may match. A call looks at a bounded number of entries: it may list few, or none, and yet
-- not be at the end
--
-- Lists the ids of one state after a place. Keys are as in engine/shared/listing-order.ts.
-- include: record codec batch format queue lease walk holding places parts conditions

read_queue()

local state, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local after_key, after_id = tonumber(ARGV[4]), ARGV[5]
local back = ARGV[6] == '1'
local found = {}
local looked = 0 -- entries of a list, of MOST_LOOKED_AT
local stopped -- the last place of a list that was looked at, when there is more behind it

-- Does one place come before another in this listing?
local function comes_before(key, id, other_key, other_id)
  if key ~= other_key then return (key < other_key) ~= back end
  return id ~= other_id and precedes(id, other_id) ~= back
end

local function is_after(key, id)
  return not after_key or comes_before(after_key, after_id, key, id)
end

-- Members of a sorted set after the place, as {key, id}; at most `limit`.
local function from_zset(key_name)
  local items, before, there = {}, 0, false
  if after_key then before, there = count_before(key_name, after_key, after_id)
  elseif back then before = redis.call('ZCARD', K[key_name]) end
  local from = before + (there and 1 or 0)
  local upto = from + limit - 1
  if back then from, upto = math.max(0, before - limit), before - 1 end
  local part = upto >= from and redis.call('ZRANGE', K[key_name], from, upto, 'WITHSCORES') or {}
  for i = 1, #part, 2 do
    local n = back and #part - i or i
    items[#items + 1] = { tonumber(part[n + 1]), part[n] }
  end
  return items
end

-- The same of one that has ended jobs by position, the latest first. The key is the negative of the position.
local function from_ended(key_name)
  local items, part = {}, nil
  local edge = after_key and string.format('(%.17g', -after_key)
  if back then part = redis.call('ZRANGEBYSCORE', K[key_name], edge or '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
  else part = redis.call('ZREVRANGEBYSCORE', K[key_name], edge or '+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, limit) end
  for i = 1, #part, 2 do items[#items + 1] = { -tonumber(part[i + 1]), part[i] } end
  return items
end

-- Live entries of the waiting list after the place.
local function from_line()
  local items, dead, most = {}, {}, limit + 1
  local length = redis.call('LLEN', K.wait)
  -- The next entry to look at; going back, the one after it.
  local at = back and length or 0
  if after_key then at = math.max(0, math.min(length, back and math.ceil(after_key) - conf.base or math.floor(after_key) - conf.base)) end
  while #items < limit do
    local page = math.min(most, MOST_LOOKED_AT - looked)
    if page == 0 then break end
    local from = back and math.max(0, at - page) or at
    local upto = back and at - 1 or at + page - 1
    local entries, first = upto >= from and redis.call('LRANGE', K.wait, from, upto) or {}, conf.base + from
    for _, position in ipairs(redis.call('ZRANGEBYSCORE', K.tombstones, first, first + page - 1)) do dead[tonumber(position)] = true end
    for n = 1, #entries do
      local i = back and #entries + 1 - n or n
      local id, position = id_of(entries[i]), first + i - 1
      stopped = { position, id }
      if not dead[position] and is_after(position, id) then items[#items + 1] = { position, id } end
    end
    looked, at, most = looked + #entries, back and from or at + #entries, 500
    if #entries < page or back and from == 0 then
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
  local function before(a, b) return comes_before(a[1], a[2], b[1], b[2]) end
  table.sort(all, before)
  while stopped and #all > 0 and before(stopped, all[#all]) do all[#all] = nil end
  return all
end

-- Jobs that are leased, in the order of their leases, those of one exchange by id.
local function from_leases()
  local items, walk = {}, walk_leases(back and (after_key or math.huge) + 1 or (after_key or 0) - 1, back)
  while #items < limit do
    local given = walk.next()
    if not given then break end
    local ids = walk.ids_of(given)
    for n = 1, #ids do
      local id = ids[back and #ids + 1 - n or n]
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

-- Live entries of the list of usual completed jobs, the latest first, down to a position; going back, up to it.
local function from_completed(outermost)
  local items, base = {}, conf_of('b5')
  local last = redis.call('LLEN', K.done5) - 1
  local bottom, top = 0, last
  if back then top = math.min(top, outermost - base) else bottom = math.max(0, outermost - base) end
  if after_key and back then bottom = math.max(0, -after_key - base + 1) end
  if after_key and not back then top = math.min(top, -after_key - base - 1) end
  while #items < limit and top >= bottom do
    local page = math.min(limit, MOST_LOOKED_AT - looked)
    if page == 0 then break end
    local first = back and bottom or math.max(bottom, top - page + 1)
    local ids = redis.call('LRANGE', K.done5, first, back and math.min(top, first + page - 1) or top)
    local records = hmget('run', ids)
    for n = 1, #ids do
      local i = back and n or #ids + 1 - n
      local position = base + first + i - 1
      stopped = { -position, ids[i] }
      if is_live(records[i], position) then items[#items + 1] = { -position, ids[i] } end
    end
    looked = looked + #ids
    if back then bottom = first + #ids else top = first - 1 end
    if #ids == 0 then break end
  end
  if top < bottom then stopped = nil end
  return items
end

local function all_completed()
  local kept = from_ended('kept')
  -- When these fill the page, no usual one beyond the last of them is on it.
  local outermost = back and math.huge or 0
  return merge({ kept, from_completed(#kept == limit and -kept[limit][1] or outermost) })
end

if state == QUEUED then found = merge({ from_line(), from_zset('priority'), from_zset('suspect'), from_zset('aside') })
elseif state == DELAYED then found = from_zset('delayed')
elseif state == BLOCKED then found = from_zset('blocked')
elseif state == ACTIVE then found = from_leases()
elseif state == COMPLETED then found = all_completed()
else found = from_ended('done' .. state) end -- keys: done6 done7 done8 done9 done10

local count = math.min(limit, #found)
local place = #found >= limit and found[limit] or stopped or { '', '' }
local kept = {}
if ARGV[7] ~= '' then
  local ids, upto = {}, nil
  for i = 1, count do ids[i] = found[i][2] end
  kept, upto = matching(ids, cjson.decode(ARGV[7]))
  -- Much is stored with these: the others are looked at in the next call.
  if upto < count then place, count = found[upto], upto end
else
  for i = 1, count do kept[i] = i end
end

local reply = { place[1] ~= '' and string.format('%.17g', place[1]) or '', place[2], math.max(looked, count) }
for _, i in ipairs(kept) do
  reply[#reply + 1] = string.format('%.17g', found[i][1])
  reply[#reply + 1] = found[i][2]
end
return reply
