-- Promotes delayed jobs that are due: at most `limit`; if `most` is given, no more once this call has written so many entries.
-- Needs: batch.lua, holding.lua, moves.lua.

local function promote_due(limit, most)
  local first = redis.call('ZRANGE', K.delayed, 0, 0, 'WITHSCORES')
  if not first[2] or tonumber(first[2]) > NOW then return 0 end
  local ids = redis.call('ZRANGEBYSCORE', K.delayed, '-inf', NOW, 'LIMIT', 0, limit)
  local records, promoted = load_records(ids), 0
  for i, id in ipairs(ids) do
    if most and written >= most then break end
    local r = records[i]
    promoted = i
    if r then move(id, r, QUEUED, 'promote') else score('delayed', id, false) end
  end
  flush()
  return promoted
end
