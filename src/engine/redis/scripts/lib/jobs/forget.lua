-- Removing jobs with everything stored about them. Mirrors `forget` in engine/memory/store/transitions.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, aside.lua, filing.lua, moves.lua, log.lua, operations.lua, traces.lua, ends.lua.

local checkpoints_forgotten = 0 -- checkpoints this call has removed: after MOST_CHECKPOINTS the rest is left to the next call

-- Removes the checkpoints of a job.
local function forget_checkpoints(id, r)
  if not has(r, CHECKPOINTED) then return end
  local most = math.min(sane_number(redis.call('HGET', K.checkpoints, id)), MOST_CHECKPOINTS)
  for seq = 1, most do put('checkpoint', id .. '\0' .. seq, false) end
  checkpoints_forgotten = checkpoints_forgotten + most
  put('checkpoints', id, false)
  set_flag(r, CHECKPOINTED, false)
end

local any_log -- does any job of the queue have a log?

local function forget_log(id)
  if any_log == nil then any_log = redis.call('EXISTS', K.log) == 1 end
  local lines = any_log and logged(id) or 0
  for n = first_chunk(lines), math.ceil(lines / LOG_CHUNK) - 1 do put('log', chunk_of(id, n), false) end
  put('log', id, false)
end

-- Removes the notice that a job ended without a run.
local function forget_notice(id)
  local task = redis.call('HGET', K.ended, id)
  if not task then return end
  local member = task .. '\0' .. id
  score('ended_due', member, false)
  score('ended_claimed', member, false)
  put('ended', id, false)
end

-- Removes a job, with everything stored about it but its trace. `op`: the command that removes it.
local function forget(id, r, op)
  if op or NOW - r[CREATED] < RESEND_WINDOW then
    local operations = redis.call('HGET', K.op, id) or nil
    if op then operations = with_operation(operations, op) end
    traces.leave(id, r[STATE], redis.call('HGET', K.nonce, id), operations)
  end
  leave(id, r)
  aside.clear(id, r)
  forget_checkpoints(id, r)
  if r[STATE] > PARTIAL then forget_notice(id) end
  forget_log(id)
  if has(r, SUPERSEDES) then
    local key = redis.call('HGET', K.supersede_key, id)
    if key and redis.call('HGET', K.latest, key) == id then put('latest', key, false) end
    put('supersede_key', id, false)
  end
  if has(r, TTL) then score('ttl', id, false) end
  if has(r, UNIQUE) then
    local key = string.sub(redis.call('HGET', K.unique_key, id) or '', 3)
    local entry = redis.call('HGET', K.unique, key)
    if entry and string.sub(entry, 1, #id + 1) == id .. '|' then put('unique', key, false) end
    put('unique_key', id, false)
  end
  if has(r, TAGGED) then
    for tag in string.gmatch(redis.call('HGET', K.tags, id) or '', '[^\n]+') do
      score('tagged', tag .. '\0' .. id, false)
    end
    put('tags', id, false)
  end
  filing.of(id).gone = true
  if has(r, AFTER) then
    put('pending', id, false)
    put('round', id, false)
    ends.forget(id)
  end
  -- Its links stay until the messages over them are delivered.
  if has(r, RETAINED) or has(r, AFTER) then mark_outbox(id) end
  for _, key_name in ipairs({ 'job', 'run', 'result', 'history', 'progress', 'meta', 'keep', 'nonce', 'op', 'errors', 'failed' }) do
    put(key_name, id, false)
  end
  emit('{"kind":"removed","id":"' .. id .. '"}')
end
