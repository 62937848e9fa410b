-- A sample of the queue, once a minute while anything waits or runs in it. Mirrors engine/memory/commands/series.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, lease.lua, holding.lua, tally.lua.

local sample
do
  -- For how long a job has been ready.
  local function wait_of(id)
    local r = id and load_records({ id })[1]
    return r and NOW - r[RUN_AT] or 0
  end

  -- The first job from a key on: in `priority`, or at the head of the waiting list, which has the default priority.
  local function first_from(key)
    local found = redis.call('ZRANGEBYSCORE', K.priority, key, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    local head = redis.call('LINDEX', K.wait, 0)
    local listed = head and (key == '-inf' or key <= conf.base)
    if listed and not (found[2] and tonumber(found[2]) < conf.base) then return id_of(head) end
    return found[1]
  end

  -- The key that the jobs of the lowest priority begin with.
  local function lowest()
    local last = tonumber(redis.call('ZREVRANGEBYSCORE', K.priority, '+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)[2])
    if redis.call('LLEN', K.wait) > 0 then last = math.max(last or 0, 0) end
    return last and (math.floor(last / PRIORITY_STEP + 0.5) - 0.5) * PRIORITY_STEP
  end

  -- How many slots are busy: of each session no more than its worker has.
  local function busy_slots()
    local sessions, busy = redis.call('ZRANGE', K.sessions, 0, MOST_SAMPLED - 1), 0
    local running, workers = hmget('running', sessions), hmget('workers', sessions)
    for i = 1, #sessions do
      local slots = tonumber(string.match(workers[i] or '', '"concurrency":(%d+)')) or 0
      busy = busy + math.min(sane_number(running[i]), slots)
    end
    return busy
  end

  function sample()
    if conf.active == 0 and redis.call('EXISTS', K.wait, K.priority, K.suspect, K.aside) == 0 then return end
    local minute = math.floor(NOW / 60000)
    local depth = waiting() - redis.call('ZCARD', K.tombstones) + redis.call('ZCARD', K.priority) + redis.call('ZCARD', K.suspect)
      + redis.call('ZCARD', K.aside)
    if depth + conf.active == 0 or sane_number(redis.call('HGET', K.series, 's')) == minute then return end
    tally.trim()
    local from = lowest()
    local oldest = from and math.max(0, wait_of(first_from('-inf')), wait_of(first_from(from))) or 0
    local seen = { 1, depth, conf.active, busy_slots(), oldest }
    local args = { 's', minute }
    for _, name in ipairs({ 'm' .. minute, 'h' .. math.floor(minute / 60) }) do
      local field = sane_json(redis.call('HGET', K.series, name) or '')
      local samples = type(field['']) == 'table' and field[''] or {}
      for i = 1, 4 do samples[i] = sane_number(samples[i]) + seen[i] end
      samples[5] = math.max(sane_number(samples[5]), oldest)
      field[''] = samples
      args[#args + 1], args[#args + 2] = name, cjson.encode(field)
    end
    redis.call('HSET', K.series, unpack(args))
    redis.call('PEXPIRE', K.series, SERIES_AGE)
  end
end
