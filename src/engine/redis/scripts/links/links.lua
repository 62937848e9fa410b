-- KEYS: queue dependencies dependency dependents dependent round
-- ARGV: now, which (dependencies, dependents), id, after which (or ''), how many
-- Reply: for each link the queue NUL id of its other end, and its value, without the round
--
-- Lists the links of a job, in order.
-- include: record batch format links-read

refuse_newer(redis.call('HGET', K.queue, 'format'))

local links = links_of(ARGV[2], ARGV[3], ARGV[4] ~= '' and ARGV[4] or nil, tonumber(ARGV[5])) -- keys: dependencies dependents
if ARGV[2] == 'dependencies' then
  local round = sane_number(redis.call('HGET', K.round, ARGV[3]))
  for i = 2, #links, 2 do links[i] = policy_of_link(links[i]) * POLICY_STEP + end_of_link(links[i], round) end
end
return links
