-- Moves jobs between states: removes them from the structure of the old state and inserts them into that of the new one.
-- Mirrors engine/memory/store/transitions.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, holding.lua, aside.lua, tally.lua, filing.lua.

local default_age = { completed = COMPLETED_AGE, failed = FAILED_AGE }

-- Marks a job in the outbox: it has messages to linked jobs, to be delivered after this call (outbox.lua).
-- `audited`: it only asks again what it waits for, and no flow whether it belongs to it; its sequence is negative.
local outbox_marked = false

local function mark_outbox(id, audited)
  set_conf('nseq', conf_of('nseq') + 1)
  score('outbox', id, audited and -conf.nseq or conf.nseq)
  outbox_marked = true
end

local function count_tags(id, state, n)
  local tags = redis.call('HGET', K.tags, id)
  if not tags then return end
  for tag in string.gmatch(tags, '[^\n]+') do add('tagcount', tag .. '\0' .. state, n) end
end

local function class_of(state)
  if state == COMPLETED or state == PARTIAL then return 'completed', 'keep1', 'counted1' end
  return 'failed', 'keep2', 'counted2'
end

-- A number from 0 to `most`; nil for anything else.
local function sane_bounded(value, most)
  return type(value) == 'number' and value >= 0 and value <= most and value or nil
end

-- The age and count of a job with a retention of its own; nil for what it does not set, or sets beyond the bounds of
-- model/value/duration.ts and model/job/retention.ts.
local function keep_of(id, state)
  local rule = sane_json(redis.call('HGET', K.keep, id) or '')[(class_of(state))]
  if type(rule) ~= 'table' then return nil end
  return sane_bounded(rule.age, LONGEST_DURATION), sane_bounded(rule.count, MOST_KEPT)
end

-- Retention keeps the job, or forgets it otherwise than by time.
local function stop_expiry(id, r)
  score('expiry', id, false)
  if has(r, KEEP) then
    local _, _, key_name = class_of(r[STATE]) -- keys: counted1 counted2
    score(key_name, id, false)
  end
end

-- Removes a job from the structure of its state. `taken`: its entry is off the waiting list already, and leaves no
-- tombstone.
local function leave(id, r, taken)
  local state = r[STATE]
  filing.leave(id, state)
  if state == QUEUED then
    if has(r, DECLINED) then aside.leave(id, r)
    elseif has(r, SUSPECT) then score('suspect', id, false)
    elseif r[PRIORITY] ~= 0 or r[POSITION] < conf.base then score('priority', id, false) -- the latter: see `compact_line`
    elseif not taken then score('tombstones', r[POSITION], r[POSITION]) end
  elseif state == DELAYED then score('delayed', id, false)
  elseif state == BLOCKED then
    score('blocked', id, false)
    if has(r, AFTER) or has(r, MEMBER) then score('audit', id, false) end
  elseif state == ACTIVE then end_lease(id, r)
  else
    if is_usual_end(r) then
      add('queue', 'g5', 1)
    else
      score(state == COMPLETED and 'kept' or 'done' .. state, id, false) -- keys: kept done6 done7 done8 done9 done10
      stop_expiry(id, r)
    end
  end
  if has(r, TAGGED) then count_tags(id, state, -1) end
end

-- The position of the first job of the default priority: in the list, or before it (see `compact_line`).
local function first_position()
  if not conf.first then
    local from = -PRIORITY_STEP / 2
    local before = redis.call('ZRANGEBYSCORE', K.priority, from, '(' .. conf.base, 'WITHSCORES', 'LIMIT', 0, 1)
    conf.first = tonumber(before[2]) or conf.base
  end
  return math.min(conf.first, conf.base)
end

local function insert_queued(id, r, at_head)
  conf.lined = true
  local default = r[PRIORITY] == 0
  local tail = default and (conf.base + waiting()) or conf.otail
  if has(r, DECLINED) then
    -- A returned job keeps its place; any other is placed half a step before the next one to come, as suspects are.
    if not at_head then r[POSITION] = tail - 0.5 end
    aside.insert(id, r)
  elseif has(r, SUSPECT) then
    local head = default and first_position() - 1 or conf.ohead
    r[POSITION] = at_head and head + 0.5 or tail - 0.5
    score('suspect', id, key_of(r))
  elseif default then
    if at_head and first_position() < conf.base then
      r[POSITION] = first_position() - 1
      conf.first = r[POSITION]
      score('priority', id, r[POSITION])
    elseif at_head then
      if conf.base > conf.top then set_conf('top', conf.base) end
      set_conf('base', conf.base - 1)
      r[POSITION] = conf.base
      push_head('wait', MOVED .. id)
    else
      r[POSITION] = tail
      push_tail('wait', r.born and id or MOVED .. id)
    end
  else
    if at_head then
      r[POSITION] = conf.ohead
      set_conf('ohead', conf.ohead - 1)
    else
      r[POSITION] = tail
      set_conf('otail', tail + 1)
    end
    score('priority', id, key_of(r))
  end
