-- Promotes delayed jobs that are due.
-- Needs: batch.lua, holding.lua, moves.lua.

local function promote_due(limit)
  local first = redis.call('ZRANGE', K.delayed, 0, 0, 'WITHSCORES')
  if not first[2] or tonumber(first[2]) > NOW then return 0 end
  local ids = redis.call('ZRANGEBYSCORE', K.delayed, '-inf', NOW, 'LIMIT', 0, limit)
  local records = load_records(ids)
  for i, id in ipairs(ids) do
    local r = records[i]
    if r then move(id, r, QUEUED) else score('delayed', id, false) end
  end
  flush()
  return #ids
end
