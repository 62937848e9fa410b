-- Recovers the jobs of dead sessions, and ends the sessions once they hold nothing. A dead session's score in `sessions` is
-- below 0 (session.lua), and its commands are refused from then on. Leases are not indexed by session: each call walks over
-- some, from where the last one stopped. The progress of a pass over all is in `queue`: recovery_cursor (the epoch up to
-- which it has come), recovery_since (the time at which it began).
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, lease.lua, walk.lua, holding.lua, moves.lua,
-- session-end.lua.

local declare_dead, recover_lost

do -- a block of its own: Lua allows 200 local names in one
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

  -- Ends the sessions that were dead at a time, in that order, some a call: those that hold nothing, or all. Returns whether
  -- some that it was to end may be left, and whether any holds something.
  local function end_dead(time, all)
    local sessions = redis.call('ZRANGEBYSCORE', K.sessions, '-inf', string.format('%.0f', DEAD + time), 'LIMIT', 0, MOST_SESSIONS)
    local left, holding = #sessions == MOST_SESSIONS, false
    for i, running in ipairs(hmget('running', sessions)) do
      if all or not running then left = not end_session(sessions[i], tonumber(running)) or left else holding = true end
    end
    flush()
    return left, holding
  end

  -- Recovers up to `limit` jobs of dead sessions, and stores how far it came.
  local function recover_some(limit, recover)
    local state = redis.call('HMGET', K.queue, 'recovery_cursor', 'recovery_since')
    local cursor, since = sane_number(state[1]), state[1] and sane_number(state[2]) or NOW
    local walk, ids, sessions, epochs, dead = walk_leases(cursor), {}, {}, {}, {}

    -- A session that is not there has ended too.
    local function is_dead(session)
      if dead[session] == nil then dead[session] = sane_number(redis.call('ZSCORE', K.sessions, session)) <= 0 end
      return dead[session]
    end

    local through = false
    while #ids < limit and walk.looked <= MOST_LOOKED_AT / 2 do
      local given = walk.next()
      through = not given
      if through then break end
      if is_dead(given.session) then
        for _, id in ipairs(walk.ids_of(given)) do
          local n = #ids + 1
          if n > limit then break end
          ids[n], sessions[n], epochs[n] = id, given.session, given.epoch
        end
      end
      -- Of the exchange at which a call stops, some jobs may be left.
      cursor = #ids < limit and given.epoch or given.epoch - 1
    end
    local records = load_records(ids, epochs)
    read_histories(ids)
    for i, id in ipairs(ids) do
      if records[i] then recover(id, records[i]) else drop_unreadable(id, sessions[i], epochs[i]) end
    end
    flush()
    -- Nothing is left of the sessions that were dead before the pass began.
    if through then through = not end_dead(since - 1, true) end
    put('queue', 'recovery_cursor', not through and string.format('%.0f', cursor))
    put('queue', 'recovery_since', not through and string.format('%.0f', since))
    flush()
    return #ids
  end

  -- Returns how many jobs were recovered, and whether dead sessions are left.
  function recover_lost(limit, recover)
    if redis.call('ZCOUNT', K.sessions, '-inf', 0) == 0 then return 0, false end
    local _, holding = end_dead(NOW, conf.active == 0)
    local recovered = holding and recover_some(limit, recover) or 0
    if recovered > 0 then end_dead(NOW, false) end
    if redis.call('ZCOUNT', K.sessions, '-inf', 0) > 0 then return recovered, true end
    redis.call('HDEL', K.queue, 'recovery_cursor', 'recovery_since')
    return recovered, false
  end
end
