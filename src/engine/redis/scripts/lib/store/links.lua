-- Links between jobs. `dependencies` has what a job depends on, as `id NUL queue NUL id` of both, in lexical order;
-- `dependency` has of each how it ended (the number of its state, REMOVED, or 0 while unfinished) plus POLICY_STEP × its
-- policy. `dependents` is the same from the other side; `dependent` has the round in which the dependent waits, unless that
-- is 0.
-- `pending` has the number of unfinished dependencies, `round` how often the job began to wait again. Mirrors
-- engine/memory/store/dependencies.ts and engine/memory/store/flow.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, holding.lua, moves.lua, links-read.lua.

-- Writes the links of a new job. `after`: pairs of reference and policy; `flow`: the reference of its flow.
local function link(id, after, flow)
  -- Links of a removed job with this id, whose messages are not delivered yet.
  if redis.call('ZSCORE', K.outbox, id) then
    local old = links_of('dependencies', id)
    for i = 1, #old, 2 do remove_link('dependencies', id .. '\0' .. old[i]) end
    flush()
  end
  if after then
    for i = 1, #after, 2 do add_link('dependencies', id .. '\0' .. after[i], after[i + 1] * POLICY_STEP) end
    put('pending', id, #after / 2)
  end
  if flow then add_link('dependents', id .. '\0' .. flow) end
  mark_outbox(id)
end

-- Are there dependencies to wait for again?
local function will_wait(id)
  local links = links_of('dependencies', id)
  for i = 2, #links, 2 do
    if not is_success(end_of_link(links[i])) then return true end
  end
  return false
end

-- Waits again for dependencies that did not succeed; returns how many.
local function restart_waiting(id)
  local links, waits = links_of('dependencies', id), 0
  for i = 1, #links, 2 do
    if not is_success(end_of_link(links[i + 1])) then
      put('dependency', id .. '\0' .. links[i], policy_of_link(links[i + 1]) * POLICY_STEP)
      waits = waits + 1
    end
  end
  put('pending', id, waits > 0 and waits)
  put('round', id, sane_number(redis.call('HGET', K.round, id)) + 1)
  mark_outbox(id)
  return waits
end

-- Links a member that joins its flow again, as a held one does: a flow that was missing when it first did has cut the link.
local function link_to_flow(id, r)
  local to = has(r, HELD) and flow_of(redis.call('HGET', K.job, id) or '')
  if to and not redis.call('ZSCORE', K.dependents, id .. '\0' .. to) then
    set_flag(r, RETAINED, true)
    add_link('dependents', id .. '\0' .. to)
  end
  mark_outbox(id)
end

-- Moves a blocked job to `delayed` or `queued`, as its time says.
local function make_ready(id, r)
  if r[RUN_AT] <= NOW then r[RUN_AT] = NOW end
  move(id, r, r[RUN_AT] > NOW and DELAYED or QUEUED)
end

-- Releases a held job; it becomes ready unless dependencies are pending.
local function release_held(id, r, waits)
  set_flag(r, HELD, false)
  waits = waits or (has(r, AFTER) and sane_number(redis.call('HGET', K.pending, id)) or 0)
  if waits == 0 then
    make_ready(id, r)
  else
    save(id, r)
    mark_outbox(id)
  end
end

-- Ends a flow if all its members have ended. Their ends must be written.
local function complete_flow(id, r, waits)
  if has(r, OPEN) or waits > 0 then return end
  local links, to = links_of('dependencies', id), COMPLETED
  for i = 2, #links, 2 do
    local state = end_of_link(links[i])
    if not is_success(state) and policy_of_link(links[i]) ~= POLICY_CONTINUE then
      to = FAILED
      break
    elseif state ~= COMPLETED then
      to = PARTIAL
    end
  end
  finish(id, r, to)
end
