-- Changing a job that waits: its input, its priority, its time.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, moves.lua, forget.lua.

-- `change` has what is new of input, priority and run_at (ready now or earlier means at once).
local function amend(id, r, job, change)
  local moved = redis.call('HEXISTS', K.run, id) == 1
  if change.input then
    -- What its runs left belongs to the input it had.
    forget_left(id, r)
    put('progress', id, false)
  end
  local run_at, to, retimed = r[RUN_AT], r[STATE], false
  if change.run_at then
    run_at = math.max(change.run_at, NOW)
    retimed = r[STATE] ~= BLOCKED and not (r[STATE] == QUEUED and run_at == NOW)
    if retimed then to = run_at > NOW and DELAYED or QUEUED end
    if not retimed and r[STATE] == QUEUED then run_at = r[RUN_AT] end
  end
  local priority = change.priority or r[PRIORITY]
  -- A delayed or held job stands in no priority order yet; a queued one goes to the tail of its new line.
  local restands = retimed or (r[STATE] == QUEUED and priority ~= r[PRIORITY])
  if restands then leave(id, r) end
  r[PRIORITY], r[RUN_AT], r[STATE] = priority, run_at, to
  if restands then stand(id, r) end
  local body = body_of(job)
  if change.input then body = string.sub(body, 1, string.find(body, '\n', 1, true)) .. change.input end
  if moved or restands then
    if change.input then put('job', id, string.sub(job, 1, BIRTH_SIZE) .. body) end
    save(id, r)
  else
    -- It has not moved, and its entry in line says so: its birth is rewritten.
    put('job', id, pack_birth(r[STATE], r[FLAGS], r[ATTEMPTS], r[PRIORITY], r[CREATED], place_of(r)) .. body)
  end
  if retimed then tell_state(id, to) end
end
