-- Jobs set aside: queued, and declined by a worker without their task's code. `aside` has them in running order, as
-- `priority` has others. `lacking` has them by task, for claims that name tasks: `w` (`s` for suspects), task, NUL, key,
-- NUL, id, in lexical order. `declined` says since when, also of running jobs. Mirrors engine/memory/store/aside.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua.

local function key_of(r) return r[PRIORITY] * PRIORITY_STEP + r[POSITION] end

local aside = {}

-- The job's entry in `lacking`. Its key is text of fixed length that sorts as the numbers do, halves included.
function aside.entry(id, r)
  local key = key_of(r)
  local whole = math.floor(key)
  local half = key > whole and '5' or '0'
  local task = task_of(redis.call('HGET', K.job, id) or '')
  return (has(r, SUSPECT) and 's' or 'w') .. task .. '\0' .. string.format('%016.0f', whole + 4e15) .. half .. '\0' .. id
end

function aside.insert(id, r)
  score('aside', id, key_of(r))
  score('lacking', aside.entry(id, r), 0)
end

function aside.leave(id, r)
  score('aside', id, false)
  score('lacking', aside.entry(id, r), false)
end

function aside.mark(id, r)
  if has(r, DECLINED) then return end
  set_flag(r, DECLINED, true)
  score('declined', id, NOW)
end

-- The job ran, or waits for something else: it is declined no longer.
function aside.clear(id, r)
  if not has(r, DECLINED) then return end
  set_flag(r, DECLINED, false)
  score('declined', id, false)
end
