-- KEYS: queue job run result wait tombstones priority suspect delayed blocked held leases history errors fingerprints
-- KEYS: failures ttl keep expiry counted1 counted2 tags tagged tagcount meta progress log nonce op unique unique_key
-- KEYS: revoked calls sessions workers seen events wake done5 done6 done7 done8 done9 done10 checkpoint checkpoints failed
-- KEYS: supersede_key latest ended ended_due ended_claimed pending round outbox audit schedule tick due aside
-- KEYS: lacking declined
-- KEYS: spans held_order running
-- KEYS: kept removed_dependencies removed_dependents
-- KEYS: traces trace ends status commands
-- KEYS: tally series totals groups group_order
-- ARGV: now, limit, failure of a lost worker (JSON with %d for the deaths), its fingerprint, line break and summary likewise, when the sweep was asked for,
-- the most schedules to hand out, how many sessions are to be declared dead (-1: all overdue ones), of each its id and
-- deadline
-- Reply: promoted (-1: the sweep ran too late, and did nothing), recovered, expired, removed, more, next due or -1, now, do
-- messages wait in the outbox, when retention removes a job next or -1, how many sessions are overdue, of each its id, deadline and
-- ttl, then of each due schedule
-- its name, definition and tick
--
-- Upkeep of a queue: recovers the jobs of dead sessions, promotes, expires, trims. Mirrors engine/memory/commands/sweep.ts.
-- include: record codec batch format queue lease walk holding aside tally filing moves failure-groups log operations traces ends forget upkeep revoked session-end lost sample

read_queue()

-- A frozen server may run a queued sweep before the heartbeats behind it. A sweep that is more than LATE ms late does
-- nothing, so live workers are not declared dead.
if NOW - tonumber(ARGV[5]) > LATE then return { TOO_LATE, 0, 0, 0, 0, -1, NOW } end

-- How many jobs this call changes of each kind: the limit, or less when those before have used up what one call may.
local most_changed = math.min(tonumber(ARGV[2]), MOST_CHANGED)
local limit = most_changed
local left = MOST_CHANGED

local function use(n)
  left = left - n
  limit = math.min(limit, left)
  return n
end

local function recover(id, r)
  r[CRASHES] = r[CRASHES] + 1
  if r[CRASHES] >= CRASH_LIMIT then
    record_attempt(id, r, r[COUNTED] + 1, 'crashed', NOW, string.format(ARGV[3], r[CRASHES]))
    local fingerprint, summary = string.match(ARGV[4], '^([^\n]*)\n(.*)$')
    local job = redis.call('HGET', K.job, id) or ''
    filing.of(id).fingerprint = fingerprint
    failure_groups.count(id, fingerprint, string.format(summary, r[CRASHES]), task_of(job), r)
    finish(id, r, FAILED, 'recover', false, job)
    leave_notice(id, r)
    return
  end
  record_attempt(id, r, r[COUNTED] + 1, 'crashed', NOW)
  tally.count(task_of(redis.call('HGET', K.job, id) or ''), SERIES_LOST)
  leave(id, r)
  set_flag(r, SUSPECT, r[CRASHES] >= SUSPECT_FROM)
  aside.clear(id, r)
  r[HOLDER] = ''
  r[STATE], r[RUN_AT] = QUEUED, NOW
  insert(id, r)
  save(id, r)
  emit_move(id, r, ACTIVE, 'recover')
end

local function expire_late()
  local ids = redis.call('ZRANGEBYSCORE', K.ttl, '-inf', NOW, 'LIMIT', 0, limit)
  local records, jobs = load_records(ids)
  for i, id in ipairs(ids) do
    if records[i] then finish(id, records[i], EXPIRED, 'expire', false, jobs[i]) else score('ttl', id, false) end
  end
  flush()
  return #ids
end

local removed = 0
local passed = 0 -- entries of finished jobs that this call has looked at

