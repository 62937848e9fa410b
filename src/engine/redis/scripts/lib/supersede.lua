-- Superseding: a newer job with the same key takes the place of the one before it, whose application is owed a word: its entry
-- in `superseded_due` is its task and id, in lexical order; `superseded` says the task.
-- Needs: record.lua, codec.lua, batch.lua, holding.lua, moves.lua.

local latest = {} -- by key: the id, as it will be when everything gathered is written
local accepted = {} -- jobs accepted in this call: they are written first, so that all are superseded from where they stand

-- The job that a new one with this key would supersede: its id, record and stored job.
local function predecessor(key)
  local id = latest[key] or redis.call('HGET', K.latest, key)
  if not id then return nil end
  local again = accepted[id]
  if again then flush() end
  local records, jobs = load_records({ id })
  -- It stays known: its id may come again in this call.
  if again then accepted[id], fresh[id] = nil, records[1] end
  local r = fresh[id] or records[1]
  if r and r[STATE] <= FAILED then return id, r, jobs[1] end
end

local function supersede(id, r, job)
  if r[STATE] == ACTIVE then
    record_attempt(id, r, r[COUNTED] + 1, 'superseded', NOW)
    revoke(id, r, CAUSE_SUPERSEDE)
  elseif r[HOLDER] ~= '' then
    -- The run of a job that ended well was told by its record, which now tells another end.
    record_attempt(id, r, r[COUNTED], r[STATE] == PARTIAL and 'partial' or 'completed', r[FINISHED])
  end
  finish(id, r, SUPERSEDED)
  fresh[id] = r
  local task = task_of(job)
  put('superseded', id, task)
  score('superseded_due', task .. '\0' .. id, 0)
end
