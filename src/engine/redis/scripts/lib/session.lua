-- The session that speaks.
local SESSION = ARGV[2]

-- Has it not ended, and is its time over? It ends when it is closed or taken for dead, not by its time alone.
local function life()
  local deadline = redis.call('ZSCORE', K.sessions, SESSION)
  return deadline, deadline and tonumber(deadline) <= NOW
end

-- Who speaks lives: a session that is late is renewed for as long as it was the last time.
local function renew_late(deadline)
  local ttl = tonumber(deadline) - tonumber(redis.call('HGET', K.seen, SESSION) or deadline)
  redis.call('ZADD', K.sessions, 'XX', NOW + ttl, SESSION)
  redis.call('HSET', K.seen, SESSION, NOW)
end
