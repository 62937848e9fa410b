-- KEYS: queue events
-- ARGV: now, cursor ('' = the present), max, for how long events are recorded after this call
-- Reply: cursor, gap, then per batch of events: first sequence, time, events (JSON, one a line)
-- include: record batch format queue

read_queue()

local lapsed = conf.interest <= NOW
if conf.format > 0 then
  set_conf('interest', NOW + tonumber(ARGV[4]))
  write_queue()
else
  -- There is no such queue (yet): what is stored for the watcher goes when it does.
  redis.call('HSET', K.queue, 'interest', NOW + tonumber(ARGV[4]))
  redis.call('PEXPIRE', K.queue, 2 * WATCH_INTEREST)
end
if ARGV[2] == '' then return { string.format('%.0f', conf.seq), 0 } end
local cursor, max = tonumber(ARGV[2]), tonumber(ARGV[3])
-- The queue was obliterated since: its sequence starts over.
if cursor > conf.seq then return { string.format('%.0f', conf.seq), 1 } end
local reply = { ARGV[2], lapsed and 1 or 0 }
local entries = redis.call('XRANGE', K.events, string.format('(%.0f-0', cursor), '+', 'COUNT', max)
for i, entry in ipairs(entries) do
  local fields = entry[2]
  if i == 1 and tonumber(fields[2]) > cursor + 1 then reply[2] = 1 end
  reply[#reply + 1] = fields[2]
  reply[#reply + 1] = fields[4]
  reply[#reply + 1] = fields[6]
end
if #entries == 0 and conf.seq > cursor then
  reply[1] = string.format('%.0f', conf.seq)
  reply[2] = 1
end
return reply