end

-- Leaves an ended job to retention, unless it is a usual one (`is_usual_end`).
local function let_expire(id, r)
  local state = r[STATE]
  local class, keep, key_name = class_of(state) -- keys: counted1 counted2
  local age, count
  if has(r, KEEP) then age, count = keep_of(id, state) end
  age = age or default_age[class]
  -- A watcher that is notified of the end still has to read the result.
  if watched then age = math.max(age, WATCHED_AGE) end
  score('expiry', id, r[FINISHED] + age)
  conf.leaves = math.min(r[FINISHED] + age, conf.leaves or math.huge)
  if count then
    set_conf(keep, count)
    set_conf('fin', conf.fin + 1)
    score(key_name, id, conf.fin)
  end
end

local function insert_finished(id, r)
  local state = r[STATE]
  if state == COMPLETED then
    r[POSITION] = end_of_completed()
    if is_usual_end(r) then
      push_tail('done5', id)
      return
    end
    push_tail('done5', '')
    add('queue', 'g5', 1)
    score('kept', id, r[POSITION])
  else
    set_conf('fin', conf.fin + 1)
    r[POSITION] = conf.fin
    score('done' .. state, id, r[POSITION]) -- keys: done6 done7 done8 done9 done10
  end
  -- A job with dependents is retained; an incomplete flow is removed with its members.
  if not has(r, RETAINED) and not has(r, OPEN) then let_expire(id, r) end
end

-- Retains a job for its dependents. The caller writes its record.
local function retain(id, r)
  if r[STATE] >= COMPLETED then
    if is_usual_end(r) then
      add('queue', 'g5', 1)
      score('kept', id, r[POSITION])
    else
      stop_expiry(id, r)
    end
  end
  set_flag(r, RETAINED, true)
end

local function insert(id, r, at_head)
  local state = r[STATE]
  filing.enter(id, state)
  if state ~= QUEUED and state ~= ACTIVE then aside.clear(id, r) end
  if state == QUEUED then insert_queued(id, r, at_head)
  elseif state == DELAYED then score('delayed', id, r[RUN_AT])
  elseif state == BLOCKED then
    score('blocked', id, r[CREATED])
    if has(r, AFTER) or (has(r, MEMBER) and has(r, HELD)) then score('audit', id, NOW + AUDIT) end
  elseif state ~= ACTIVE then insert_finished(id, r) end
  if has(r, TAGGED) then count_tags(id, state, 1) end
end

-- Writes a record where its state requires.
local function save(id, r)
  if r.result then
    -- It was stored behind the short record.
    put('result', id, r.result)
    r.result = nil
  end
  if r[STATE] == ACTIVE then hold(id, r) else put('run', id, pack_run(r)) end
end

-- Emits the event of a job that moved from a state. Call it before `r` counts the run that ended, or give its number. `job`: as it is
-- stored, if the caller has read it.
local function emit_move(id, r, from, cause, job, attempt)
  if not watched then return end
  job = job or redis.call('HGET', K.job, id) or ''
  local to, ran, more = r[STATE], from == ACTIVE, ''
  if ran then more = with_duration(r[STARTED]) end
  if to == FAILED or cause == 'backoff' then
    local change = filing.changed[id]
    local fingerprint = change and change.fingerprint or redis.call('HGET', K.fingerprints, id)
    if fingerprint then more = more .. ',"fingerprint":"' .. fingerprint .. '"' end
  end
  if has(r, MEMBER) then
    local _, flow = flow_of(job)
    if flow then more = more .. ',"flow":' .. cjson.encode({ queue = flow.queue, id = flow.id }) end
  end
  emit_state(id, to, task_of(job), cause, attempt or r[COUNTED] + ((ran or to == ACTIVE) and 1 or 0), more)
end

local function move(id, r, to, cause, at_head)
  local from = r[STATE]
  leave(id, r)
  r[STATE] = to
  insert(id, r, at_head)
  save(id, r)
  emit_move(id, r, from, cause)
end

-- Of a job that ends without a run its application is to be notified (ended.lua). A run reports its own end; of a
-- superseded one, only that its lease was taken. `task`: the name of its task, if the caller knows it.
local function leave_notice(id, r, task)
  if has(r, FLOW) then return end
  task = task or task_of(redis.call('HGET', K.job, id) or '')
  put('ended', id, task)
  score('ended_due', task .. '\0' .. id, 0)
  conf.ended = true
end

