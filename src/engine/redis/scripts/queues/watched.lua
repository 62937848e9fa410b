-- KEYS: queue
-- ARGV: now, for how long events are recorded after this call, how soon they would not be any more where this call changes that
-- Reply: per queue the number of its last event, -1 where none are recorded any more
--
-- Where watchers are, and that they wait: of several queues of one server, whose keys are given in the order of the reply.

local reply = {}
for i, key_name in ipairs(KEYS) do -- keys: queue
  local found = redis.call('HMGET', key_name, 'seq', 'interest', 'format')
  local interest = tonumber(found[2]) or 0
  if interest <= NOW then
    reply[i] = '-1'
  else
    reply[i] = found[1] or '0'
    if interest - NOW < tonumber(ARGV[3]) then
      redis.call('HSET', key_name, 'interest', NOW + tonumber(ARGV[2]))
      -- There is no such queue (yet), see watch.lua.
      if not found[3] then redis.call('PEXPIRE', key_name, 2 * WATCH_INTEREST) end
    end
  end
end
return reply
