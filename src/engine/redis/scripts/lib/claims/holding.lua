-- Loads the records of jobs that may be active, from wherever they are stored.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, lease.lua.

local all_read = false
local epoch_of = {} -- by id: the batch it was read in

-- All batches, by epoch; false for a field that is not a batch. The active jobs bound their number.
local function all_batches()
  if not all_read then
    local all = redis.call('HGETALL', K.leases)
    for i = 1, #all, 2 do
      local epoch = tonumber(all[i])
      if epoch and batches[epoch] == nil then batches[epoch] = parse_batch(all[i + 1]) end
      if epoch and batches[epoch] then
        for id in pairs(members(batches[epoch])) do epoch_of[id] = epoch end
      end
    end
    all_read = true
  end
  return batches
end

-- The epoch of the batch that has a job; nil when none has.
local function batch_holding(id)
  all_batches()
  local epoch = epoch_of[id]
  return epoch and batches[epoch] and members(batches[epoch])[id] and epoch or nil
end

-- Turns the birth record of a job leased in a batch into the record of an active job.
local function activate(r, epoch, batch)
  r[STATE], r[EPOCH], r[STARTED], r[HOLDER], r.batch = ACTIVE, epoch, batch.started, batch.session, batch
  return r
end

-- The record of one job. `epoch`, if the caller knows it: the lease the job probably runs under.
local function load_record(id, job, run, held, epoch)
  local r = record_of(job, run, held)
  if not r or run or held or r[STATE] ~= QUEUED or r[PRIORITY] ~= 0 then return r end
  local likely = epoch and batch_of(epoch)
  if likely and members(likely)[id] then return activate(r, epoch, likely) end
  -- A job that is still in the waiting list is not active.
  if r[POSITION] >= math.max(conf.base, conf.top) then return r end
  local other = batch_holding(id)
  return other and activate(r, other, batches[other]) or r
end

-- Loads the records of jobs, in order; nil for a job that does not exist. `epochs`, by index, as for `load_record`.
local function load_records(ids, epochs)
  local jobs, runs, held, records = hmget('job', ids), hmget('run', ids), hmget('held', ids), {}
  for i, id in ipairs(ids) do records[i] = load_record(id, jobs[i], runs[i], held[i], epochs and epochs[i]) end
  return records, jobs
end

-- Ends the lease of a job whose stored record is gone or cannot be read.
local function drop_unreadable(id)
  put('held', id, false)
  local epoch = batch_holding(id)
  if epoch then take_from_batch(batches[epoch], id) end
end

-- Ends the lease of an active job.
local function end_lease(id, r)
  if r.batch then
    take_from_batch(r.batch, id)
    r.batch = nil
  else
    put('held', id, false)
  end
end

-- Takes a lease away. Its session receives the cause (c cancelled, s superseded) in a message, and with its heartbeats
-- until it settles.
local function revoke(id, r, why)
  local lease = id .. ' ' .. string.format('%.0f', r[EPOCH])
  put('revoked', lease, why .. r[HOLDER])
  publish(CHANNEL_REVOKED .. ' ' .. lease .. ' ' .. why .. ' ' .. r[HOLDER])
end

-- The ids of the jobs a session holds, sorted; at most `limit`.
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