-- `r.settled`: a settlement reports it, which says what is counted of it, and the number of the attempt. `job`: as it is stored, if the
-- caller has read it.
local function finish(id, r, to, cause, taken, job)
  local from = r[STATE]
  if not r.settled then
    local task = task_of(job or redis.call('HGET', K.job, id) or '')
    tally.count_end(task, to)
    if r[STATE] ~= ACTIVE or to == SUPERSEDED then leave_notice(id, r, task) end
  end
  r[FINISHED] = NOW
  if has(r, TTL) then
    score('ttl', id, false)
    set_flag(r, TTL, false)
  end
  leave(id, r, taken)
  -- The record of a successful job keeps its session: it shows which worker ran it.
  if to ~= COMPLETED and to ~= PARTIAL then r[HOLDER] = '' end
  r[STATE] = to
  set_flag(r, SUSPECT, false)
  set_flag(r, WAS_RETAINED, false)
  insert(id, r)
  save(id, r)
  emit_move(id, r, from, cause, job, r.settled)
  if has(r, RETAINED) or has(r, FLOW) then mark_outbox(id) end
end

local append_history, read_histories
do
  local histories = {}

  -- Reads the histories of many jobs at once, which are then appended to.
  function read_histories(ids)
    for i, lines in ipairs(hmget('history', ids)) do histories[ids[i]] = lines or '' end
  end

  append_history = function(id, entry)
    local lines = histories[id] or redis.call('HGET', K.history, id) or ''
    lines = lines == '' and entry or lines .. '\n' .. entry
    local _, breaks = string.gsub(lines, '\n', '')
    if breaks >= MOST_HISTORY then
      local first, rest = string.match(lines, '^([^\n]*)\n(.*)$')
      -- Keep the last error if the history has just dropped it.
      local failure = string.match(first, '^[^{]*{[^{]*"outcome":"%a+","error":({.*})}$')
      if failure and not string.find(rest, '"error":{', 1, true) then put('errors', id, failure) end
      lines = rest
    end
    histories[id] = lines
    put('history', id, lines)
  end
end

-- Appends to the history how run `number` ended. `failure` is JSON text.
local function record_attempt(id, r, number, outcome, ended_at, failure)
  local worker, build = string.match(r[HOLDER], '^([^/]*)/?[^.]*%.?(.*)$') -- engine/contract/worker/session-id.ts
  append_history(id, string.format('{"number":%d,"worker":"%s",%s"startedAt":%.0f,"endedAt":%.0f,"outcome":"%s","error":%s}',
    number, worker, build ~= '' and '"build":"' .. build .. '",' or '', r[STARTED], ended_at, outcome, failure or 'null'))
  if failure and has(r, AFTER) and string.sub(redis.call('HGET', K.errors, id) or '', 1, 1) == WITHOUT_RUN then put('errors', id, false) end
end

-- When most entries of the waiting list are tombstones, which stay because the jobs before them are not leased, moves jobs off
-- its head to `priority`, where jobs of the default priority then stand before the list, in their order, and drops the
-- tombstones between them. No position changes. Twice as many entries a call as a call can leave behind.
local function compact_line()
  for _ = 1, 2 do
    local tombstones = redis.call('ZCARD', K.tombstones)
    if tombstones < FEW_TOMBSTONES or tombstones * 2 < redis.call('LLEN', K.wait) then return end
    local entries, dead, base = redis.call('LRANGE', K.wait, 0, MOST_MOVED - 1), {}, conf.base
    for _, position in ipairs(redis.call('ZRANGEBYSCORE', K.tombstones, base, base + MOST_MOVED - 1)) do dead[tonumber(position)] = true end
    for i, entry in ipairs(entries) do
      if not dead[base + i - 1] then score('priority', id_of(entry), base + i - 1) end
    end
    redis.call('LTRIM', K.wait, #entries, -1)
    set_conf('base', base + #entries)
    redis.call('ZREMRANGEBYSCORE', K.tombstones, '-inf', conf.base - 1)
    conf.first = nil
    flush()
  end
end

-- Takes tombstones off the head of the waiting list, so that its head is always a job. Called after flush. Returns whether
-- it succeeded: of very many the rest is left to the next call.
local function drop_tombstones()
  local page = 500
  for _ = 1, MOST_LOOKED_AT / page do
    local first = tonumber(redis.call('ZRANGE', K.tombstones, 0, 0, 'WITHSCORES')[2])
    if first and first ~= conf.base then compact_line() end
    if first ~= conf.base then return true end
    local dead, n = redis.call('ZRANGE', K.tombstones, 0, page - 1, 'WITHSCORES'), 0
    while tonumber(dead[n * 2 + 2]) == conf.base + n do n = n + 1 end
    redis.call('ZREMRANGEBYRANK', K.tombstones, 0, n - 1)
    redis.call('LTRIM', K.wait, n, -1)
    set_conf('base', conf.base + n)
  end
  return false
end
