-- KEYS: job owed owing
-- ARGV: now, command (claim, told), then: claim: limit, how long not to hand out again, tasks; told: ids
-- Reply: claim: ids; told: 1
--
-- Superseded jobs whose application has not been told yet: hands them out, and forgets those it was told of.
-- include: record batch

local MOST_LOOKED_AT = 2000 -- entries of a task one call may pass over

if ARGV[2] == 'told' then
  for i = 3, #ARGV do
    local task = string.match(redis.call('HGET', K.owed, ARGV[i]) or '', '^%Z*')
    score('owing', task .. '\0' .. ARGV[i], false)
    put('owed', ARGV[i], false)
  end
  flush()
  return 1
end

local limit, again, claimed = tonumber(ARGV[3]), tonumber(ARGV[4]), {}

local function claim_of(task)
  local looked = 0
  while #claimed < limit and looked < MOST_LOOKED_AT do
    local members = redis.call('ZRANGEBYLEX', K.owing, '[' .. task .. '\0', '(' .. task .. '\1', 'LIMIT', looked, 500)
    if #members == 0 then return end
    local ids = {}
    for i, member in ipairs(members) do ids[i] = string.sub(member, #task + 2) end
    for i, owed in ipairs(hmget('owed', ids)) do
      local due = tonumber(string.match(owed or '', '%z(%d+)$'))
      if due and due <= NOW and #claimed < limit then
        claimed[#claimed + 1] = ids[i]
        put('owed', ids[i], task .. '\0' .. string.format('%.0f', NOW + again))
      end
    end
    looked = looked + #members
  end
end

for i = 5, #ARGV do claim_of(ARGV[i]) end
flush()
return claimed
