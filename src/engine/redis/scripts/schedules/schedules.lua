-- KEYS: queue schedule tick
-- ARGV: now, names
-- Reply: for each its definition and its tick record ('' when there is no such schedule)
--
-- Reads schedules by name.
-- include: format

refuse_newer(redis.call('HGET', K.queue, 'format'))

local definitions, ticks = {}, {}
if #ARGV > 1 then
  definitions = redis.call('HMGET', K.schedule, unpack(ARGV, 2))
  ticks = redis.call('HMGET', K.tick, unpack(ARGV, 2))
end
local reply = {}
for i = 1, #ARGV - 1 do
  reply[i * 2 - 1], reply[i * 2] = definitions[i] or '', ticks[i] or ''
end
return reply
