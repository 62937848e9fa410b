-- Leasing: takes jobs from the line in running order. Mirrors leaseFrom in engine/memory/consume.ts.
-- Needs: record.lua, batch.lua, queue.lua, moves.lua. SESSION is the session that leases.

local MOST_LOOKED_AT = 2000 -- entries of the line one call may pass over, so that it stays short

-- The reply: a flat list, LEASE_WIDTH values a lease.
local leases = {}
local leased = {}

local function describe(id, r, job)
  local n = #leases
  leases[n + 1] = id
  leases[n + 2] = body_of(job)
  leases[n + 3] = r[EPOCH]
  leases[n + 4] = r[COUNTED]
  leases[n + 5] = r[ATTEMPTS]
  leases[n + 6] = r[CRASHES]
  leases[n + 7] = has(r, SUSPECT) and 1 or 0
  leases[n + 8] = r[PRIORITY]
  leases[n + 9] = r[CREATED]
  leases[n + 10] = r[RUN_AT]
  leases[n + 11] = r[STARTED]
  leases[n + 12] = has(r, TAGGED) and redis.call('HGET', K.tags, id) or ''
  leases[n + 13] = has(r, META) and redis.call('HGET', K.meta, id) or ''
end

local function lease(id, r, job, taken)
  if has(r, TTL) then
    score('ttl', id, false)
    set_flag(r, TTL, false)
  end
  leave(id, r, taken)
  r[STATE] = ACTIVE
  r[EPOCH] = r[EPOCH] + 1
  r[STARTED] = NOW
  r.session = SESSION
  stand(id, r)
  put('run', id, pack_run(r))
  if r[EPOCH] > 1 then put('prog', id, false) end
  tell_state(id, ACTIVE)
  leased[#leased + 1] = id .. ' ' .. r[EPOCH]
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

-- Leases jobs of the default priority; answers how many. Takes what it looked at off the head of the list at once.
local function claim_default(need)
  local taken, looked = 0, 0
  while taken < need and looked < MOST_LOOKED_AT do
    local ids = redis.call('LRANGE', K.wait, looked, looked + need - taken - 1)
    if #ids == 0 then break end
    local records, jobs = load_records(ids)
    for i, id in ipairs(ids) do
      local r = records[i]
      -- An entry whose job has moved meanwhile is dead: the job's position is another, or its state.
      if r and r[POSITION] == conf.base + looked + i - 1 and r[STATE] == QUEUED and r[PRIORITY] == 0 then
        if expired_in_line(id, r) then finish(id, r, EXPIRED, true)
        else
          lease(id, r, jobs[i], true)
          taken = taken + 1
        end
      end
    end
    looked = looked + #ids
  end
  if looked > 0 then
    redis.call('LTRIM', K.wait, looked, -1)
    set_conf('base', conf.base + looked)
    wait_length = nil
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

local function claim(max, suspect)
  local first_suspect, suspect_key
  if suspect then
    local first = redis.call('ZRANGE', K.suspect, 0, 0, 'WITHSCORES')
    first_suspect, suspect_key = first[1], tonumber(first[2])
  end
  local need = max
  local function take_suspect()
    local records, jobs = load_records({ first_suspect })
    if records[1] then
      lease(first_suspect, records[1], jobs[1])
      need = need - 1
    else
      score('suspect', first_suspect, false)
    end
    first_suspect = nil
  end
  if first_suspect then
    local head = head_key()
    if not head or suspect_key < head then take_suspect() end
  end
  local prioritised = redis.call('ZCARD', K.prio) > 0
  if prioritised then need = need - claim_prioritised('-inf', '(0', need) end
  if need > 0 then need = need - claim_default(need) end
  if prioritised and need > 0 then need = need - claim_prioritised('(0', '+inf', need) end
  if first_suspect and need > 0 then take_suspect() end
  flush()
  drop_dead_head()
end
