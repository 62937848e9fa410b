-- Superseding: a newer job with the same key takes the place of the one before it.
-- Needs: record.lua, codec.lua, batch.lua, holding.lua, moves.lua.

local latest = {} -- by key: the id once all buffered writes are done
local accepted = {} -- jobs stored in this call: they are written before they are superseded

-- The job that a new one with this key supersedes: its id and record.
local function predecessor(key)
  local id = latest[key] or redis.call('HGET', K.latest, key)
  if not id then return nil end
  local again = accepted[id]
  if again then flush() end
  local records = load_records({ id })
  -- Keep the record: its id may come again in this call.
  if again then accepted[id], fresh[id] = nil, records[1] end
  local r = fresh[id] or records[1]
  if r and r[STATE] <= FAILED then return id, r end
end

local function set_latest(key, id)
  put('latest', key, id)
  latest[key] = id
end

local function supersede(id, r)
  if r[STATE] == ACTIVE then
    record_attempt(id, r, r[COUNTED] + 1, 'superseded', NOW)
    revoke(id, r, CAUSE_SUPERSEDE)
  elseif r[HOLDER] ~= '' then
    -- The last run of a successful job is only in its record, which now gets another end: move it to the history.
    record_attempt(id, r, r[COUNTED], r[STATE] == PARTIAL and 'partial' or 'completed', r[FINISHED])
  end
  finish(id, r, SUPERSEDED, 'supersede')
  fresh[id] = r
end
