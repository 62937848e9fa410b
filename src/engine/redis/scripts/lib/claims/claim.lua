-- Leasing: takes jobs from the queue in running order. A call passes over a bounded number of entries that it cannot lease;
-- it then leases less than there is, and answers that there is more. Mirrors `leaseFrom` in
-- engine/memory/commands/settle.ts.
-- Needs: session.lua, record.lua, codec.lua, batch.lua, queue.lua, lease.lua, holding.lua, give.lua, aside-claim.lua, aside.lua, moves.lua.

local describe, claim

do -- a block of its own: Lua allows 200 local names in one

-- Entries this call has looked at, of MOST_LOOKED_AT. One whose job expires here costs as much as twenty others.
local looks = 0

-- May this call lease another job? One at least: what comes before a claim leaves it a part of what a call may write.
local function has_room()
  return looks < MOST_LOOKED_AT and written < MOST_WRITTEN and lease_bytes <= MOST_CLAIMED_BYTES
end

function describe(id, r, job)
  specials[#specials + 1] = cjson.encode({
    at = lease_count, counted = r[COUNTED], attempts = r[ATTEMPTS], crashes = r[CRASHES], suspect = has(r, SUSPECT),
    declinedAt = has(r, DECLINED) and tonumber(redis.call('ZSCORE', K.declined, id)) or nil,
    priority = r[PRIORITY], createdAt = r[CREATED], runAt = r[RUN_AT], leasedAt = r[STARTED],
    left = has(r, CHECKPOINTED) or nil,
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
  -- A run continues from the progress of the one before it, if that left checkpoints.
  if r[EPOCH] > 0 and not has(r, CHECKPOINTED) then put('progress', id, false) end
  r[STATE] = ACTIVE
  r[EPOCH] = lease_epoch()
  r[STARTED] = NOW
  r[HOLDER] = SESSION
  count_active(SESSION, 1)
  insert(id, r)
  save(id, r)
  emit_move(id, r, QUEUED, 'lease', job)
  describe(id, r, job)
end

  -- The jobs that did not start in time, as a set of indices.
  local function late_among(ids, records)
    local asked, places, late = {}, {}, {}
    for i, id in ipairs(ids) do
      if records[i] and has(records[i], TTL) then
        asked[#asked + 1] = id
        places[#asked] = i
      end
    end
    local ends = #asked > 0 and redis.call('ZMSCORE', K.ttl, unpack(asked)) or {}
    for n, place in ipairs(places) do late[place] = ends[n] and tonumber(ends[n]) <= NOW end
    return late
  end

  -- Leases jobs of other priorities than 0 between two scores; returns how many.
  local function claim_prioritised(low, high, need)
    local taken, page = 0, math.min(need, FEW_READ_AT_ONCE)
    local from, seen = low, 0 -- the last score, and how many of it were looked at: nothing is written yet, so they are still there
    while taken < need and has_room() do
      page = math.min(page, MOST_LOOKED_AT - looks)
      local found = redis.call('ZRANGEBYSCORE', K.priority, from, high, 'WITHSCORES', 'LIMIT', seen, page)
      local ids = {}
      for i = 1, #found, 2 do ids[#ids + 1] = found[i] end
      if #ids == 0 then break end
      local records, jobs = load_records(ids)
      local late = late_among(ids, records)
      for i, id in ipairs(ids) do
        if taken == need or not has_room() then break end
        local r, key = records[i], found[i * 2]
        looks = looks + (late[i] and 20 or 1)
        if not r then score('priority', id, false)
        elseif late[i] then finish(id, r, EXPIRED, 'expire', false, jobs[i])
        else
          lease(id, r, jobs[i])
          taken = taken + 1
        end
        if key == from then seen = seen + 1 else from, seen = key, 1 end
      end
      page = math.min(page * 2, MOST_READ_AT_ONCE)
    end
    return taken
  end

  -- The positions of tombstones among the next `n` entries after the first `looked`, as a set; nil when there are none.
  local function tombstones_among(looked, n)
    if redis.call('ZCARD', K.tombstones) == 0 then return nil end
    local from = conf.base + looked
    local positions = redis.call('ZRANGEBYSCORE', K.tombstones, from, from + n - 1)
    if #positions == 0 then return nil end
    local dead = {}
    for _, position in ipairs(positions) do dead[tonumber(position)] = true end
    return dead
  end

  -- Leases jobs of the default priority; returns how many. Takes the entries it looked at off the head of the list at once.
  local function claim_default(need)
    local taken, looked, usual, page = 0, 0, {}, math.min(need, FEW_READ_AT_ONCE)
    local first_usual -- its position
    while taken < need and has_room() do
      page = math.min(page, MOST_LOOKED_AT - looks)
      local entries = redis.call('LRANGE', K.wait, looked, looked + page - 1)
      local n = #entries
      if n == 0 then break end
      local dead = tombstones_among(looked, n)
      local ids, moved = {}, {} -- whether an entry's job has moved before, by index
      for i = 1, n do
        local entry = entries[i]
        ids[i], moved[i] = id_of(entry), is_moved(entry)
      end
      local jobs, records = hmget('job', ids), {} -- the records of those that are not usual
      for i = 1, n do
        if moved[i] or not is_usual(jobs[i]) then
          records[i] = record_of(jobs[i], moved[i] and redis.call('HGET', K.run, ids[i]))
        end
      end
      local late = late_among(ids, records)
      for i = 1, n do
        if taken == need or not has_room() then break end
        local id, job = ids[i], jobs[i]
        local position = conf.base + looked
        looked, looks = looked + 1, looks + (late[i] and 20 or 1)
        if job and not (dead and dead[position]) then
          local r = records[i]
          if not moved[i] and is_usual(job) then
            usual[#usual + 1] = id
            first_usual = first_usual or position
            reply_lease(id, job)
            if watched then emit_state(id, ACTIVE, task_of(job), 'lease', 1) end
            taken = taken + 1
          elseif r and late[i] then finish(id, r, EXPIRED, 'expire', true, job)
          elseif r then
            lease(id, r, job, true)
            taken = taken + 1
          end
        end
      end
      page = math.min(page * 2, MOST_READ_AT_ONCE)
    end
    if #usual > 0 then lease_batch(table.concat(usual, ' '), #usual, first_usual) end
    if looked > 0 then
      redis.call('LTRIM', K.wait, looked, -1)
      set_conf('base', conf.base + looked)
      redis.call('ZREMRANGEBYSCORE', K.tombstones, '-inf', conf.base - 1)
    end
    return taken
  end

  -- The key of the first job in the queue; nil when it is empty.
  local function head_key()
    local first = redis.call('ZRANGE', K.priority, 0, 0, 'WITHSCORES')
    local key = tonumber(first[2])
    if waiting() > 0 and (not key or key > conf.base) then key = conf.base end
    return key
  end

  -- The ids of up to `max` jobs set aside, in order, and that of the suspect among them: of suspects the first only.
  local function first_aside(tasks, max, suspect)
    if redis.call('EXISTS', K.aside) == 0 then return {} end
    local found, suspects = {}, {}
    local function collect(list, kind, task, n)
      for _, entry in ipairs(lacking_entries(kind, task, n)) do
        local place, id = string.match(entry, '^%Z+%z((%d+)%z.*)$')
        list[#list + 1] = { place = place, id = string.sub(place, #id + 2) }
      end
    end
    local function before(a, b) return a.place < b.place end
    for task in string.gmatch(tasks, '%S+') do
      collect(found, 'w', task, max)
      if suspect then collect(suspects, 's', task, 1) end
    end
    table.sort(suspects, before)
    found[#found + 1] = suspects[1]
    table.sort(found, before)
    local ids, suspect_id = {}, nil
    for i = 1, math.min(max, #found) do
      ids[i] = found[i].id
      if found[i] == suspects[1] then suspect_id = ids[i] end
    end
    return ids, suspect_id
  end

  function claim(max, suspect)
    -- Behind tombstones the first job is not known yet.
    if not drop_tombstones() then return end
    local need, head = max, head_key()
    -- Jobs of the session's tasks that were set aside: those before the head of the queue come first.
    local beside, suspect_beside = first_aside(ARGV[7], max, suspect)
    local next_beside, read, records, jobs = 1, 0, nil, nil
    local function take_beside(low)
      while next_beside <= #beside and need > 0 and has_room() do
        if next_beside > read then
          records, jobs = load_records({ unpack(beside, next_beside, math.min(read + FEW_READ_AT_ONCE, #beside)) })
          read = read + FEW_READ_AT_ONCE
        end
        local at = (next_beside - 1) % FEW_READ_AT_ONCE + 1
        local id, r = beside[next_beside], records[at]
        if r and low and key_of(r) >= low then return end
        if r then
          lease(id, r, jobs[at])
          need = need - 1
        end
        next_beside = next_beside + 1
      end
    end
    if suspect_beside and load_records({ suspect_beside })[1] then suspect = false end
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
        -- A session takes one suspect at a time: if there are more, another worker may take the next.
        if redis.call('ZCARD', K.suspect) > 1 then wake() end
      else
        score('suspect', first_suspect, false)
      end
      first_suspect = nil
    end
    if first_suspect and (not head or suspect_key < head) and has_room() then take_suspect() end
    local prioritised = redis.call('ZCARD', K.priority) > 0
    if prioritised then need = need - claim_prioritised('-inf', '(' .. conf.base, need) end
    -- Once this call has looked at all it may, none of these takes more: earlier jobs may not have been looked at.
    if need > 0 then need = need - claim_default(need) end
    if prioritised and need > 0 then need = need - claim_prioritised(conf.base, '+inf', need) end
    if first_suspect and need > 0 then
      if has_room() then take_suspect() else wake() end
    end
    take_beside()
    flush()
    drop_tombstones()
  end
end