-- By when completed jobs have ended that are not kept any more. When Redis is full they go before their time, the oldest
-- first, so that what waits has room for its results; not while a watcher may have been notified of their end just now.
local function kept_since()
  local info = redis.pcall('INFO', 'memory')
  local most = type(info) == 'string' and tonumber(string.match(info, '\nmaxmemory:(%d+)')) or 0
  if most == 0 or tonumber(string.match(info, '\nused_memory:(%d+)')) < most then return NOW - COMPLETED_AGE end
  return watched and NOW - WATCHED_AGE or NOW
end

-- Takes completed jobs that were kept for the default age off the head of their list, and stale entries that stand there: it
-- is in the order in which they finished. A bounded number of entries a call.
local function trim_completed()
  local page, since = 1, nil -- most sweeps find nothing to do
  while removed < limit and passed < MOST_LOOKED_AT do
    local base = conf_of('b5')
    local ids = redis.call('LRANGE', K.done5, 0, math.min(limit - removed, page) - 1)
    local records, n = load_records(ids), 0
    for i, id in ipairs(ids) do
      local r = records[i]
      if r and is_usual_end(r) and r[POSITION] == base + n then
        if r[FINISHED] > NOW - COMPLETED_AGE then since = since or kept_since() end
        if r[FINISHED] > (since or NOW) or checkpoints_forgotten > MOST_CHECKPOINTS then break end
        forget(id, r)
        removed = removed + 1
      end
      n = n + 1
    end
    flush()
    if n > 0 then
      redis.call('LTRIM', K.done5, n, -1)
      set_conf('b5', base + n)
      add('queue', 'g5', -n)
      flush()
    end
    passed = passed + n
    if n == 0 or n < #ids then break end
    page = 100
  end
end

