-- KEYS: queue dependencies dependency dependents dependent
-- ARGV: now, which (dependencies, dependents), id, after which (or ''), how many
-- Reply: queue NUL id of the other end, score; for each
--
-- The ties of a job, in order.
-- include: record batch format ties-read

refuse_newer(redis.call('HGET', K.queue, 'format'))

return ties_of(ARGV[2], ARGV[3], ARGV[4] ~= '' and ARGV[4] or nil, tonumber(ARGV[5])) -- keys: dependencies dependents
