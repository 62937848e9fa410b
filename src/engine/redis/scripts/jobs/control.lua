-- KEYS: queue job run result wait tombstones priority suspect delayed blocked held leases history errors fingerprints
-- KEYS: failures ttl keep expiry counted1 counted2 tags tagged tagcount meta progress log nonce op unique unique_key
-- KEYS: revoked events wake done5 done6 done7 done8 done9 done10 checkpoint checkpoints failed supersede_key latest ended
-- KEYS: ended_due ended_claimed dependency pending round outbox audit aside lacking declined
-- KEYS: dependent dependents
-- KEYS: spans held_order running
-- KEYS: kept
-- KEYS: traces trace ends
-- KEYS: tally series totals
-- ARGV: now, op, command, patch (JSON, for update and retry), then ids
-- Reply: per job, except those at the end that are left to the next call: outcome (a applied, m missing, w wrong state, c
-- conflict, with the owner of a unique key behind it), state after it ('' if removed); last 1 when messages wait in the outbox
--
-- Commands on single jobs. Mirrors engine/memory/commands/control.ts, and planRetry in engine/shared/retry.ts.
-- include: record codec batch format queue lease holding aside tally filing moves log operations traces ends forget amend unique links-read links

read_queue()

local op, command = ARGV[2], ARGV[3]
local patch = ARGV[4] ~= '' and cjson.decode(ARGV[4]) or nil
local commands = {}

function commands.release(id, r)
  -- Only its flow releases a member.
  if r[STATE] ~= BLOCKED or not has(r, HELD) or has(r, MEMBER) then return CONTROL_WRONG_STATE end
  release_held(id, r)
  return CONTROL_APPLIED
end

function commands.cancel(id, r, job)
  if r[STATE] >= COMPLETED then return CONTROL_WRONG_STATE end
  if r[STATE] == ACTIVE then
    record_attempt(id, r, r[COUNTED] + 1, 'cancelled', NOW)
    revoke(id, r, CAUSE_CANCEL)
  end
  finish(id, r, CANCELLED, 'cancel', false, job)
  return CONTROL_APPLIED
end

function commands.retry(id, r, job)
  if r[STATE] < COMPLETED or r[STATE] == SUPERSEDED or has(r, OPEN) then return CONTROL_WRONG_STATE end
  -- A flow that succeeded with all its members has nothing to retry. One that was cancelled when its last member had succeeded
  -- already, which it learned too late, ends well at once.
  if has(r, FLOW) and is_success(r[STATE]) and will_wait(id) == 0 then return CONTROL_WRONG_STATE end
  local mode, key
  if has(r, UNIQUE) then
    mode, key = string.match(redis.call('HGET', K.unique_key, id) or '', '^(.)|(.*)$')
    -- A key held until the start, or for a time, was released long ago; one held until the end must be free to be taken
    -- again.
    if mode == UNTIL_FINISHED then
      local owner = owner_of(key)
      if owner and owner ~= id then return CONTROL_CONFLICT .. owner end
    end
  end
  -- Only the latest job of a supersede key may run.
  if has(r, SUPERSEDES) then
    local latest = redis.call('HGET', K.latest, redis.call('HGET', K.supersede_key, id) or '')
    if latest ~= id then return CONTROL_CONFLICT end
  end
  if mode == UNTIL_FINISHED then own_key(id, key, UNTIL_FINISHED) end
  if patch.fromStart or patch.input or r[STATE] == COMPLETED then forget_checkpoints(id, r) end
  if r[HOLDER] ~= '' then
    -- The last run of a successful job is only in its record, which now starts over: move it to the history.
    record_attempt(id, r, r[COUNTED], r[STATE] == PARTIAL and 'partial' or 'completed', r[FINISHED])
  end
  if r[STATE] > PARTIAL then forget_notice(id) end
  leave(id, r)
  -- A member of a flow that has not started must not run before it.
  if not has(r, MEMBER) then set_flag(r, HELD, false) end
  local pending = has(r, AFTER) and restart_waiting(id) or 0
  if has(r, MEMBER) then link_to_flow(id, r) end
  local from, to = r[STATE], (pending > 0 or has(r, HELD) or has(r, FLOW)) and BLOCKED or QUEUED
  r[STATE], r[COUNTED], r[CRASHES], r[STARTED], r[FINISHED], r[RUN_AT] = to, 0, 0, 0, 0, NOW
  r[HOLDER], r.result = '', nil
  insert(id, r)
  save(id, r)
  if patch.input then put('job', id, string.sub(job, 1, BIRTH_SIZE) .. body_with(job, patch.input)) end
  put('result', id, false)
  put('failed', id, false)
  if not has(r, CHECKPOINTED) then put('progress', id, false) end
  emit_move(id, r, from, 'retry', job)
  if has(r, FLOW) and pending == 0 then
    flush()
    complete_flow(id, r, 0)
  end
  return CONTROL_APPLIED
