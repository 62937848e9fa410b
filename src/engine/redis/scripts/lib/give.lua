-- Giving leases to SESSION: their epoch, what is answered of them, and the batch of the usual ones.
-- Needs: record.lua, batch.lua, queue.lua, lease.lua.

-- The reply: the ids and the jobs as they are stored, one after the other in one text, with their lengths in another: many
-- small values cost the client more than a large one. Of leases that are out of the ordinary also JSON, by the number of the
-- lease from 0.
local leases, lengths, lease_count = {}, {}, 0
local specials = {}

local function reply_lease(id, job)
  local n = lease_count * 2
  leases[n + 1], leases[n + 2] = id, job
  lengths[n + 1], lengths[n + 2] = #id, #job
  lease_count = lease_count + 1
end

local epoch

-- The fence of everything this call leases.
local function lease_epoch()
  if not epoch then
    epoch = conf.epoch + 1
    set_conf('epoch', epoch)
  end
  return epoch
end

-- The batch of usual jobs that this call leases.
local batch

local function lease_in_batch(id, job)
  if not batch then
    batch = { session = SESSION, started = NOW, ids = {}, has = {}, left = 0, changed = true }
    batches[lease_epoch()] = batch
  end
  local n = batch.left + 1
  batch.ids[n] = id
  batch.has[id] = true
  batch.left = n
  if watched then tell_state(id, ACTIVE) end
  reply_lease(id, job)
end

-- Takes entries off the head of the waiting list.
local function take_off(n)
  if n == 0 then return end
  redis.call('LTRIM', K.wait, n, -1)
  set_conf('base', conf.base + n)
  redis.call('ZREMRANGEBYSCORE', K.dead, '-inf', conf.base - 1)
end
