-- Which jobs have which error: `fingerprints` has the fingerprint of the last error of a job, `failures` all of them in lexical order,
-- `fingerprint}id` of a job that stands failed or partial, `fingerprint|id` of any other. What changes is written at the next flush.
-- Needs: record.lua, batch.lua.

local filing = { changed = {} }

-- What changes of a job: fingerprint, stands (failed or partial), gone.
function filing.of(id)
  local change = filing.changed[id]
  if not change then
    change = {}
    filing.changed[id] = change
  end
  return change
end

-- A job enters a state, or leaves it.
function filing.enter(id, state)
  if state == FAILED or state == PARTIAL then filing.of(id).stands = true end
end

function filing.leave(id, state)
  if state == FAILED or state == PARTIAL then filing.of(id).stands = false end
end

before_flush[#before_flush + 1] = function()
  local ids = {}
  for id in pairs(filing.changed) do ids[#ids + 1] = id end
  for i, old in ipairs(hmget('fingerprints', ids)) do
    local id = ids[i]
    local change = filing.changed[id]
    local new = not change.gone and (change.fingerprint or old)
    local member = new and new .. (change.stands and FILED or NOT_FILED) .. id
    if old then
      for _, mark in ipairs({ FILED, NOT_FILED }) do
        local before = old .. mark .. id
        if before ~= member then score('failures', before, false) end
      end
    end
    if member then score('failures', member, 0) end
    if new ~= old and (new or old) then put('fingerprints', id, new) end
  end
  filing.changed = {}
end
