-- Leasing: takes jobs from the line in running order. Mirrors leaseFrom in engine/memory/consume.ts.
-- Needs: record.lua, batch.lua, queue.lua, moves.lua. SESSION is the session that leases.

local MOST_LOOKED_AT = 2000 -- entries of the line one call may pass over, so that it stays short

-- The reply: id, body, attempts and a fourth value a lease: the time of creation for the usual job on its first run, JSON for
-- any other.
local leases, lease_count = {}, 0
local leased = {} -- `id`, or `id@epoch` when it is not the first

local function reply_lease(id, epoch, body, attempts, more)
  local n = lease_count * 4
  leases[n + 1], leases[n + 2], leases[n + 3], leases[n + 4] = id, body, attempts, more
  lease_count = lease_count + 1
  leased[lease_count] = epoch == 1 and id or id .. '@' .. epoch
end

local function describe(id, r, job)
  reply_lease(id, r[EPOCH], body_of(job), r[ATTEMPTS], cjson.encode({
    epoch = r[EPOCH], counted = r[COUNTED], crashes = r[CRASHES], suspect = has(r, SUSPECT), priority = r[PRIORITY],
    createdAt = r[CREATED], runAt = r[RUN_AT], leasedAt = r[STARTED],
    tags = has(r, TAGGED) and redis.call('HGET', K.tags, id) or nil,
    meta = has(r, META) and redis.call('HGET', K.meta, id) or nil,
  }))
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
  r[HOLDER] = SESSION
  stand(id, r)
  save(id, r)
  if r[EPOCH] > 1 then put('prog', id, false) end
  tell_state(id, ACTIVE)
  describe(id, r, job)
end

-- The usual job: first run, default priority, nothing that others do not have. Answers false for any other. It does what
-- `lease` does, without making a record of it: this is where most of the time of a busy queue is spent.
local function lease_usual(id, job, position, held_puts)
  local state, flags, attempts, priority, created, place = struct.unpack(BIRTH_FORMAT, job)
  if state ~= QUEUED or flags ~= 0 or priority ~= 0 or place ~= position then return false end
  local n = held_puts.n
  held_puts[n + 1] = id
  held_puts[n + 2] = struct.pack(RUN_FORMAT, ACTIVE, 0, 0, attempts, 0, 1, 0, 0, position, created, created, NOW, 0)
    .. SESSION
  held_puts.n = n + 2
  if watched then tell_state(id, ACTIVE) end
  n = lease_count * 4
  leases[n + 1], leases[n + 2], leases[n + 3], leases[n + 4] = id, string.sub(job, BIRTH_SIZE + 1), attempts, created
  lease_count = lease_count + 1
  leased[lease_count] = id
  return true
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
    local jobs, runs = hmget('job', ids), hmget('run', ids)
    local held_puts = args_of(HSET, 'held')
    for i, id in ipairs(ids) do
      local position = conf.base + looked + i - 1
      if jobs[i] and not runs[i] and lease_usual(id, jobs[i], position, held_puts) then
        taken = taken + 1
      else
        -- What stands in line is not active, so `held` need not be asked.
        local r = record_of(jobs[i], runs[i])
        -- An entry whose job has moved meanwhile is dead: the job's position is another, or its state.
        if r and r[POSITION] == position and r[STATE] == QUEUED and r[PRIORITY] == 0 then
          if expired_in_line(id, r) then finish(id, r, EXPIRED, true)
          else
            lease(id, r, jobs[i], true)
            taken = taken + 1
          end
        end
      end
    end
    looked = looked + #ids
  end
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
      -- A session takes one suspect at a time: if there are more, another may take the next.
      if redis.call('ZCARD', K.suspect) > 1 then wake() end
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
