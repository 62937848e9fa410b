-- KEYS: queue wait tombstones priority suspect aside delayed blocked done5 done6 done7 done8 done9 done10 kept
-- ARGV: now
-- Reply: since when it is paused (0: it is not), then the number of jobs in each state
--
-- Counts jobs per state from the sizes of the structures that hold them; active ones are counted as they are leased.
-- include: record batch format queue

read_queue()

local queued = waiting() - redis.call('ZCARD', K.tombstones) + redis.call('ZCARD', K.priority) + redis.call('ZCARD', K.suspect)
  + redis.call('ZCARD', K.aside)
local reply = { conf.paused, redis.call('ZCARD', K.blocked), redis.call('ZCARD', K.delayed), queued, conf.active }
reply[#reply + 1] = redis.call('LLEN', K.done5) - conf_of('g5') + redis.call('ZCARD', K.kept)
for state = COMPLETED + 1, EXPIRED do reply[#reply + 1] = redis.call('ZCARD', K['done' .. state]) end
return reply
