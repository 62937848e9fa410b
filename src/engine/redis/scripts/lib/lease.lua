-- Leases. Every exchange that leases anything gets the next number of its queue, the epoch: the fence of all leases it
-- gives. Jobs that run for the first time and have nothing out of the ordinary are leased a batch at a time: one field in
-- `leases`, epoch → `session LF leased-at LF id id …`, from which each job is taken when its run has ended. Any other active
-- job has a record of its own in `held`.
-- Needs: record.lua, batch.lua, queue.lua.

-- By epoch, false when there is none: session, started, list (the ids as they are stored); once `members` was asked also ids
-- (in order), has (a set) and left. `changed`: to be written; `over`: all its jobs are gone.
local batches = {}

local function parse_batch(raw)
  local session, started, list = string.match(raw, '^([^\n]*)\n(%d+)\n(.*)$')
  return { session = session, started = tonumber(started), list = list }
end

-- The ids that are still in a batch, as a set.
local function members(batch)
  if not batch.has then
    local ids, has, n = {}, {}, 0
    for id in string.gmatch(batch.list, '%S+') do
      n = n + 1
      ids[n] = id
      has[id] = true
    end
    batch.ids, batch.has, batch.left = ids, has, n
  end
  return batch.has
end

local function batch_of(epoch)
  local batch = batches[epoch]
  if batch == nil then
    local raw = redis.call('HGET', K.leases, string.format('%.0f', epoch))
    batch = raw and parse_batch(raw) or false
    batches[epoch] = batch
  end
  return batch
end

local all_read = false

-- All batches, by epoch. Their number is bounded by that of the active jobs.
local function all_batches()
  if not all_read then
    local all = redis.call('HGETALL', K.leases)
    for i = 1, #all, 2 do
      local epoch = tonumber(all[i])
      if batches[epoch] == nil then batches[epoch] = parse_batch(all[i + 1]) end
    end
    all_read = true
  end
  return batches
end

local function take_from_batch(batch, id)
  members(batch)[id] = nil
  batch.left = batch.left - 1
  batch.changed, batch.over = true, batch.left == 0
end

before_flush[#before_flush + 1] = function()
  for epoch, batch in pairs(batches) do
    if batch and batch.changed then
      batch.changed = false
      local field = string.format('%.0f', epoch)
      if batch.over then
        put('leases', field, false)
        batches[epoch] = false
      else
        if batch.has and batch.left < #batch.ids then
          local left, n = {}, 0
          for _, id in ipairs(batch.ids) do
            if batch.has[id] then
              n = n + 1
              left[n] = id
            end
          end
          batch.ids, batch.list = left, table.concat(left, ' ')
        end
        put('leases', field, string.format('%s\n%.0f\n', batch.session, batch.started) .. batch.list)
      end
    end
  end
end

-- Makes the birth record of a job that is leased in a batch the record of an active job.
local function activate(r, epoch, batch)
  r[STATE], r[EPOCH], r[STARTED], r[HOLDER], r.batch = ACTIVE, epoch, batch.started, batch.session, batch
  return r
end

-- The record of one job. `epoch`, where the caller knows it, is the lease the job is likely to run under.
local function load_record(id, job, run, held, epoch)
  local r = record_of(job, run, held)
  if not r or run or held or r[STATE] ~= QUEUED or r[PRIORITY] ~= 0 then return r end
  local likely = epoch and batch_of(epoch)
  if likely and members(likely)[id] then return activate(r, epoch, likely) end
  -- What was not taken off the waiting list yet is not active.
  if r[POSITION] >= math.max(conf.base, conf.top) then return r end
  for other, batch in pairs(all_batches()) do
    if batch and members(batch)[id] then return activate(r, other, batch) end
  end
  return r
end

-- Loads the records of jobs, in order; nil where there is none. `epochs`, by index, as for `load_record`.
local function load_records(ids, epochs)
  local jobs, runs, held, records = hmget('job', ids), hmget('run', ids), hmget('held', ids), {}
  for i, id in ipairs(ids) do records[i] = load_record(id, jobs[i], runs[i], held[i], epochs and epochs[i]) end
  return records, jobs
end

-- A job ends to be active.
local function let_go(id, r)
  if r.batch then
    take_from_batch(r.batch, id)
    r.batch = nil
  else
    put('held', id, false)
  end
end

-- The ids of what a session holds, sorted; at most `limit`.
local function held_by(session, limit)
  local all, ids = redis.call('HGETALL', K.held), {}
  for i = 1, #all, 2 do
    if string.sub(all[i + 1], RUN_SIZE + 1) == session then ids[#ids + 1] = all[i] end
  end
  for _, batch in pairs(all_batches()) do
    if batch and batch.session == session then
      for id in pairs(members(batch)) do ids[#ids + 1] = id end
    end
  end
  table.sort(ids)
  for i = #ids, limit + 1, -1 do ids[i] = nil end
  return ids
end
