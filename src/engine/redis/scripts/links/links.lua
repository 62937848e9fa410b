-- KEYS: queue dependencies dependency dependents dependent round
-- ARGV: now, which (dependencies, dependents), how many, after which link of the first job (or ''), then ids of jobs
-- Reply: for each link the place of its job among the ids (from 0), the queue NUL id of its other end, and its value, without
-- the round
--
-- Lists the links of jobs, in order: `how many` at most, so that many jobs with many links take several calls.
-- include: record batch format links-read

refuse_newer(redis.call('HGET', K.queue, 'format'))

local which, most, after = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local first = 5
local rounds = which == 'dependencies' and hmget('round', { unpack(ARGV, first) }) or {}

local reply, found = {}, 0
for n = first, #ARGV do
  if found >= most then break end
  local from = n == first and after ~= '' and after or nil
  local links = links_of(which, ARGV[n], from, most - found) -- keys: dependencies dependents
  found = found + #links / 2
  local round = sane_number(rounds[n - first + 1])
  for i = 1, #links, 2 do
    local value = links[i + 1]
    reply[#reply + 1] = n - first
    reply[#reply + 1] = links[i]
    reply[#reply + 1] = which == 'dependencies' and policy_of_link(value) * POLICY_STEP + end_of_link(value, round) or value
  end
end
return reply
