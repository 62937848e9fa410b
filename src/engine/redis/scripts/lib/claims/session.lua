-- The session that sends this command.
local SESSION = ARGV[2]

-- The session's deadline (false when it has ended), and whether that is over. A session ends when it is closed or declared
-- dead, not by its time alone. A dead one has a score below 0 (lost.lua) until its jobs are recovered.
local function life()
  local deadline = tonumber(redis.call('ZSCORE', K.sessions, SESSION) or -1)
  if not deadline or deadline < 0 then return false end
  return deadline, deadline <= NOW
end

-- A command is a sign of life: renews a late session for as long as the last time.
local function renew_late(deadline)
  local ttl = deadline - tonumber(redis.call('HGET', K.seen, SESSION) or deadline)
  redis.call('ZADD', K.sessions, 'XX', NOW + ttl, SESSION)
  redis.call('HSET', K.seen, SESSION, NOW)
  return NOW + ttl
end
