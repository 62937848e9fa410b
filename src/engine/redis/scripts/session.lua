-- KEYS: conf job run result wait dead prio suspect delayed held leases hist err tags tagcount sessions workers seen calls revoked
-- KEYS: events wake
-- ARGV: now, session, command (open, beat, close), ttl, worker (JSON, for open)
-- Reply: open, close: 1. beat: 0 when the session has expired; else 1 and the leases taken from it: "id epoch why" each
--
-- The life of a session in one queue.
-- include: session

local command, ttl = ARGV[3], tonumber(ARGV[4])

local function forget_session()
  redis.call('ZREM', K.sessions, SESSION)
  redis.call('HDEL', K.workers, SESSION)
  redis.call('HDEL', K.seen, SESSION)
  redis.call('HDEL', K.calls, SESSION .. ' 0', SESSION .. ' 1')
end

local function revoked_leases()
  local leases = {}
  if redis.call('HLEN', K.revoked) > 0 then
    local all = redis.call('HGETALL', K.revoked)
    for i = 1, #all, 2 do
      if string.sub(all[i + 1], 2) == SESSION then leases[all[i]] = string.sub(all[i + 1], 1, 1) end
    end
  end
  return leases
end

if command == 'open' then
  redis.call('ZADD', K.sessions, NOW + ttl, SESSION)
  redis.call('HSET', K.workers, SESSION, ARGV[5])
  redis.call('HSET', K.seen, SESSION, NOW)
  return { 1 }
end

local deadline = redis.call('ZSCORE', K.sessions, SESSION)

if command == 'beat' then
  if not deadline or tonumber(deadline) <= NOW then return { 0 } end
  redis.call('ZADD', K.sessions, 'XX', NOW + ttl, SESSION)
  redis.call('HSET', K.seen, SESSION, NOW)
  local reply = { 1 }
  for lease, why in pairs(revoked_leases()) do reply[#reply + 1] = lease .. ' ' .. why end
  return reply
end

-- include: record codec batch queue lease holding moves
local function hand_back_all()
  local held, ids = held_by(SESSION, math.huge), {}
  -- In reverse, so that the first of them ends up at the very head.
  for i = #held, 1, -1 do ids[#ids + 1] = held[i] end
  local records = load_records(ids)
  for i, id in ipairs(ids) do
    local r = records[i]
    if r then
      record_attempt(id, r, r[COUNTED] + 1, 'released', NOW)
      leave(id, r)
      r[STATE], r[RUN_AT] = QUEUED, NOW
      r[HOLDER] = ''
      stand(id, r, true)
      save(id, r)
      tell_state(id, QUEUED)
    else
      strike_out(id)
    end
  end
  flush()
  flush_queue()
  if #ids > 0 then wake() end
end

if deadline then
  hand_back_all()
  for lease in pairs(revoked_leases()) do redis.call('HDEL', K.revoked, lease) end
  forget_session()
end
return { 1 }
