-- KEYS: queue groups group_order failures
-- ARGV: now, the most groups, when the last one of the page before was seen last ('+inf': none was) and its fingerprint, the letters of the
-- states that are asked for
-- Reply: now, how many groups were dropped, 1 when there are more than are answered, then of each its fingerprint, its JSON, and how many jobs
-- are filed under it
--
-- Lists failure groups, those that were seen last first (lib/jobs/failure-groups.lua).
-- include: format

refuse_newer(redis.call('HGET', K.queue, 'format'))
local limit, last_at, last, letters = tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local reply = { NOW, tonumber(redis.call('HGET', K.queue, 'dropped_groups')) or 0, 0 }
local found, page = 0, 50

-- Is this the place where the page before ended, or one before that?
local function is_passed(fingerprint, at) return at == last_at and fingerprint >= last end

local all = redis.call('ZREVRANGEBYSCORE', K.group_order, last_at, '-inf', 'WITHSCORES', 'LIMIT', 0, 2 * MOST_FAILURE_GROUPS)
local names = {}
for i = 1, #all, 2 do
  if not is_passed(all[i], all[i + 1]) then names[#names + 1] = all[i] end
end
for from = 1, #names, page do
  local some = { unpack(names, from, math.min(from + page - 1, #names)) }
  for i, body in ipairs(redis.call('HMGET', K.groups, unpack(some))) do
    local letter = string.match(body or '', '^%[%d+,%d+,%d+,"(%a)"')
    if letter and string.find(letters, letter, 1, true) then
      if found == limit then
        reply[3] = 1
        return reply
      end
      found = found + 1
      local filed = redis.call('ZLEXCOUNT', K.failures, '[' .. some[i] .. FILED, '(' .. some[i] .. BEHIND_FILED)
      reply[#reply + 1], reply[#reply + 2], reply[#reply + 3] = some[i], body, filed
    end
  end
end
return reply
