-- KEYS: queue job run result wait tombstones priority suspect delayed blocked held leases history errors fingerprints
-- KEYS: failures ttl keep expiry counted1 counted2 tags tagged tagcount meta progress log nonce op unique unique_key
-- KEYS: revoked events wake done5 done6 done7 done8 done9 done10 check left failed supersede_key latest superseded
-- KEYS: superseded_due superseded_claimed dependencies dependency pending round news audit aside lacking declined dependent
-- ARGV: now, op, command, patch (JSON, for update and retry), then ids
-- Reply: per job, but for those at the end that are left to the next call: outcome (a applied, m missing, w wrong state,
-- c conflict), state after it ('' if gone); in the end 1 when jobs have news
--
-- Commands on single jobs. Mirrors engine/memory/commands/control.ts. Each job is written before the next is read, because the same
-- job may be named twice.
-- include: record codec batch format queue lease holding aside moves forget amend unique ties-read ties

read_queue()

local op, command = ARGV[2], ARGV[3]
local patch = ARGV[4] ~= '' and cjson.decode(ARGV[4]) or nil
local commands = {}

function commands.release(id, r)
  -- A member of a flow is let go by the flow.
  if r[STATE] ~= BLOCKED or not has(r, HELD) or has(r, MEMBER) then return CONTROL_WRONG_STATE end
  let_loose(id, r)
  return CONTROL_APPLIED
end

function commands.cancel(id, r)
  if r[STATE] >= COMPLETED then return CONTROL_WRONG_STATE end
  if r[STATE] == ACTIVE then
    record_attempt(id, r, r[COUNTED] + 1, 'cancelled', NOW)
    revoke(id, r, CAUSE_CANCEL)
  end
  finish(id, r, CANCELLED)
  return CONTROL_APPLIED
end

function commands.retry(id, r)
  if r[STATE] < COMPLETED or r[STATE] == SUPERSEDED or has(r, OPEN) then return CONTROL_WRONG_STATE end
  -- A flow whose members have all succeeded has nothing to do again.
  if has(r, FLOW) and not will_wait(id) then return CONTROL_WRONG_STATE end
  local mode, key
  if has(r, UNIQUE) then
    mode, key = string.match(redis.call('HGET', K.unique_key, id) or '', '^(.)|(.*)$')
    -- A key held until the start, or for a time, was let go long ago; one held to the end must be free to be held again.
    if mode == UNTIL_FINISHED then
      local holder = holder_of(key)
      if holder and holder ~= id then return CONTROL_CONFLICT end
    end
  end
  -- Of the jobs of one key only the latest may run.
  if has(r, SUPERSEDES) then
    local latest = redis.call('HGET', K.latest, redis.call('HGET', K.supersede_key, id) or '')
    if latest ~= id then return CONTROL_CONFLICT end
  end
  if mode == UNTIL_FINISHED then claim_key(id, key, UNTIL_FINISHED) end
  if patch.fromStart or r[STATE] == COMPLETED then forget_left(id, r) end
  if r[HOLDER] ~= '' then
    -- The run of a job that ended well was told by its record, which now starts anew.
    record_attempt(id, r, r[COUNTED], r[STATE] == PARTIAL and 'partial' or 'completed', r[FINISHED])
  end
  leave(id, r)
  -- A member of a flow that has not begun must not run before that.
  if not has(r, MEMBER) then set_flag(r, HELD, false) end
  local waits = has(r, AFTER) and depend_again(id) > 0
  if has(r, MEMBER) then note_news(id) end
  local to = (waits or has(r, HELD)) and BLOCKED or QUEUED
  r[STATE], r[COUNTED], r[CRASHES], r[STARTED], r[FINISHED], r[RUN_AT] = to, 0, 0, 0, 0, NOW
  r[HOLDER], r.result = '', nil
  stand(id, r)
  save(id, r)
  put('result', id, false)
  put('failed', id, false)
  if not has(r, LEFT) then put('progress', id, false) end
  tell_state(id, to)
  return CONTROL_APPLIED
end

function commands.promote(id, r)
  if r[STATE] ~= DELAYED then return CONTROL_WRONG_STATE end
  r[RUN_AT] = NOW
  move(id, r, QUEUED)
  return CONTROL_APPLIED
end

function commands.remove(id, r)
  if r[STATE] == ACTIVE or (has(r, FLOW) and r[STATE] < COMPLETED) then return CONTROL_WRONG_STATE end
  forget(id, r)
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
  flush() -- what follows counts by the tags that are stored
end

function commands.update(id, r, job)
  if r[STATE] >= ACTIVE then return CONTROL_WRONG_STATE end
  if patch.tags then retag(id, r) end
  amend(id, r, job, {
    input = patch.input, priority = patch.priority, run_at = patch.at or (patch.delay and NOW + patch.delay),
  })
  return CONTROL_APPLIED
end

local reply = {}
for i = 5, #ARGV do
  if left_forgotten > MOST_LEFT then break end
  local id = ARGV[i]
  local records, jobs = load_records({ id })
  local r = records[1]
  local outcome
  if not r then
    outcome = CONTROL_MISSING
  elseif redis.call('HGET', K.op, id) == op then
    outcome = CONTROL_APPLIED
  else
    outcome = commands[command](id, r, jobs[1])
    if outcome == CONTROL_APPLIED and command ~= 'remove' then put('op', id, op) end
  end
  flush()
  reply[#reply + 1] = outcome
  reply[#reply + 1] = r and not (command == 'remove' and outcome == CONTROL_APPLIED) and name_of(r[STATE]) or ''
end
drop_dead_head()
flush_queue()
if command ~= 'cancel' and command ~= 'remove' then wake() end
reply[#reply + 1] = have_news and 1 or 0
return reply