-- When most entries of that list are stale, which stay because a job before them is kept, moves jobs off its head to those
-- kept otherwise, in their order, and drops the stale entries between them. To move a job costs as much as to look at ten.
local function compact_completed()
  local page = 100
  while passed < MOST_LOOKED_AT do
    local stale = sane_number(redis.call('HGET', K.queue, 'g5'))
    if stale < FEW_TOMBSTONES or stale * 2 < redis.call('LLEN', K.done5) then return end
    local base, moved = conf_of('b5'), 0
    local ids = redis.call('LRANGE', K.done5, 0, page - 1)
    local records = load_records(ids)
    for i, id in ipairs(ids) do
      local r = records[i]
      if r and is_usual_end(r) and r[POSITION] == base + i - 1 then
        set_flag(r, WAS_RETAINED, true)
        score('kept', id, r[POSITION])
        let_expire(id, r)
        save(id, r)
        moved = moved + 1
      end
    end
    redis.call('LTRIM', K.done5, #ids, -1)
    set_conf('b5', base + #ids)
    add('queue', 'g5', moved - #ids)
    flush()
    passed = passed + #ids + 9 * moved
  end
end

-- Removes jobs, those excepted that ended after `by`.
local function remove_all(ids, by)
  local records = load_records(ids)
  for i, id in ipairs(ids) do
    -- A flow that ended early sends its messages to members first.
    local unsent = records[i] and has(records[i], FLOW) and redis.call('ZSCORE', K.outbox, id)
    if records[i] and records[i][FINISHED] > by then
      -- A watcher may have been notified of its end just now, and still has to read it.
    elseif records[i] and not unsent and checkpoints_forgotten <= MOST_CHECKPOINTS then
      forget(id, records[i])
      removed = removed + 1
    elseif not records[i] then
      -- It cannot be read, and must not stand before others for ever.
      for _, key_name in ipairs({ 'expiry', 'counted1', 'counted2' }) do score(key_name, id, false) end
    end
  end
  flush()
end

local function trim()
  trim_completed()
  compact_completed()
  if removed < limit then
    remove_all(redis.call('ZRANGEBYSCORE', K.expiry, '-inf', NOW, 'LIMIT', 0, limit - removed), math.huge)
  end
  for n = 1, 2 do
    local keep = conf['keep' .. n] or redis.call('HGET', K.queue, 'keep' .. n)
    if keep then
      local excess = math.min(redis.call('ZCARD', K['counted' .. n]) - tonumber(keep), limit - removed)
      if excess > 0 then remove_all(redis.call('ZRANGE', K['counted' .. n], 0, excess - 1), watched and NOW - WATCHED_AGE or math.huge) end
    end
  end
  return removed
end

-- Jobs that have waited for long send their messages again.
local function audit()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', K.audit, '-inf', NOW, 'LIMIT', 0, limit)) do
    score('audit', id, NOW + AUDIT)
    if not redis.call('ZSCORE', K.outbox, id) then mark_outbox(id, true) end
  end
  flush()
end

-- At most MOST_SESSIONS are declared dead in one call.
local more_overdue = declare_dead()
local recovered, more_lost = recover_lost(limit, recover)
more_lost = more_lost or more_overdue
use(recovered)
local promoted = limit > 0 and use(promote_due(limit)) or 0
local expired = limit > 0 and use(expire_late()) or 0
trim()
audit()
if conf.traced > 0 then
  traces.drop()
  if conf.traced <= NOW and redis.call('EXISTS', K.traces) == 0 then set_conf('traced', 0) end
end
drop_tombstones()
failure_groups.trim()
flush_queue()
local has_tally = tally.fold() and redis.call('EXISTS', K.tally) == 1
sample()

local next_due = math.huge
for _, key_name in ipairs({ 'delayed', 'sessions', 'ttl' }) do
  -- Overdue sessions are listed below instead.
  local from = key_name == 'sessions' and string.format('(%.0f', NOW) or '-inf'
  local first = redis.call('ZRANGEBYSCORE', K[key_name], from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] then next_due = math.min(next_due, tonumber(first[2])) end
end

-- When retention is due next. Completed jobs that are kept for the usual time stand in the order in which it ends.
local function first_retention()
  local first = tonumber(redis.call('ZRANGE', K.expiry, 0, 0, 'WITHSCORES')[2]) or math.huge
  local oldest = load_records({ redis.call('LINDEX', K.done5, 0) or nil })[1]
  local due = oldest and oldest[FINISHED] + COMPLETED_AGE
  if due and due > NOW then first = math.min(first, due) end
  return first < math.huge and first or -1
end

local overdue = redis.call('ZRANGEBYSCORE', K.sessions, '(0', NOW, 'WITHSCORES', 'LIMIT', 0, MOST_OVERDUE)
local reply, late_ids = { first_retention(), #overdue / 2 }, {}
for i = 1, #overdue, 2 do late_ids[#late_ids + 1] = overdue[i] end
for i, seen in ipairs(hmget('seen', late_ids)) do
  local deadline = overdue[i * 2]
  reply[#reply + 1] = late_ids[i]
  reply[#reply + 1] = deadline
  reply[#reply + 1] = tonumber(deadline) - tonumber(seen or deadline)
end

local too_many = false
if conf.sdue > 0 then
  local most = tonumber(ARGV[6])
  local names = redis.call('ZRANGEBYSCORE', K.due, '-inf', NOW, 'LIMIT', 0, most + 1)
  if #names > most then names[#names], too_many = nil, true end
  for _, name in ipairs(names) do
    local definition, tick = redis.call('HGET', K.schedule, name), redis.call('HGET', K.tick, name)
    reply[#reply + 1] = name
    reply[#reply + 1] = definition or ''
    reply[#reply + 1] = tick or ''
  end
  local later = redis.call('ZRANGEBYSCORE', K.due, '(' .. string.format('%.0f', NOW), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if later[2] then next_due = math.min(next_due, tonumber(later[2])) end
end

local stopped = passed >= MOST_LOOKED_AT or checkpoints_forgotten > MOST_CHECKPOINTS
  or left <= removed or math.max(recovered, promoted, expired, removed) >= most_changed
local more = (too_many or more_lost or stopped or has_tally) and 1 or 0
local messages_pending = math.min(1, redis.call('EXISTS', K.outbox, K.removed_dependencies, K.removed_dependents))
return { promoted, recovered, expired, removed, more, next_due < math.huge and next_due or -1, NOW, messages_pending, unpack(reply) }
