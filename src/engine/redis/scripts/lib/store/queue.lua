-- The queue's own numbers, read once and written once: every script that includes this calls `read_queue` first.
--   paused    since when it is paused; 0 while it is not
--   base      the position of the first entry of the waiting list; it counts up as entries are taken
--   top       the highest that `base` was before entries were put back at the head
--   epoch     the number of the last exchange that leased anything
--   active    how many jobs are leased
--   otail, ohead  the next positions at both ends of the order of other priorities
--   fin       the last position of a job that finished in any state but `completed`, and of one that is kept by count
--   b5, g5    of the list of completed jobs: the position of its first entry, and how many of its entries are stale
--   keep1, keep2  the latest count asked for by completed / failed jobs
--   listed    1 once the queue's name was added to the list of queues
--   sdue      when the first schedule is due; 0 when none is
--   traced    until when there are traces of removed jobs (lib/jobs/traces.lua)
--   format    the version of the stored format (format.lua); 0 until anything is stored
--   seq, interest  the last event's number; until when events are recorded
-- Needs: record.lua, batch.lua, format.lua.

local conf = {}
local conf_stored = {} -- the numbers as they are stored, as far as this call knows
local conf_dirty = {}
local watched -- are events recorded?

-- Reads the numbers; everything else here depends on them. `fields`: those that a script of a fast path needs, to which each costs.
local function read_queue(fields)
  fields = fields or { 'format', 'interest', 'paused', 'base', 'otail', 'ohead', 'fin', 'seq', 'listed', 'top', 'epoch', 'sdue', 'active', 'traced' }
  local values = redis.call('HMGET', K.queue, unpack(fields))
  for i, field in ipairs(fields) do
    local value = sane_number(values[i] or field == 'ohead' and -1)
    conf[field], conf_stored[field] = value, value
  end
  refuse_newer(conf.format)
  watched = conf.interest > NOW
end

local function set_conf(field, value)
  conf[field] = value
  conf_dirty[field] = true
end

local function conf_of(field)
  if conf[field] == nil then conf[field] = sane_number(redis.call('HGET', K.queue, field)) end
  return conf[field]
end

-- An entry of the waiting list begins with a mark if its job has moved before, and so has a record in `run`.
local function is_moved(entry) return string.sub(entry, 1, 1) == MOVED end

local function id_of(entry) return is_moved(entry) and string.sub(entry, 2) or entry end

-- The length of the waiting list once all buffered writes are done.
local function waiting()
  local tails, heads = buffered[RPUSH].wait, buffered[LPUSH].wait
  return redis.call('LLEN', K.wait) + (tails and tails.n or 0) + (heads and heads.n or 0)
end

-- The position of the next entry of the list of completed jobs once all buffered writes are done.
local function end_of_completed()
  local args = args_of(RPUSH, 'done5')
  if args.n == 0 then args.first = conf_of('b5') + redis.call('LLEN', K.done5) end
  return args.first + args.n
end

-- Publishes on the channel of this queue and database. Mirrors `channel` in keys.ts.
local function publish(message) redis.call('PUBLISH', string.sub(K.queue, 1, -1 - #'queue') .. K.db, message) end

local events = {}

local function emit(json)
  if watched then events[#events + 1] = json end
end

-- Emits the event of a job that moved (model/job/event.ts). `more`: its other fields, as JSON. Called only while it is watched.
local function emit_state(id, state, task, cause, attempt, more)
  emit(string.format('{"kind":"state","id":"%s","state":"%s","task":%s,"cause":"%s","attempt":%d%s}', id, name_of(state),
    cjson.encode(task), cause, attempt, more or ''))
end

local function with_duration(since) return string.format(',"duration":%.0f', NOW - since) end

-- Sets a marker: the worker that takes it is woken. On a cluster none can block on it, so they are notified.
local function set_marker()
  redis.call('RPUSH', K.wake, '1')
  if K.cluster then publish(CHANNEL_WAKE) end
end

-- Wakes one worker, unless one is being woken already.
local function wake()
  conf.lined = nil
  if redis.call('LLEN', K.wake) == 0 then set_marker() end
end

-- Writes the numbers that have changed, and emits the events.
local function write_queue()
  if #events > 0 then
    local first, length = 1, 0
    conf_of('seq')
    for i, event in ipairs(events) do
      length = length + #event
      if i == #events or length + #events[i + 1] > TEXT_PER_ENTRY then
        local last = conf.seq + i - first + 1
        -- An entry has the number of its last event, so what is kept is counted in events; when it is not watched any more, all goes.
        redis.call('XADD', K.events, 'MINID', '~', string.format('%.0f', math.max(0, last - MOST_EVENTS)), string.format('%.0f-0', last),
          'first', conf.seq + 1, 'at', NOW, 'events', table.concat(events, '\n', first, i))
        set_conf('seq', last)
        first, length = i + 1, 0
      end
    end
    redis.call('PEXPIRE', K.events, 2 * WATCH_INTEREST)
    publish(CHANNEL_EVENTS .. ' ' .. string.format('%.0f', conf.seq))
    events = {}
  end
  if conf.format == 0 and next(conf_dirty) then
    set_conf('format', FORMAT)
    -- A watcher may have come first (watch.lua).
    if conf.interest > 0 then redis.call('PERSIST', K.queue) end
  end
  local sets = {}
  for field in pairs(conf_dirty) do
    local value = conf[field]
    if value ~= conf_stored[field] then
      sets[#sets + 1] = field
      sets[#sets + 1] = value % 1 == 0 and whole(value) or value
      conf_stored[field] = value
    end
  end
  if #sets > 0 then redis.call('HSET', K.queue, unpack(sets)) end
  conf_dirty = {}
end

-- Wakes a worker if a job became queued (`conf.lined`, set where one is inserted), or ended without a run (`conf.ended`),
-- then writes the queue.
local function flush_queue()
  if conf.ended or (conf.lined and conf.paused == 0) then wake() end
  write_queue()
end
