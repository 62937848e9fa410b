-- Leases. Each exchange that leases anything gets the next number of its queue, the epoch: the fence of its leases. Jobs
-- that run for the first time and have nothing out of the ordinary are leased as a batch: one field in `leases`, epoch →
-- `session LF leased-at LF id id …`, from which each job is removed when its run ends. Any other active job has a record of
-- its own in `held`.
-- Two indexes, both in the order of epochs, find leases without reading them all. `spans` has the batches, `epoch session`,
-- by the position of their first job: they are stretches of the waiting list that do not overlap. `held_order` has the jobs
-- in `held`, `session NUL id`, by their epoch. `active` among the queue's numbers counts all leases, `running` those of
-- each session.
-- Needs: record.lua, batch.lua, queue.lua.

-- By epoch, false when there is none: session, started, list (the ids as stored); after a call of `members` also ids (in
-- order), has (a set) and left. `changed`: to be written; `over`: all its jobs are gone.
local batches = {}

local function parse_batch(raw)
  local session, started, list = string.match(raw, '^([^\n]*)\n(%d+)\n(.*)$')
  return session and { session = session, started = tonumber(started), list = list } or false
end

-- The ids still in a batch, as a set.
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

-- Has a batch this job? A few are looked for in the text, which costs less than to take it apart.
local function is_in(batch, id)
  local n = (batch.looked_for or 0) + 1
  batch.looked_for = n
  if batch.has or n > 8 then return members(batch)[id] end
  local list, from, to = batch.list, 0, nil
  repeat
    from, to = string.find(list, id, from + 1, true)
    if not from then return nil end
  until (from == 1 or string.byte(list, from - 1) == 32) and (to == #list or string.byte(list, to + 1) == 32)
  return true
end

local function batch_of(epoch)
  local batch = batches[epoch]
  if batch == nil then
    local raw = redis.call('HGET', K.leases, whole(epoch))
    batch = raw and parse_batch(raw) or false
    batches[epoch] = batch
  end
  return batch
end

-- Counts leases that a session was given; below 0: that it has no longer.
local function count_active(session, n)
  set_conf('active', conf.active + n)
  add('running', session, n)
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
      local field = whole(epoch)
      if batch.over then
        put('leases', field, false)
        score('spans', field .. ' ' .. batch.session, false)
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
          -- A removal first: a full Redis 6.2 lets a script write more only after a command that frees memory.
          put('leases', field, false)
        end
        put('leases', field, batch.session .. '\n' .. whole(batch.started) .. '\n' .. batch.list)
      end
    end
  end
end
