-- KEYS: queue log
-- ARGV: now, id
-- Reply: how many lines the job has logged, then the chunks that are kept of them, in order
--
-- Reads the log of a job.
-- include: record batch format log

refuse_newer(redis.call('HGET', K.queue, 'format'))

local id = ARGV[2]
local lines, fields = logged(id), {}
for n = first_chunk(lines), math.ceil(lines / LOG_CHUNK) - 1 do fields[#fields + 1] = chunk_of(id, n) end
local reply = { lines }
for _, chunk in ipairs(hmget('log', fields)) do reply[#reply + 1] = chunk or '' end
return reply
