-- Recovers the jobs of dead sessions, then ends the sessions. A dead session's score in `sessions` is below 0
-- (session.lua), and its commands are refused from then on. Records are not indexed by session: few are all read at once;
-- of many, each call looks at some, from where the last one stopped, and sessions end when a pass is complete. The progress
-- of a pass is in `queue`: recovery_step (which of `scanned`), recovery_cursor (the cursor there), recovery_since (the time
-- at which the pass began).
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, lease.lua, holding.lua.

local declare_dead, recover_lost

do -- a block of its own: Lua allows 200 local names in one
  local scanned = { 'held', 'leases', 'revoked' }

  -- Recovers up to `most` of these jobs; returns how many. `epochs` as for `load_records`.
  local function take_back(ids, most, recover, epochs)
    local some = #ids <= most and ids or { unpack(ids, 1, most) }
    local records = load_records(some, epochs)
    for i, id in ipairs(some) do
      if records[i] then recover(id, records[i]) else drop_unreadable(id) end
    end
    return #some
  end

  -- Declares sessions dead: those listed that are still overdue with the same deadline; for -1 all that are overdue.
  -- Returns whether there may be more.
  function declare_dead()
    local n = tonumber(ARGV[7])
    local sessions = {}
    if n < 0 then sessions = redis.call('ZRANGEBYSCORE', K.sessions, '(0', NOW, 'LIMIT', 0, MOST_SESSIONS) end
    for i = 8, 7 + n * 2, 2 do
      local deadline = tonumber(redis.call('ZSCORE', K.sessions, ARGV[i]) or math.huge)
      if deadline <= NOW and deadline == tonumber(ARGV[i + 1]) then sessions[#sessions + 1] = ARGV[i] end
    end
    for _, session in ipairs(sessions) do score('sessions', session, string.format('%.0f', DEAD + NOW)) end
    flush()
    return n < 0 and #sessions == MOST_SESSIONS
  end

  -- The sessions that were dead at a time, in the order in which they were declared so.
  local function dead_sessions(time)
    return redis.call('ZRANGEBYSCORE', K.sessions, '-inf', string.format('%.0f', DEAD + time), 'LIMIT', 0, MOST_SESSIONS)
  end

  -- The ids of a batch, as a set; empty if it cannot be read.
  local function ids_in(field)
    local batch = tonumber(field) and batch_of(tonumber(field))
    return batch and members(batch) or {}
  end

  -- The entries of a hash, grouped by the session that `session_of` finds in their value.
  local function by_session(key_name, session_of)
    local all, found = redis.call('HGETALL', K[key_name]), {}
    for i = 1, #all, 2 do
      local session = session_of(all[i + 1])
      found[session] = found[session] or {}
      table.insert(found[session], all[i])
    end
    return found
  end

  local session_in = {
    held = function(record) return string.sub(record, RUN_SIZE + 1) end,
    leases = function(batch) return string.match(batch, '^[^\n]*') end,
    revoked = function(why) return string.sub(why, 2) end,
  }

  -- Few leases: session by session, in order.
  local function recover_from_few(limit, recover, end_session)
    local recovered = 0
    local held, leases = by_session('held', session_in.held), by_session('leases', session_in.leases)
    local revoked = by_session('revoked', session_in.revoked)
    put('queue', 'recovery_step', false)
    for _, session in ipairs(dead_sessions(NOW)) do
      local ids, all = held[session] or {}, true
      for _, epoch in ipairs(leases[session] or {}) do
        all = #ids < MOST_LOOKED_AT
        if not all then break end
        for id in pairs(ids_in(epoch)) do ids[#ids + 1] = id end
      end
      table.sort(ids)
      local taken = take_back(ids, limit - recovered, recover)
      recovered = recovered + taken
      flush()
      if not all or taken < #ids then break end
      end_session(session, revoked[session] or {})
    end
    flush()
    return recovered
  end

  -- Many leases: some per call. Leases of sessions that died after the pass began are left to the next pass.
  local function recover_from_many(limit, recover, end_session)
    local state = redis.call('HMGET', K.queue, 'recovery_step', 'recovery_cursor', 'recovery_since')
    local step, cursor, since = tonumber(state[1] or 1), state[2] or '0', state[3] or string.format('%.0f', NOW)
    if not state[1] then cursor, since = '0', string.format('%.0f', NOW) end
    local looked, recovered, lost = 0, 0, {}

    local function is_lost(session)
      if lost[session] == nil then
        local deadline = redis.call('ZSCORE', K.sessions, session)
        lost[session] = deadline and tonumber(deadline) <= DEAD + tonumber(since) or false
      end
      return lost[session]
    end

    local take = {
      held = function(fields)
        local ids = {}
        for id, record in pairs(fields) do
          if is_lost(session_in.held(record)) then ids[#ids + 1] = id end
        end
        recovered = recovered + take_back(ids, limit - recovered, recover)
      end,
      leases = function(fields)
        for epoch, batch in pairs(fields) do
          if is_lost(session_in.leases(batch)) then
            local ids, epochs = {}, {}
            for id in pairs(ids_in(epoch)) do ids[#ids + 1], epochs[#ids + 1] = id, tonumber(epoch) end
            recovered, looked = recovered + take_back(ids, limit - recovered, recover, epochs), looked + #ids
          end
        end
      end,
      revoked = function(fields)
        for lease, why in pairs(fields) do
          if is_lost(session_in.revoked(why)) then put('revoked', lease, false) end
        end
      end,
    }

    while step <= #scanned and looked < MOST_LOOKED_AT do
      local key_name = scanned[step]
      local page = redis.call('HSCAN', K[key_name], cursor, 'COUNT', 100)
      local fields = {} -- each once: HSCAN may return an entry twice while the hash is resized
      for i = 1, #page[2], 2 do fields[page[2][i]] = page[2][i + 1] end
      looked = looked + #page[2] / 2
      take[key_name](fields)
      flush()
      -- This page may have more.
      if recovered >= limit then break end
      cursor = page[1]
      if cursor == '0' then step = step + 1 end
    end
    local through = false
    if step > #scanned then
      local sessions = dead_sessions(since)
      for _, session in ipairs(sessions) do end_session(session, {}) end
      through = #sessions < MOST_SESSIONS
    end
    put('queue', 'recovery_step', not through and step)
    put('queue', 'recovery_cursor', not through and cursor)
    put('queue', 'recovery_since', not through and since)
    flush()
    return recovered
  end

  -- Returns how many jobs were recovered, and whether dead sessions are left.
  function recover_lost(limit, recover, end_session)
    if redis.call('ZCOUNT', K.sessions, '-inf', 0) == 0 then return 0, false end
    local entries = 0
    for _, key_name in ipairs(scanned) do entries = entries + redis.call('HLEN', K[key_name]) end
    local from = entries <= MOST_READ_AT_ONCE and recover_from_few or recover_from_many
    local recovered = from(limit, recover, end_session)
    return recovered, redis.call('ZCOUNT', K.sessions, '-inf', 0) > 0
  end
end
