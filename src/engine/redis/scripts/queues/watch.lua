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
-- Entries are read some at a time, until they are long enough: each has about TEXT_PER_ENTRY of them.
local from, found, length, page = string.format('(%.0f-0', cursor), 0, 0, 10
repeat
  local entries = redis.call('XRANGE', K.events, from, '+', 'COUNT', math.min(page, max - found))
  for _, entry in ipairs(entries) do
    local fields = entry[2]
    if found == 0 and tonumber(fields[2]) > cursor + 1 then reply[2] = 1 end
    reply[#reply + 1] = fields[2]
    reply[#reply + 1] = fields[4]
    reply[#reply + 1] = fields[6]
    found, length, from = found + 1, length + #fields[6], '(' .. entry[1]
  end
until #entries < page or found >= max or length > MOST_EVENT_TEXT
if found == 0 and conf.seq > cursor then
  reply[1] = string.format('%.0f', conf.seq)
  reply[2] = 1
end
return reply
