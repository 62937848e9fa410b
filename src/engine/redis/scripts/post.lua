-- KEYS: queue job run result wait tombstones priority suspect delayed blocked held leases history errors fingerprints
-- KEYS: failures ttl keep expiry counted1 counted2 tags tagged tagcount meta progress log nonce op unique unique_key
-- KEYS: revoked events wake done5 done6 done7 done8 done9 done10 check left failed supersede_key latest superseded
-- KEYS: superseded_due superseded_claimed dependencies dependency dependents dependent pending round news audit aside
-- KEYS: lacking declined
-- ARGV: now, then per message: kind, to (id), from (queue NUL id), two numbers as news.lua tells them, and for the end of what
-- did not succeed its failure (fingerprint, line break, JSON)
-- Reply: 1 when jobs have news now, then what the receivers answer: per message as in news.lua
--
-- Messages arrive at jobs of this queue, in order. Mirrors `receive` in engine/memory/ties.ts.
-- include: record codec batch format queue lease holding aside moves forget ties-read ties

read_queue()

local reply = { 0 }

local function answer(kind, to, from, a, b)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4], reply[n + 5] = kind, to, from, a or 0, b or 0
end

local known, stored = {}, {} -- records and stored jobs, by id; false when there is none
do
  local ids = {}
  for i = 2, #ARGV, DELIVERY_WIDTH do
    local id = ARGV[i + 1]
    if known[id] == nil then
      known[id] = false
      ids[#ids + 1] = id
    end
  end
  local records, jobs = load_records(ids)
  for i, id in ipairs(ids) do known[id], stored[id] = records[i] or false, jobs[i] end
end

local touched = {}

-- The record of a job that is about to be changed. One that was changed in this call is written first, and read again.
local function touch(id)
  if touched[id] then
    flush()
    local records, jobs = load_records({ id })
    known[id], stored[id] = records[1] or false, jobs[1]
  end
  touched[id] = true
  return known[id]
end

-- Writes a record whose flags have changed where it stands.
local function restate(id, r)
  if r[STATE] == ACTIVE then
    if r.batch then let_go(id, r) end
    save(id, r)
  elseif redis.call('HEXISTS', K.run, id) == 1 then
    save(id, r)
  else
    put('job', id, pack_birth(r[STATE], r[FLAGS], r[ATTEMPTS], r[PRIORITY], r[CREATED], place_of(r)) .. body_of(stored[id]))
  end
end

local waits, rounds, ties = {}, {}, {} -- as they will be when everything gathered is written

local function waits_of(id)
  waits[id] = waits[id] or sane_number(redis.call('HGET', K.pending, id))
  return waits[id]
end

local changed = {} -- of whom the number is to be written, once: removals come before additions

local function wait_for(id, n)
  waits[id] = waits_of(id) + n
  changed[id] = true
end

before_flush[#before_flush + 1] = function()
  for id in pairs(changed) do
    if known[id] then put('pending', id, waits[id] > 0 and waits[id]) end
  end
  changed = {}
end

local function round_of(id)
  rounds[id] = rounds[id] or sane_number(redis.call('HGET', K.round, id))
  return rounds[id]
end

local function tie_of(member)
  if ties[member] == nil then ties[member] = sane_number(redis.call('HGET', K.dependency, member) or -1) end
  return ties[member]
end

local function set_tie(member, value)
  ties[member] = value
  bind('dependencies', member, value)
end

local bound = {} -- those who began to wait in this call

-- Somebody waits for this job.
local function be_awaited(id, other, round)
  local r = known[id]
  if not has(r, NEEDED) then
    r = touch(id)
    set_flag(r, NEEDED, true)
    if r[STATE] >= COMPLETED and (has(r, KEEP) or has(r, WAS_NEEDED)) then
      local _, _, key_name = class_of(r[STATE]) -- keys: counted1 counted2
      score('expiry', id, false)
      score(key_name, id, false)
    end
    restate(id, r)
  end
  local member = id .. '\0' .. other
  bind('dependents', member)
  put('dependent', member, round > 0 and round)
  bound[member] = true
  if r[STATE] >= COMPLETED then answer(MESSAGE_END, other, id, r[STATE], round) end
end

-- A dependency has ended.
local function hear_end(id, other, state, round, failure)
  local member = id .. '\0' .. other
  local value = tie_of(member)
  -- One of which the job knows nothing need not be kept for it.
  if value < 0 then return answer(MESSAGE_UNLINK, other, id) end
  if end_of_tie(value) ~= 0 or round ~= round_of(id) then return end
  set_tie(member, value + state)
  wait_for(id, -1)
  local r = known[id]
  if r[STATE] ~= BLOCKED then return end
  local policy = policy_of_tie(value)
  local fails = not is_success(state) and policy ~= POLICY_CONTINUE
  if fails and policy == POLICY_FAIL then
    fail_without_run(id, string.match(failure, '^(%x+)\n(.*)$'))
    flush() -- the next failure of this job must find it
  end
  if has(r, FLOW) then
    if waits_of(id) == 0 then
      r = touch(id)
      flush()
      gather(id, r, 0)
    end
  elseif fails then
    finish(id, touch(id), policy == POLICY_FAIL and FAILED or CANCELLED)
  elseif waits_of(id) == 0 and not has(r, HELD) then
    get_ready(id, touch(id))
  end
end

local members = {}

-- A flow gets a member, or is asked by one that it has already. One that comes when the flow has ended is cancelled, and a
-- member all the same: a retry of the flow must find it.
local function be_joined(id, other, policy, held)
  local r, member = known[id], id .. '\0' .. other
  local has_ended = r[STATE] ~= BLOCKED
  if not has(r, FLOW) or (has_ended and has(r, OPEN)) then return answer(MESSAGE_CANCEL, other, id) end
  local value = tie_of(member)
  local state = value >= 0 and end_of_tie(value) or 0
  if value < 0 then
    members[id] = members[id] or redis.call('ZLEXCOUNT', K.dependencies, '[' .. id .. '\0', '(' .. id .. '\1')
    if members[id] >= MOST_MEMBERS then return answer(MESSAGE_CANCEL, other, id) end
    members[id] = members[id] + 1
    if not has(r, AFTER) then
      r = touch(id)
      set_flag(r, AFTER, true)
      if not has_ended then score('audit', id, NOW + AUDIT) end
      restate(id, r)
    end
  end
  -- It ended, and was retried since: it is waited for again.
  local again = not has_ended and state ~= 0 and (has(r, OPEN) or not is_success(state))
  if value < 0 or again then
    set_tie(member, policy * POLICY_STEP)
    wait_for(id, 1)
  end
  -- What has an end for a flow that has ended may have been retried before the flow is.
  local late = has_ended and state == 0
  if late then answer(MESSAGE_CANCEL, other, id) end
  -- A new one may have ended before this arrived.
  if not has(r, OPEN) and (late or value < 0 or again or held == 1) then answer(MESSAGE_GO, other, id, round_of(id)) end
end

-- Ends a job whose flow has ended before it.
local function cancel(id)
  local r = touch(id)
  if r[STATE] == ACTIVE then
    record_attempt(id, r, r[COUNTED] + 1, 'cancelled', NOW)
    revoke(id, r, CAUSE_CANCEL)
  end
  finish(id, r, CANCELLED)
end

local left_alone, partings = {}, 0 -- jobs of which a dependent is gone, each with the number of the last such message

local receive = {
  [MESSAGE_LINK] = function(id, other, round) be_awaited(id, other, round) end,
  [MESSAGE_GO] = function(id, other, round)
    if has(known[id], HELD) then
      local r = touch(id)
      if r[STATE] == BLOCKED then
        let_loose(id, r, waits_of(id))
      else
        set_flag(r, HELD, false)
        restate(id, r)
      end
    end
    be_awaited(id, other, round)
  end,
  [MESSAGE_UNLINK] = function(id, other)
    if bound[id .. '\0' .. other] then flush() end
    cut('dependents', id .. '\0' .. other)
    partings = partings + 1
    left_alone[id] = partings
  end,
  [MESSAGE_END] = hear_end,
  [MESSAGE_JOIN] = be_joined,
  [MESSAGE_CANCEL] = function(id)
    if known[id][STATE] < COMPLETED then cancel(id) end
  end,
  [MESSAGE_DROP] = function(id, other)
    -- Another job may have come to its id.
    if known[id][STATE] ~= ACTIVE and redis.call('ZSCORE', K.dependents, id .. '\0' .. other) then
      forget(id, touch(id))
      known[id] = false
    end
  end,
}

-- What is answered for a job that is not there.
local function answer_for_missing(kind, id, other, a)
  if kind == MESSAGE_LINK or kind == MESSAGE_GO then answer(MESSAGE_END, other, id, REMOVED, a)
  elseif kind == MESSAGE_END then answer(MESSAGE_UNLINK, other, id)
  elseif kind == MESSAGE_JOIN then answer(MESSAGE_CANCEL, other, id) end
end

for i = 2, #ARGV, DELIVERY_WIDTH do
  local kind, id, other, a, b = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
  if known[id] then receive[kind](id, other, a, b, ARGV[i + 5]) else answer_for_missing(kind, id, other, a) end
end
flush()

-- What nothing depends on any more is retention's, in the order in which it was left.
local left = {}
for id in pairs(left_alone) do left[#left + 1] = id end
table.sort(left, function(a, b) return left_alone[a] < left_alone[b] end)
for _, id in ipairs(left) do
  local r = known[id]
  if r and has(r, NEEDED) and #redis.call('ZRANGEBYLEX', K.dependents, '[' .. id .. '\0', '(' .. id .. '\1', 'LIMIT', 0, 1) == 0 then
    r = touch(id)
    set_flag(r, NEEDED, false)
    if r[STATE] >= COMPLETED and not has(r, OPEN) then
      set_flag(r, WAS_NEEDED, true)
      let_expire(id, r)
    end
    restate(id, r)
  end
end
flush()
drop_dead_head()
flush_queue()
if redis.call('LLEN', K.wait) + redis.call('ZCARD', K.priority) + redis.call('ZCARD', K.delayed) > 0 then wake() end
reply[1] = redis.call('EXISTS', K.news)
return reply
