-- Storing jobs of any kind: conflicts with existing jobs, and everything that is written for a new one.
-- Mirrors engine/shared/unique-key.ts and model/job/admission.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, moves.lua, amend.lua, unique.lua, supersede.lua, links.lua,
-- enqueue.lua, traces.lua.

local earliest, queued = math.huge, false
local soonest_end -- of the ttl of a job in this call
local first_delayed -- the time of the first delayed job, as it was before this call

local function note_first_delayed()
  first_delayed = first_delayed or tonumber(redis.call('ZRANGE', K.delayed, 0, 0, 'WITHSCORES')[2]) or math.huge
end

-- Only jobs that are not simply `created` and `queued` are in the answer.
local function answer(i, id, outcome, state)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = i, id, outcome, name_of(state)
end

-- `waits`: it supersedes later, and so takes its unique key later (links/commit.lua).
local function accept(i, id, o, body, waits)
  local run_at = NOW
  if o.delay then run_at = NOW + o.delay elseif o.at then run_at = math.max(o.at, NOW) end
  local blocked = o.hold or o.after or o.isFlow
  local state = blocked and BLOCKED or (run_at > NOW and DELAYED or QUEUED)
  local flags = (o.tags and TAGGED or 0) + (o.unique and UNIQUE or 0) + (o.ttl and TTL or 0) + (o.keep and KEEP or 0)
    + (o.meta and META or 0) + (o.supersedes and SUPERSEDES or 0) + (o.hold and HELD or 0) + (o.after and AFTER or 0)
    + (o.flow and MEMBER + RETAINED or 0) + (o.isFlow and FLOW + OPEN or 0)
  local r = { state, flags, 0, o.attempts or 3, 0, 0, 0, o.priority or 0, 0, NOW, run_at, 0, 0, '' }
  if o.tags then
    put('tags', id, table.concat(o.tags, '\n'))
    for _, tag in ipairs(o.tags) do
      score('tagged', tag .. '\0' .. id, 0)
      add('tagcount', tag .. '\0' .. state, 1)
    end
    set_flag(r, TAGGED, false) -- counted above; `insert` would read tags that are not written yet
  end
  -- A page of jobs with a tag is found by their records alone (locate.lua), and a birth record stands before the input: one
  -- with a long input gets a record of its own at once, as if it had moved.
  local long = o.tags and #body > MOST_INLINE
  r.born = not long
  if state == DELAYED then note_first_delayed() end
  insert(id, r, false)
  if o.tags then set_flag(r, TAGGED, true) end
  if long then save(id, r) end
  put('job', id, pack_birth(state, flags, r[ATTEMPTS], r[PRIORITY], NOW, place_of(r)) .. body)
  if o.ttl then score('ttl', id, NOW + o.ttl) end
  if o.ttl and not o.isFlow then soonest_end = math.min(NOW + o.ttl, soonest_end or math.huge) end
  if o.after or o.flow then link(id, o.after, o.flow)
  elseif o.isFlow or traces.removed[i] then remove_old_links(id) end
  if o.keep then put('keep', id, cjson.encode(o.keep)) end
  if o.nonce then put('nonce', id, o.nonce) end
  if o.meta then put('meta', id, o.meta) end
  if o.unique then
    local timed = type(o.unique.till) == 'number'
    if not waits then own_key(id, o.unique.key, timed and string.format('%.0f', NOW + o.unique.till) or o.unique.till) end
    put('unique_key', id, (timed and UNTIL_TIME or o.unique.till) .. '|' .. o.unique.key)
  end
  if o.supersedes then
    put('supersede_key', id, o.supersedes)
    if not o.isFlow then set_latest(o.supersedes, id) end
  end
  fresh[id], accepted[id] = r, true
  if state == QUEUED then queued = true end
  if state == DELAYED then earliest = math.min(earliest, run_at) end
  if watched then
    local queue, flow = string.match(o.flow or '', '^(%Z*)%z(%Z*)$')
    emit_state(id, state, task_of(body, 1), 'enqueue', 0, flow and ',"flow":' .. cjson.encode({ queue = queue, id = flow }))
  end
  if state ~= QUEUED then answer(i, id, ENQUEUED_CREATED, state) end
end

-- Replaces the input of the job that owns the unique key.
local function replace(id, r, unique, body, ttl)
  note_first_delayed()
  if accepted[id] then flush() end
  local run_at
  if unique.wait and r[STATE] ~= QUEUED then
    run_at = math.min(NOW + unique.wait, unique.most and r[CREATED] + unique.most or math.huge)
  end
  -- Each request means: if not started within the ttl of mine.
  if ttl and has(r, TTL) then
    score('ttl', id, NOW + ttl)
    soonest_end = math.min(NOW + ttl, soonest_end or math.huge)
  end
  r.born = nil
  amend(id, r, redis.call('HGET', K.job, id), { input = string.match(body, '\n([^\n]*)'), run_at = run_at })
  flush()
  if r[STATE] == QUEUED then queued = true end
  if r[STATE] == DELAYED then earliest = math.min(earliest, r[RUN_AT]) end
end

-- Resolves a conflict: another job owns the unique key.
local function resolve_conflict(i, owner, r, unique, body, ttl)
  local outcome = unique.onConflict
  if outcome == CONFLICT_REPLACE then
    if r[STATE] <= QUEUED then replace(owner, r, unique, body, ttl) else outcome = CONFLICT_JOIN end
  end
  answer(i, owner, outcome, r[STATE])
end

local function accept_other(i, id, o, body)
  local before = fresh[id]
  if present[i] or before then
    -- A generated id, or the nonce of a chosen one, proves that this command was sent before.
    local nonce = before and before.nonce or redis.call('HGET', K.nonce, id)
    answer(i, id, (not o.nonce or nonce == o.nonce) and ENQUEUED_CREATED or ENQUEUED_EXISTING, record_by_id(id)[STATE])
    return
  end
  local state = traces.made_by(traces.removed[i], o.nonce)
  if state then
    answer(i, id, ENQUEUED_CREATED, state)
    return
  end
  local owner, owner_record, old, r
  if o.unique then owner, owner_record = owner_of(o.unique.key) end
  if o.supersedes then old, r = predecessor(o.supersedes) end
  -- A key owned by the job that is superseded is no conflict.
  if owner and owner ~= old then
    resolve_conflict(i, owner, owner_record, o.unique, body, o.ttl)
    return
  end
  -- A flow supersedes when it begins; until then the job before it keeps its key.
  if old and not o.isFlow then supersede(old, r) end
  accept(i, id, o, body, owner and o.isFlow)
  fresh[id].nonce = o.nonce
end

-- Does a ttl of this call end before all others? Called after flush.
local function is_first_end()
  return soonest_end and tonumber(redis.call('ZRANGE', K.ttl, 0, 0, 'WITHSCORES')[2]) == soonest_end
end
