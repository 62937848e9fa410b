-- KEYS: queue job run result wait tombstones priority suspect delayed blocked held leases history errors fingerprints
-- KEYS: failures ttl keep expiry counted1 counted2 tags tagged tagcount meta progress log nonce op unique unique_key
-- KEYS: revoked events wake done5 done6 done7 done8 done9 done10 checkpoint checkpoints failed supersede_key latest ended
-- KEYS: ended_due ended_claimed dependencies dependency dependents dependent pending round outbox audit aside
-- KEYS: lacking declined
-- KEYS: spans held_order running
-- KEYS: kept
-- KEYS: traces trace ends
-- KEYS: tally series totals groups group_order
-- ARGV: now, then per message: kind, to (id), from (queue NUL id), two numbers as in outbox.lua, and for the end of a job
-- that did not succeed its failure (fingerprint, summary and JSON, with line breaks between)
-- Reply: 1 when messages wait in the outbox now, then the answers of the receivers: per message as in outbox.lua
--
-- Applies messages to jobs of this queue, in order. Mirrors `reactTo` in engine/shared/reactions.ts.
-- include: record codec batch format queue lease holding aside tally filing moves failure-groups log operations traces ends forget links-read links

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

-- The record of a job, before it is changed. If this call has changed it already, it is written first and read again.
local function touch(id)
  if touched[id] then
    flush()
    local records, jobs = load_records({ id })
    known[id], stored[id] = records[1] or false, jobs[1]
  end
  touched[id] = true
  return known[id]
end

-- Writes a record with changed flags to where it is stored.
local function rewrite(id, r)
  if r[STATE] == ACTIVE or redis.call('HEXISTS', K.run, id) == 1 then
    save(id, r)
  else
    put('job', id, pack_birth(r[STATE], r[FLAGS], r[ATTEMPTS], r[PRIORITY], r[CREATED], place_of(r)) .. body_of(stored[id]))
  end
end

local waits, rounds, links = {}, {}, {} -- as they will be once all buffered writes are done

local function pending_of(id)
  waits[id] = waits[id] or sane_number(redis.call('HGET', K.pending, id))
  return waits[id]
end

local changed = {} -- jobs whose pending count is to be written, once each: removals come before additions

local function wait_for(id, n)
  waits[id] = pending_of(id) + n
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

local function link_of(member)
  if links[member] == nil then links[member] = sane_number(redis.call('HGET', K.dependency, member) or -1) end
  return links[member]
end

local function set_link(member, value)
  links[member] = value
  add_link('dependencies', member, value)
end

local linked = {} -- links that this call has added

-- Adds a dependent: it waits for this job's end, and retention keeps the job meanwhile.
local function add_dependent(id, other, round)
  local r = known[id]
  if not has(r, RETAINED) then
    r = touch(id)
    retain(id, r)
    rewrite(id, r)
  end
  local member = id .. '\0' .. other
  add_link('dependents', member)
  put('dependent', member, round > 0 and round)
  linked[member] = true
  if r[STATE] >= COMPLETED then answer(MESSAGE_END, other, id, r[STATE], round) end
end

-- Applies the end of a dependency.
local function on_dependency_ended(id, other, state, round, failure)
  local member = id .. '\0' .. other
  local value = link_of(member)
  -- If the job never recorded this dependency, release it from retention.
  if value < 0 then return answer(MESSAGE_UNLINK, other, id) end
  if round ~= round_of(id) or end_of_link(value, round) ~= 0 then return end
  local policy = policy_of_link(value)
  set_link(member, round * ROUND_STEP + policy * POLICY_STEP + state)
  ends.count(id, state, policy, 1)
  wait_for(id, -1)
  local r = known[id]
  if r[STATE] ~= BLOCKED then return end
  local fails = not is_success(state) and policy ~= POLICY_CONTINUE
  if fails and policy == POLICY_FAIL then
    local fingerprint, summary, text = string.match(failure, '^([^\n]*)\n([^\n]*)\n(.*)$')
    -- The error of a job that failed without a run has a mark, and takes precedence over those of its runs.
    put('errors', id, WITHOUT_RUN .. text)
    filing.of(id).fingerprint = fingerprint
    failure_groups.count(id, fingerprint, summary, task_of(redis.call('HGET', K.job, id) or ''))
  end
  if has(r, FLOW) then
    if pending_of(id) == 0 then
      r = touch(id)
      flush()
      complete_flow(id, r, 0)
    end
  elseif fails then
    finish(id, touch(id), policy == POLICY_FAIL and FAILED or CANCELLED, 'dependency', false, stored[id])
  elseif pending_of(id) == 0 and not has(r, HELD) then
    make_ready(id, touch(id))
  end
end

local members = {}