end

function commands.promote(id, r)
  if r[STATE] ~= DELAYED then return CONTROL_WRONG_STATE end
  r[RUN_AT] = NOW
  move(id, r, QUEUED, 'promote')
  return CONTROL_APPLIED
end

function commands.remove(id, r)
  if r[STATE] == ACTIVE or (has(r, FLOW) and r[STATE] < COMPLETED) then return CONTROL_WRONG_STATE end
  forget(id, r, op)
  return CONTROL_APPLIED
end

local function retag(id, r)
  if has(r, TAGGED) then
    count_tags(id, r[STATE], -1)
    for tag in string.gmatch(redis.call('HGET', K.tags, id) or '', '[^\n]+') do
      score('tagged', tag .. '\0' .. id, false)
    end
  end
  for _, tag in ipairs(patch.tags) do
    score('tagged', tag .. '\0' .. id, 0)
    add('tagcount', tag .. '\0' .. r[STATE], 1)
  end
  put('tags', id, #patch.tags > 0 and table.concat(patch.tags, '\n') or false)
  set_flag(r, TAGGED, #patch.tags > 0)
  flush() -- the counts below read the stored tags
end

function commands.update(id, r, job)
  if r[STATE] >= ACTIVE then return CONTROL_WRONG_STATE end
  if patch.tags then retag(id, r) end
  amend(id, r, job, {
    input = patch.input, priority = patch.priority, run_at = patch.at or (patch.delay and NOW + patch.delay),
  })
  return CONTROL_APPLIED
end

-- These read nothing of a job that the same command changes of another: many are read at once and written at once.
local page_size = (command == 'retry' or command == 'update') and 1 or 100
local reply = {}

local function run(ids)
  local records, jobs = load_records(ids)
  local ops, known, applied = hmget('op', ids), {}, {}
  local gone = traces.find(ids)
  if command == 'cancel' then read_histories(ids) end
  for i, id in ipairs(ids) do
    -- A call may name a job twice.
    if known[id] == nil then known[id] = records[i] or false end
    local r = known[id]
    local outcome
    local _, _, operations = traces.read(gone[i])
    if has_operation(operations, op) then
      outcome, r = CONTROL_APPLIED, false
    elseif not r and not applied[id] then
      outcome = CONTROL_MISSING
    elseif applied[id] or has_operation(ops[i], op) then
      outcome = CONTROL_APPLIED
    else
      outcome = commands[command](id, r, jobs[i])
      applied[id] = outcome == CONTROL_APPLIED
      if applied[id] and command == 'remove' then known[id], r = false, false elseif applied[id] then put('op', id, with_operation(ops[i], op)) end
    end
    reply[#reply + 1] = outcome
    reply[#reply + 1] = r and name_of(r[STATE]) or ''
    if checkpoints_forgotten > MOST_CHECKPOINTS then break end
  end
  flush()
end

for first = 5, math.min(#ARGV, MOST_CHANGED + 4), page_size do
  if checkpoints_forgotten > MOST_CHECKPOINTS then break end
  run({ unpack(ARGV, first, math.min(first + page_size - 1, #ARGV)) })
end
drop_tombstones()
flush_queue()
if command ~= 'cancel' and command ~= 'remove' then wake() end
reply[#reply + 1] = outbox_marked and 1 or 0
return reply
