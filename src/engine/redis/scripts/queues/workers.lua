-- KEYS: queue held leases sessions workers seen
-- ARGV: now
-- Reply: now, then per session: id, worker (JSON), last heartbeat, how many jobs it holds, its deadline (now: declared dead)
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
local reply = { string.format('%.0f', NOW) }
local sessions = redis.call('ZRANGE', K.sessions, 0, -1, 'WITHSCORES')
for i = 1, #sessions, 2 do
  local session, n = sessions[i], #reply
  reply[n + 1] = session
  reply[n + 2] = redis.call('HGET', K.workers, session) or '{}'
  reply[n + 3] = redis.call('HGET', K.seen, session) or 0
  reply[n + 4] = running[session] or 0
  reply[n + 5] = string.format('%.0f', tonumber(sessions[i + 1]) > 0 and tonumber(sessions[i + 1]) or NOW)
end
return reply
