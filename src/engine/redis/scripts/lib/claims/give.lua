-- Giving leases to SESSION: which jobs are usual, the epoch, what the reply has of each, and the batch of the usual ones.
-- Needs: session.lua, record.lua, batch.lua, queue.lua, lease.lua.

-- The reply: the ids in one text, and in another the stored jobs one after the other, with their lengths: many small values
-- cost the client more than a large one. For leases that are out of the ordinary also JSON, by the lease's number from 0.
local lease_ids, lease_jobs, lengths, lease_count = {}, {}, {}, 0
local specials = {}
local lease_bytes = 0 -- of the stored jobs that this call, and those of the same claim before it, have leased

local function reply_lease(id, job)
  lease_count = lease_count + 1
  lease_ids[lease_count], lease_jobs[lease_count], lengths[lease_count] = id, job, #job
  lease_bytes = lease_bytes + #job
end

-- Is there nothing out of the ordinary about a job that has not moved? Its flags are two bytes of its birth record.
local function is_usual(job)
  if not job or #job < BIRTH_SIZE then return false end
  local low, high = string.byte(job, 2, 3)
  return low == 0 and high == 0
end

local epoch

-- The epoch of this call: the fence of its leases. A server that lost its last writes must not give the session one that it
-- has seen.
local function lease_epoch()
  if not epoch then
    epoch = math.max(conf.epoch, tonumber(ARGV[9])) + 1
    set_conf('epoch', epoch)
  end
  return epoch
end

-- Leases `n` jobs as a batch. `list`: their ids as one text; `position`: that of the first.
local function lease_batch(list, n, position)
  local number = lease_epoch()
  batches[number] = { session = SESSION, started = NOW, list = list, changed = true }
  score('spans', whole(number) .. ' ' .. SESSION, whole(position))
  count_active(SESSION, n)
end
