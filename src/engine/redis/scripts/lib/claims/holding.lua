-- Loads the records of jobs that may be active, from wherever they are stored.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, lease.lua.

-- The batch that has the job at a position of the waiting list, if it is active: its epoch, and the batch.
local function batch_at(position)
  local span = redis.call('ZREVRANGEBYSCORE', K.spans, position, '-inf', 'LIMIT', 0, 1)[1]
  local epoch = tonumber(string.match(span or '', '^%d+'))
  local batch = epoch and batch_of(epoch)
  if batch then return epoch, batch end
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
  if likely and is_in(likely, id) then return activate(r, epoch, likely) end
  -- A job that is still in the waiting list is not active.
  if r[POSITION] >= math.max(conf.base, conf.top) then return r end
  local other, batch = batch_at(r[POSITION])
  return batch and is_in(batch, id) and activate(r, other, batch) or r
end

-- Loads the records of jobs, in order; nil for a job that does not exist. `epochs`, by index, as for `load_record`.
local function load_records(ids, epochs)
  local jobs, runs, held, records = hmget('job', ids), hmget('run', ids), hmget('held', ids), {}
  for i, id in ipairs(ids) do records[i] = load_record(id, jobs[i], runs[i], held[i], epochs and epochs[i]) end
  return records, jobs
end

-- Ends the lease of a job whose stored record is gone or cannot be read.
local function drop_unreadable(id, session, epoch)
  local batch = batch_of(epoch)
  if batch and members(batch)[id] then take_from_batch(batch, id) end
  put('held', id, false)
  score('held_order', session .. '\0' .. id, false)
  count_active(session, -1)
end

-- Stores the record of an active job, which then has one of its own.
local function hold(id, r)
  if r.batch then
    take_from_batch(r.batch, id)
    r.batch = nil
  end
  put('held', id, pack_run(r))
  score('held_order', r[HOLDER] .. '\0' .. id, r[EPOCH])
end

-- Ends the lease of an active job.
local function end_lease(id, r)
  count_active(r[HOLDER], -1)
  if r.batch then
    take_from_batch(r.batch, id)
    r.batch = nil
  else
    put('held', id, false)
    score('held_order', r[HOLDER] .. '\0' .. id, false)
  end
end

-- Takes a lease away. Its session receives the cause (c cancelled, s superseded) in a message, and with its heartbeats
-- until it settles.
local function revoke(id, r, why)
  local lease = id .. ' ' .. string.format('%.0f', r[EPOCH])
  score('revoked', r[HOLDER] .. '\0' .. lease .. ' ' .. why, 0)
  publish(CHANNEL_REVOKED .. ' ' .. lease .. ' ' .. why .. ' ' .. r[HOLDER])
end
