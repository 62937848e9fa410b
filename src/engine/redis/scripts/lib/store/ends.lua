-- How dependencies ended otherwise than completed: `ends` has by the id of the job that depends on them how many did not
-- succeed in its present round, how many of these make it fail, and how many succeeded in part; nothing when all are 0. With
-- `pending` this says what follows from all its links, without reading them.
-- Needs: record.lua, batch.lua.

local ends = { known = {}, changed = {} }

function ends.of(id)
  local n = ends.known[id]
  if not n then
    local lost, failing, partial = string.match(redis.call('HGET', K.ends, id) or '', '^(%d+) (%d+) (%d+)$')
    n = { lost = tonumber(lost) or 0, failing = tonumber(failing) or 0, partial = tonumber(partial) or 0 }
    ends.known[id] = n
  end
  return n
end

-- Counts an end; below 0: one that does not count any more.
function ends.count(id, state, policy, by)
  if state == COMPLETED then return end
  local n = ends.of(id)
  if state == PARTIAL then
    n.partial = n.partial + by
  else
    n.lost = n.lost + by
    if policy ~= POLICY_CONTINUE then n.failing = n.failing + by end
  end
  ends.changed[id] = true
end

-- Another round begins; returns how many ends of the last one it does not count.
function ends.restart(id)
  local n = ends.of(id)
  local lost = n.lost
  n.lost, n.failing = 0, 0
  ends.changed[id] = true
  return lost
end

function ends.forget(id)
  ends.known[id], ends.changed[id] = nil, nil
  put('ends', id, false)
end

before_flush[#before_flush + 1] = function()
  for id in pairs(ends.changed) do
    local n = ends.of(id)
    put('ends', id, n.lost + n.partial > 0 and string.format('%d %d %d', n.lost, n.failing, n.partial))
  end
  ends.changed = {}
end
