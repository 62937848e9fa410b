-- KEYS: queue dependencies dependency dependents dependent
-- ARGV: now, which (dependencies, dependents), id, after which (or ''), how many
-- Reply: for each link the queue NUL id of its other end, and its value
--
-- Lists the links of a job, in order.
-- include: record batch format links-read

refuse_newer(redis.call('HGET', K.queue, 'format'))

return links_of(ARGV[2], ARGV[3], ARGV[4] ~= '' and ARGV[4] or nil, tonumber(ARGV[5])) -- keys: dependencies dependents
