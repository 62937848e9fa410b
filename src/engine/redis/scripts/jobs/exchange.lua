-- KEYS: queue job run result wait tombstones priority suspect delayed held leases history errors fingerprints failures ttl
-- KEYS: keep expiry counted1 counted2 tags failed tagcount meta progress sessions seen calls revoked events wake done5
-- KEYS: done6 done7 done10 blocked pending outbox audit aside lacking declined done8 done9
-- KEYS: ended ended_due
-- KEYS: spans held_order running
-- KEYS: kept
-- KEYS: tally series totals groups group_order
-- ARGV and reply: see lib/exchange.lua
--
-- Settles what a session finished and leases it more, in one step. `max` -1 settles only.
-- include: session record codec batch format queue lease holding give aside-claim exchange aside tally filing moves failure-groups upkeep claim

read_queue()
read_call()

if not alive then return answer(string.rep(FENCED_STALE, count)) end
if late then alive = renew_late(alive) end

local any_declined = false
local settled = {} -- a letter for each settlement

-- The outcome of an attempt in the history, by the letter of the run's outcome.
local attempt_outcomes = {
  [OUTCOME_FAIL] = 'failed', [OUTCOME_SNOOZE] = 'snoozed', [OUTCOME_RETURN] = 'returned', [OUTCOME_DECLINE] = 'declined',
  [OUTCOME_WAIT] = 'waited',
}

local causes = {
  [OUTCOME_COMPLETE] = 'complete', [OUTCOME_PARTIAL] = 'partial', [OUTCOME_FAIL] = 'fail', [OUTCOME_SNOOZE] = 'snooze',
  [OUTCOME_RETURN] = 'return', [OUTCOME_DECLINE] = 'return', [OUTCOME_WAIT] = 'wait',
}

local function settle(id, r, ending, payload)
  local kind, number = ending.kind, ending.number
  local to, counts, at_head, attempt = QUEUED, false, false, r[COUNTED] + 1
  if kind == OUTCOME_COMPLETE then to, counts = COMPLETED, true
  elseif kind == OUTCOME_PARTIAL then to, counts = PARTIAL, true
  elseif kind == OUTCOME_FAIL then
    counts = true
    if number < 0 or r[COUNTED] + 1 >= r[ATTEMPTS] then to = FAILED
    elseif number > 0 then to = DELAYED end
  elseif kind == OUTCOME_SNOOZE then
    if number > 0 then to = DELAYED end
  elseif kind == OUTCOME_WAIT then
    if has(r, AFTER) and sane_number(redis.call('HGET', K.pending, id)) > 0 then to = BLOCKED end
  else
    at_head = true
  end
  r[SETTLED] = ending.epoch
  if kind == OUTCOME_PARTIAL then
    -- The failures come before the result, and their length before both.
    local n, from = string.match(payload, '^(%d+)\n()')
    if n ~= '0' then put('failed', id, string.sub(payload, from, from + n - 1)) end
    payload = string.sub(payload, from + n)
  end
  if kind == OUTCOME_COMPLETE or kind == OUTCOME_PARTIAL then
    if payload == '' then put('result', id, false) else put('result', id, payload) end
  else
    -- A failure is its fingerprint, its summary, and its JSON, with line breaks between.
    local fingerprint, summary, failure = string.match(payload, '^([^\n]*)\n([^\n]*)\n(.*)$')
    record_attempt(id, r, r[COUNTED] + 1, attempt_outcomes[kind], NOW, failure)
    if fingerprint then
      filing.of(id).fingerprint = fingerprint
      failure_groups.count(id, fingerprint, summary, task_of(r.job), r)
    end
  end
  if counts then r[COUNTED] = r[COUNTED] + 1 end
  if to >= COMPLETED then
    r.settled = attempt
    finish(id, r, to, causes[kind])
    return to
  end
  leave(id, r)
  if kind == OUTCOME_DECLINE then
    aside.mark(id, r)
    any_declined = true
  elseif kind ~= OUTCOME_RETURN then
    set_flag(r, SUSPECT, false)
    aside.clear(id, r)
  end
  r[HOLDER] = ''
  r[STATE] = to
  r[RUN_AT] = NOW + (to == DELAYED and number or 0)
  insert(id, r, at_head)
  save(id, r)
  emit_move(id, r, ACTIVE, kind == OUTCOME_FAIL and 'backoff' or causes[kind], nil, attempt)
  return to
end

-- What was measured of the settlements, five values each: task, wait, its bucket, run time, its bucket; the task is '' where nothing
-- was. Only what is applied here is counted: not what an earlier copy of the call has applied, nor what is stale.
local measured

-- The task of a settlement, if it was measured.
local function task_settled(index)
  measured = measured or (ARGV[11] ~= '' and cjson.decode(ARGV[11]) or {})
  local task = measured[index * 5 - 4]
  return task ~= '' and task or nil
end

