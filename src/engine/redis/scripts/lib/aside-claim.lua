-- What a session that names its tasks may have of what was set aside.
-- Needs: record.lua, batch.lua.

local aside_claim = {}

-- The first `n` entries of `lacking` of a kind (w, or s for suspects) and a task.
function aside_claim.entries(kind, task, n)
  local from = kind .. task
  return redis.call('ZRANGEBYLEX', K.lacking, '[' .. from .. '\0', '(' .. from .. '\1', 'LIMIT', 0, n)
end

-- Is there a job of one of these tasks that any session may have?
function aside_claim.waits(tasks)
  if redis.call('EXISTS', K.aside) == 0 then return false end
  for task in string.gmatch(tasks, '%S+') do
    if #aside_claim.entries('w', task, 1) > 0 then return true end
  end
  return false
end

-- The ids of up to `max` in order, of suspects the first only.
function aside_claim.first(tasks, max, suspect)
  if redis.call('EXISTS', K.aside) == 0 then return {} end
  local found, suspects = {}, {}
  local function gather(list, kind, task, n)
    for _, entry in ipairs(aside_claim.entries(kind, task, n)) do
      local place, id = string.match(entry, '^%Z+%z((%d+)%z.*)$')
      list[#list + 1] = { place = place, id = string.sub(place, #id + 2) }
    end
  end
  local function before(a, b) return a.place < b.place end
  for task in string.gmatch(tasks, '%S+') do
    gather(found, 'w', task, max)
    if suspect then gather(suspects, 's', task, 1) end
  end
  table.sort(suspects, before)
  found[#found + 1] = suspects[1]
  table.sort(found, before)
  local ids = {}
  for i = 1, math.min(max, #found) do ids[i] = found[i].id end
  return ids
end

-- Wakes all who wait, up to a hundred: who of them has the code is not known here.
function aside_claim.rouse()
  local sessions = redis.call('ZCARD', K.sessions)
  if sessions < 2 then return end
  for _ = redis.call('LLEN', K.wake) + 1, math.min(sessions, 100) do redis.call('RPUSH', K.wake, 1) end
end
