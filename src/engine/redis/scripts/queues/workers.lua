-- KEYS: queue held leases sessions workers seen
-- ARGV: now
-- Reply: per live session: id, worker (JSON), last heartbeat, how many jobs it holds
-- include: record codec batch format queue lease holding

read_queue()

local running = {}
for _, record in ipairs(redis.call('HVALS', K.held)) do
  local session = string.sub(record, RUN_SIZE + 1)
  running[session] = (running[session] or 0) + 1
end
for _, batch in pairs(all_batches()) do
  if batch then
    members(batch)
    running[batch.session] = (running[batch.session] or 0) + batch.left
  end
end
local reply = {}
for _, session in ipairs(redis.call('ZRANGEBYSCORE', K.sessions, string.format('(%.0f', NOW), '+inf')) do
  local n = #reply
  reply[n + 1] = session
  reply[n + 2] = redis.call('HGET', K.workers, session) or '{}'
  reply[n + 3] = redis.call('HGET', K.seen, session) or 0
  reply[n + 4] = running[session] or 0
end
return reply