local function count_settled(index, kind, to)
  local at, task = index * 5, task_settled(index)
  if not task then return end
  if to >= COMPLETED then
    tally.count(task, string.sub(ENDED_LETTERS, to - COMPLETED + 1, to - COMPLETED + 1), unpack(measured, at - 3, at))
  elseif kind == OUTCOME_FAIL then
    tally.count(task, SERIES_RETRIED, unpack(measured, at - 3, at))
  end
end

-- The jobs that the fast path does not settle, and how to find their records: some at a time, as they are needed. Nothing is
-- written before all that this call settles are read.
local function others_of()
  local ids, epochs, is_other, records, read = {}, {}, {}, {}, 0
  for _, group in ipairs(groups) do
    for _, id in ipairs(group.ids) do
      if not (group.batch and members(group.batch)[id]) then
        ids[#ids + 1], epochs[#ids + 1], is_other[id] = id, group.ending.epoch, true
      end
    end
  end
  -- The record of one of them, false when it has none; nil for any other job.
  return function(id)
    while is_other[id] and records[id] == nil do
      local last = math.min(read + MOST_READ_AT_ONCE, #ids)
      local page = { unpack(ids, read + 1, last) }
      local found, jobs = load_records(page, { unpack(epochs, read + 1, last) })
      for i, other in ipairs(page) do
        records[other] = found[i] or false
        if found[i] then found[i].job = jobs[i] end
      end
      read = last
    end
    return records[id]
  end
end

local function settle_other(id, ending, payload, r, index)
  if r and r[STATE] == ACTIVE and r[EPOCH] == ending.epoch and r[HOLDER] == SESSION then
    count_settled(index, ending.kind, settle(id, r, ending, payload))
    return FENCED_APPLIED
  end
  local notice = id .. ' ' .. string.format('%.0f', ending.epoch)
  for _, why in ipairs({ CAUSE_CANCEL, CAUSE_SUPERSEDE }) do
    score('revoked', SESSION .. '\0' .. notice .. ' ' .. why, false)
  end
  return r and r[SETTLED] == ending.epoch and FENCED_APPLIED or FENCED_STALE
end

-- Settles in the order given, until this call has written so much; returns whether that was all.
local function settle_all(most)
  all_usual()
  local other = others_of()
  for _, group in ipairs(groups) do
    local batch, ending = group.batch, group.ending
    for i, id in ipairs(group.ids) do
      if #settled > 0 and written >= most then
        flush()
        return false
      end
      local r, at = other(id), group.from + i * 2 - 1
      if r ~= nil then
        settled[group.before + i] = settle_other(id, ending, ARGV[at], r, group.before + i)
      else
        -- A settlement that a call has twice is applied once.
        if members(batch)[id] then
          take_from_batch(batch, id)
          count_active(SESSION, -1)
          store_completed(batch, ending.epoch, { id }, 1, at, watched and task_settled(group.before + i))
          written = written + 2
          count_settled(group.before + i, ending.kind, COMPLETED)
        end
        settled[group.before + i] = FENCED_APPLIED
      end
    end
  end
  flush()
  return true
end

-- Repeats the leases of the last call of this lane: its answer was lost.
local function repeat_leases(list)
  local last_epoch, ids = string.match(list, '^(%d+) ?(.*)$')
  if not last_epoch then return end
  epoch = tonumber(last_epoch)
  local all, epochs = {}, {}
  if ids == '' then
    -- Those that have left the batch since have a record of their own.
    local batch = batch_of(epoch)
    for id in pairs(batch and members(batch) or {}) do all[#all + 1] = id end
    for _, entry in ipairs(redis.call('ZRANGEBYSCORE', K.held_order, epoch, epoch)) do
      all[#all + 1] = string.match(entry, '%z(.*)$')
    end
  end
  for id in string.gmatch(ids, '%S+') do all[#all + 1] = id end
  for i = 1, #all do epochs[i] = epoch end
  local records, jobs = load_records(all, epochs)
  local again = {}
  for i, id in ipairs(all) do
    local r = records[i]
    if r and r[STATE] == ACTIVE and r[EPOCH] == epoch and r[HOLDER] == SESSION then
      again[#again + 1] = { id = id, r = r, job = jobs[i] }
    end
  end
  if ids == '' then table.sort(again, function(a, b) return a.r[POSITION] < b.r[POSITION] end) end
  for _, lease in ipairs(again) do describe(lease.id, lease.r, lease.job) end
end

-- Wakes all waiting workers, up to a hundred: which of them have the task's code is not known here.
local function wake_all()
  local sessions = redis.call('ZCARD', K.sessions)
  if sessions < 2 then return end
  for _ = redis.call('LLEN', K.wake) + 1, math.min(sessions, 100) do set_marker() end
end

-- Each part leaves some of what a call may write to those after it.
promote_due(MOST_PROMOTED, MOST_WRITTEN / 4)
if not settle_all(MOST_WRITTEN * 3 / 4) then max, repeated, claims = -1, false, false end
-- Jobs that became queued may be leased below; whether another worker must be woken for them is decided at the end.
write_queue()
if any_declined then wake_all() end
if repeated then repeat_leases(last_leased) elseif claims then claim(max, suspect) end
next_due = first_due()
return answer(table.concat(settled), outbox_marked)
