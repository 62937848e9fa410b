-- What is due: delayed jobs, and the jobs of sessions that have expired.
-- Needs: record.lua, batch.lua, queue.lua, moves.lua.

-- Loads the records of jobs, in order; nil where there is none.
local function load_records(ids)
  local jobs, runs, held, records = hmget('job', ids), hmget('run', ids), hmget('held', ids), {}
  for i = 1, #ids do records[i] = record_of(jobs[i], runs[i], held[i]) end
  return records, jobs
end

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
