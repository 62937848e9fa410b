-- Leasing: takes jobs from the line in running order. Mirrors leaseFrom in engine/memory/consume.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, holding.lua, give.lua, moves.lua, aside-claim.lua.

local describe, claim

do -- Lua allows a function 200 locals: what only this file needs ends with it

local MOST_LOOKED_AT = 2000 -- entries of the line one call may pass over, so that it stays short

function describe(id, r, job)
  specials[#specials + 1] = cjson.encode({
    at = lease_count, counted = r[COUNTED], attempts = r[ATTEMPTS], crashes = r[CRASHES], suspect = has(r, SUSPECT),
    declinedAt = has(r, DECLINED) and tonumber(redis.call('ZSCORE', K.declined, id)) or nil,
    priority = r[PRIORITY], createdAt = r[CREATED], runAt = r[RUN_AT], leasedAt = r[STARTED],
    left = has(r, LEFT) or nil,
    tags = has(r, TAGGED) and redis.call('HGET', K.tags, id) or nil,
    meta = has(r, META) and redis.call('HGET', K.meta, id) or nil,
  })
  reply_lease(id, job)
end

local function lease(id, r, job, taken)
  if has(r, TTL) then
    score('ttl', id, false)
    set_flag(r, TTL, false)
  end
  leave(id, r, taken)
  -- A run goes on where the one before it came to, if that left anything to go on from.
  if r[EPOCH] > 0 and not has(r, LEFT) then put('prog', id, false) end
  r[STATE] = ACTIVE
  r[EPOCH] = lease_epoch()
  r[STARTED] = NOW
  r[HOLDER] = SESSION
  stand(id, r)
  save(id, r)
  tell_state(id, ACTIVE)
  describe(id, r, job)
end

local function expired_in_line(id, r)
  return has(r, TTL) and tonumber(redis.call('ZSCORE', K.ttl, id) or NOW + 1) <= NOW
end

-- Leases jobs of other priorities between two scores; answers how many.
local function claim_prioritised(low, high, need)
  local taken, offset = 0, 0
  while taken < need do
    local ids = redis.call('ZRANGEBYSCORE', K.prio, low, high, 'LIMIT', offset, need - taken)
    if #ids == 0 then break end
    local records, jobs = load_records(ids)
    for i, id in ipairs(ids) do
      local r = records[i]
      if not r then score('prio', id, false)
      elseif expired_in_line(id, r) then finish(id, r, EXPIRED)
      else
        lease(id, r, jobs[i])
        taken = taken + 1
      end
    end
    offset = offset + #ids -- nothing is written yet: those looked at still stand there
  end
  return taken
end

-- The positions of dead entries among the next `n` after the first `looked`, as a set; nil when there are none.
local function dead_among(looked, n)
  if redis.call('ZCARD', K.dead) == 0 then return nil end
  local from = conf.base + looked
  local positions = redis.call('ZRANGEBYSCORE', K.dead, from, from + n - 1)
  if #positions == 0 then return nil end
  local dead = {}
  for _, position in ipairs(positions) do dead[tonumber(position)] = true end
  return dead
end

-- Leases jobs of the default priority; answers how many. Takes what it looked at off the head of the list at once.
local function claim_default(need)
  local taken, looked, usual = 0, 0, {}
  while taken < need and looked < MOST_LOOKED_AT do
    local entries = redis.call('LRANGE', K.wait, looked, looked + need - taken - 1)
    local n = #entries
    if n == 0 then break end
    local dead = dead_among(looked, n)
    local ids, moved = {}, {} -- whether an entry's job has moved before, by index
    for i = 1, n do
      local entry = entries[i]
      ids[i], moved[i] = id_of(entry), is_moved(entry)
    end
    local jobs = hmget('job', ids)
    for i = 1, n do
      local id, job = ids[i], jobs[i]
      local position = conf.base + looked + i - 1
      if job and not (dead and dead[position]) then
        if not moved[i] and is_usual(job) then
          usual[#usual + 1] = id
          reply_lease(id, job)
          tell_state(id, ACTIVE)
          taken = taken + 1
        else
          local r = record_of(job, moved[i] and redis.call('HGET', K.run, id))
          if r and expired_in_line(id, r) then finish(id, r, EXPIRED, true)
          elseif r then
            lease(id, r, job, true)
            taken = taken + 1
          end
        end
      end
    end
    looked = looked + n
  end
  if #usual > 0 then lease_batch(table.concat(usual, ' ')) end
  if looked > 0 then
    redis.call('LTRIM', K.wait, looked, -1)
    set_conf('base', conf.base + looked)
    redis.call('ZREMRANGEBYSCORE', K.dead, '-inf', conf.base - 1)
  end
  return taken
end

-- The key of the first job in line; nil when nobody stands there.
local function head_key()
  local first = redis.call('ZRANGE', K.prio, 0, 0, 'WITHSCORES')
  local key = tonumber(first[2])
  if waiting() > 0 and (not key or key > conf.base) then key = conf.base end
  return key
end

function claim(max, suspect)
  local need, head = max, head_key()
  -- What was set aside of the session's tasks: what stood before the head of the line comes first.
  local beside, next_beside = aside_claim.first(ARGV[7], max, suspect), 1
  local beside_records, beside_jobs = load_records(beside)
  local function take_beside(low)
    while next_beside <= #beside and need > 0 do
      local id, r = beside[next_beside], beside_records[next_beside]
      if r and low and key_of(r) >= low then return end
      if r then
        lease(id, r, beside_jobs[next_beside])
        need = need - 1
      end
      next_beside = next_beside + 1
    end
  end
  for _, r in pairs(beside_records) do suspect = suspect and not has(r, SUSPECT) end
  take_beside(head or math.huge)
  local first_suspect, suspect_key
  if suspect and need > 0 then
    local first = redis.call('ZRANGE', K.suspect, 0, 0, 'WITHSCORES')
    first_suspect, suspect_key = first[1], tonumber(first[2])
  end
  local function take_suspect()
    local records, jobs = load_records({ first_suspect })
    if records[1] then
      lease(first_suspect, records[1], jobs[1])
      need = need - 1
      -- A session takes one suspect at a time: if there are more, another may take the next.
      if redis.call('ZCARD', K.suspect) > 1 then wake() end
    else
      score('suspect', first_suspect, false)
    end
    first_suspect = nil
  end
  if first_suspect then
    if not head or suspect_key < head then take_suspect() end
  end
  local prioritised = redis.call('ZCARD', K.prio) > 0
  if prioritised then need = need - claim_prioritised('-inf', '(0', need) end
  if need > 0 then need = need - claim_default(need) end
  if prioritised and need > 0 then need = need - claim_prioritised('(0', '+inf', need) end
  if first_suspect and need > 0 then take_suspect() end
  take_beside()
  flush()
  drop_dead_head()
end
end
