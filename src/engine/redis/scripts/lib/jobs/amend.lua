-- Changing a job that waits: its input, its priority, its time.
-- Mirrors model/job/admission.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, moves.lua, forget.lua.

-- The body of a job with another input. References to results of other jobs stood behind the former one, and go with it.
local function body_with(job, input)
  local body = body_of(job)
  return string.sub(body, 1, string.find(body, '\n', 1, true)) .. input
end

-- `change`: the new input, priority and run_at, where given (a run_at of now or earlier means at once).
local function amend(id, r, job, change)
  local moved = redis.call('HEXISTS', K.run, id) == 1
  if change.input then
    -- Checkpoints and progress belong to the former input.
    forget_checkpoints(id, r)
    put('progress', id, false)
  end
  local from, run_at, to, retimed = r[STATE], r[RUN_AT], r[STATE], false
  if change.run_at then
    run_at = math.max(change.run_at, NOW)
    retimed = r[STATE] ~= BLOCKED and not (r[STATE] == QUEUED and run_at == NOW)
    if retimed then to = run_at > NOW and DELAYED or QUEUED end
    if not retimed and r[STATE] == QUEUED then run_at = r[RUN_AT] end
  end
  local priority = change.priority or r[PRIORITY]
  -- A delayed or held job has no place in the priority order yet; a queued one goes last among those of its new priority.
  local reinserts = retimed or (r[STATE] == QUEUED and priority ~= r[PRIORITY])
  if reinserts then leave(id, r) end
  r[PRIORITY], r[RUN_AT], r[STATE] = priority, run_at, to
  if reinserts then insert(id, r) end
  local body = change.input and body_with(job, change.input) or body_of(job)
  if moved or reinserts then
    if change.input then put('job', id, string.sub(job, 1, BIRTH_SIZE) .. body) end
    save(id, r)
  else
    -- Its entry in the waiting list says that it has not moved: rewrite its birth record.
    put('job', id, pack_birth(r[STATE], r[FLAGS], r[ATTEMPTS], r[PRIORITY], r[CREATED], place_of(r)) .. body)
  end
  if retimed then emit_move(id, r, from, 'postpone', job) end
end