-- Adds a member to a flow, or answers one it has already. One that comes after the flow has ended is cancelled, but is
-- still added: a retry of the flow must find it.
local function add_member(id, other, policy, held)
  local r, member = known[id], id .. '\0' .. other
  local has_ended = r[STATE] ~= BLOCKED
  if not has(r, FLOW) then return answer(MESSAGE_CANCEL, other, id) end
  local value = link_of(member)
  -- A flow that ended incomplete is removed with its members; this may arrive before the message that says so.
  if has_ended and has(r, OPEN) then return answer(value < 0 and MESSAGE_CANCEL or MESSAGE_DROP, other, id) end
  local state = value >= 0 and end_of_link(value, round_of(id)) or 0
  if value < 0 then
    members[id] = members[id] or redis.call('ZLEXCOUNT', K.dependencies, '[' .. id .. '\0', '(' .. id .. '\1')
    if members[id] >= MOST_MEMBERS then return answer(MESSAGE_CANCEL, other, id) end
    members[id] = members[id] + 1
    if watched then
      local queue, member = string.match(other, '^(%Z*)%z(%Z*)$')
      emit('{"kind":"member","id":"' .. id .. '","member":' .. cjson.encode({ queue = queue, id = member }) .. '}')
    end
    if not has(r, AFTER) then
      r = touch(id)
      set_flag(r, AFTER, true)
      if not has_ended then score('audit', id, NOW + AUDIT) end
      rewrite(id, r)
    end
  end
  -- It ended and was retried since: wait for it again.
  local again = not has_ended and state ~= 0 and (has(r, OPEN) or not is_success(state))
  if again then ends.count(id, state, policy_of_link(value), -1) end
  if value < 0 or again then
    set_link(member, policy * POLICY_STEP)
    wait_for(id, 1)
  end
  -- A member without a recorded end in an ended flow may have been retried before the flow is.
  local late = has_ended and state == 0
  if late then answer(MESSAGE_CANCEL, other, id) end
  -- A new member may have ended before this message arrived.
  if not has(r, OPEN) and (late or value < 0 or again or held == 1) then answer(MESSAGE_GO, other, id, round_of(id)) end
end

-- Cancels a job whose flow has ended before it.
local function cancel(id)
  local r = touch(id)
  if r[STATE] == ACTIVE then
    record_attempt(id, r, r[COUNTED] + 1, 'cancelled', NOW)
    revoke(id, r, CAUSE_CANCEL)
  end
  finish(id, r, CANCELLED, 'cancel', false, stored[id])
end

local unlinked, unlink_count = {}, 0 -- jobs of which a dependent is gone, each with the number of the last such message

local receive = {
  [MESSAGE_LINK] = function(id, other, round) add_dependent(id, other, round) end,
  [MESSAGE_GO] = function(id, other, round)
    if has(known[id], HELD) then
      local r = touch(id)
      if r[STATE] == BLOCKED then
        release_held(id, r, pending_of(id))
      else
        set_flag(r, HELD, false)
        rewrite(id, r)
      end
    end
    add_dependent(id, other, round)
  end,
  [MESSAGE_UNLINK] = function(id, other)
    if linked[id .. '\0' .. other] then flush() end
    remove_link('dependents', id .. '\0' .. other)
    unlink_count = unlink_count + 1
    unlinked[id] = unlink_count
  end,
  [MESSAGE_END] = on_dependency_ended,
  [MESSAGE_JOIN] = add_member,
  [MESSAGE_CANCEL] = function(id, other)
    -- Only its flow cancels a member.
    if known[id][STATE] < COMPLETED and flow_of(stored[id]) == other then cancel(id) end
  end,
  [MESSAGE_DROP] = function(id, other)
    -- Another job may have the id by now.
    if known[id][STATE] ~= ACTIVE and redis.call('ZSCORE', K.dependents, id .. '\0' .. other) then
      forget(id, touch(id))
      known[id] = false
    end
  end,
}

-- Answers in place of a receiver that does not exist.
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

-- Jobs without dependents are left to retention, in the order in which they lost the last one.
local left = {}
for id in pairs(unlinked) do left[#left + 1] = id end
table.sort(left, function(a, b) return unlinked[a] < unlinked[b] end)
for _, id in ipairs(left) do
  local r = known[id]
  if r and has(r, RETAINED) and #redis.call('ZRANGEBYLEX', K.dependents, '[' .. id .. '\0', '(' .. id .. '\1', 'LIMIT', 0, 1) == 0 then
    r = touch(id)
    set_flag(r, RETAINED, false)
    if r[STATE] >= COMPLETED and not has(r, OPEN) then
      set_flag(r, WAS_RETAINED, true)
      let_expire(id, r)
    end
    rewrite(id, r)
  end
end
flush()
drop_tombstones()
flush_queue()

-- Is a job that this call has left to retention to be removed before all others? A worker at rest does not know yet.
local function removes_first()
  if not conf.leaves then return false end
  if tonumber(redis.call('ZRANGE', K.expiry, 0, 0, 'WITHSCORES')[2]) == conf.leaves then return true end
  for n = 1, 2 do
    if conf['keep' .. n] and redis.call('ZCARD', K['counted' .. n]) > conf['keep' .. n] then return true end
  end
  return false
end

if removes_first() or redis.call('LLEN', K.wait) + redis.call('ZCARD', K.priority) + redis.call('ZCARD', K.delayed) > 0 then wake() end
reply[1] = redis.call('EXISTS', K.outbox)
return reply
