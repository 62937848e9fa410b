-- The session that speaks.
local SESSION = ARGV[2]

-- The end of its time, false when it has ended; is that over? It ends when it is closed or taken for dead, not by its time
-- alone. One that was taken for dead has a score below 0 (lost.lua) until what it held is recovered.
local function life()
  local deadline = redis.call('ZSCORE', K.sessions, SESSION)
  if not deadline or tonumber(deadline) < 0 then return false end
  return deadline, tonumber(deadline) <= NOW
end

-- Who speaks lives: a session that is late is renewed for as long as it was the last time.
local function renew_late(deadline)
  local ttl = tonumber(deadline) - tonumber(redis.call('HGET', K.seen, SESSION) or deadline)
  redis.call('ZADD', K.sessions, 'XX', NOW + ttl, SESSION)
  redis.call('HSET', K.seen, SESSION, NOW)
  return NOW + ttl
end
