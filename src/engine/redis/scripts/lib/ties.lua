-- What ties jobs. `dependencies` has what a job depends on, as `id NUL queue NUL id` of both, in lexical order; `dependency`
-- has of each how it ended (the number of its state, REMOVED, or 0 while it is waited for) plus POLICY_STEP × its policy.
-- `dependents` is the same from the other side; `dependent` has the round in which the dependent waits, unless that is 0.
-- `pending` has how many are waited for, `round` how often that began anew. Mirrors engine/memory/ties.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, holding.lua, moves.lua, ties-read.lua.

-- Ties a new job. `after`: pairs of reference and policy; `flow`: the reference of its flow.
local function tie(id, after, flow)
  -- Of a job of this name that is gone, and whose news were not delivered yet.
  if redis.call('ZSCORE', K.news, id) then
    local old = ties_of('dependencies', id)
    for i = 1, #old, 2 do cut('dependencies', id .. '\0' .. old[i]) end
    flush()
  end
  if after then
    for i = 1, #after, 2 do bind('dependencies', id .. '\0' .. after[i], after[i + 1] * POLICY_STEP) end
    put('pending', id, #after / 2)
  end
  if flow then bind('dependents', id .. '\0' .. flow) end
  note_news(id)
end

-- Are there dependencies to be looked at again?
local function will_wait(id)
  local ties = ties_of('dependencies', id)
  for i = 2, #ties, 2 do
    if not is_success(end_of_tie(ties[i])) then return true end
  end
  return false
end

-- Looks again at dependencies that did not succeed; answers how many.
local function depend_again(id)
  local ties, waits = ties_of('dependencies', id), 0
  for i = 1, #ties, 2 do
    if not is_success(end_of_tie(ties[i + 1])) then
      put('dependency', id .. '\0' .. ties[i], policy_of_tie(ties[i + 1]) * POLICY_STEP)
      waits = waits + 1
    end
  end
  put('pending', id, waits > 0 and waits)
  put('round', id, sane_number(redis.call('HGET', K.round, id)) + 1)
  note_news(id)
  return waits
end

-- Puts a blocked job where its time says.
local function get_ready(id, r)
  if r[RUN_AT] <= NOW then r[RUN_AT] = NOW end
  move(id, r, r[RUN_AT] > NOW and DELAYED or QUEUED)
end

-- Lets a held job go; it is ready unless it waits for others.
local function let_loose(id, r, waits)
  set_flag(r, HELD, false)
  waits = waits or (has(r, AFTER) and sane_number(redis.call('HGET', K.pending, id)) or 0)
  if waits == 0 then
    get_ready(id, r)
  else
    save(id, r)
    note_news(id)
  end
end

-- Ends a flow if its members have all ended. Their ends are written.
local function gather(id, r, waits)
  if has(r, OPEN) or waits > 0 then return end
  local ties, to = ties_of('dependencies', id), COMPLETED
  for i = 2, #ties, 2 do
    local state = end_of_tie(ties[i])
    if not is_success(state) and policy_of_tie(ties[i]) ~= POLICY_CONTINUE then
      to = FAILED
      break
    elseif state ~= COMPLETED then
      to = PARTIAL
    end
  end
  finish(id, r, to)
end
