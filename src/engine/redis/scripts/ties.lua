-- KEYS: deps dep kids kid
-- ARGV: now, which (deps, kids), id, after which (or ''), how many
-- Reply: queue NUL id of the other end, score; for each
--
-- The ties of a job, in order.
-- include: record batch ties-read

return ties_of(ARGV[2], ARGV[3], ARGV[4] ~= '' and ARGV[4] or nil, tonumber(ARGV[5]))
