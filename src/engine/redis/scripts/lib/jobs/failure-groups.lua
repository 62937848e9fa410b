-- Failure groups: `groups` has them by fingerprint, as JSON (`encodeGroup` in engine/shared/failure-groups.ts), `group_order` by when each
-- was seen last. A call reads each group in which it counts a failure once, and writes it at the next flush.
-- Mirrors engine/shared/failure-groups.ts and engine/memory/store/failure-groups.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, filing.lua.

-- By fingerprint; `fresh` are those that were not there.
local failure_groups = { known = {}, fresh = {} }

do
  -- The parts of a group. All lists have the latest last; hours are pairs of an hour since 1970 and how many.
  local runs, first_at, last_at, letter, changed_at, changed_by, sample, tasks, builds, samples, hours = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11

  -- Any part may be written by another hand.
  local function is_group(g)
    for _, part in ipairs({ runs, first_at, last_at, changed_at }) do
      local n = g[part]
      if type(n) ~= 'number' or n ~= math.floor(n) or math.abs(n) > 1e15 then return false end
    end
    for _, part in ipairs({ tasks, builds, samples, hours }) do
      if type(g[part]) ~= 'table' then return false end
    end
    return type(g[letter]) == 'string' and string.match(g[letter], '^[' .. GROUP_OPEN .. GROUP_ACKNOWLEDGED .. GROUP_RESOLVED .. GROUP_REGRESSED .. ']$') ~= nil
  end

  function failure_groups.find(fingerprint)
    local g = sane_json(redis.call('HGET', K.groups, fingerprint) or '')
    return is_group(g) and g or nil
  end

  -- Gives a group a state.
  function failure_groups.change(g, state, by)
    g[letter], g[changed_at], g[changed_by] = state, NOW, by
  end

  function failure_groups.state_of(g) return g[letter] end

  local function with_latest(list, latest)
    local kept = {}
    for _, one in ipairs(list) do
      if one ~= latest then kept[#kept + 1] = one end
    end
    kept[#kept + 1] = latest
    while #kept > MOST_IN_GROUP do table.remove(kept, 1) end
    return kept
  end

  local function count_hour(list)
    local hour, kept, counted = math.floor(NOW / 3600000), {}, false
    for i = 1, #list - 1, 2 do
      local at, n = sane_number(list[i]), sane_number(list[i + 1])
      if at == hour then n, counted = n + 1, true end
      if at > hour - GROUP_HOURS and at <= hour then kept[#kept + 1], kept[#kept + 2] = at, n end
    end
    if not counted then kept[#kept + 1], kept[#kept + 2] = hour, 1 end
    return kept
  end

  -- Counts a failure of a job. `summary`: JSON. `run`: the record of the job as it ran; nil: it failed without a run.
  function failure_groups.count(id, fingerprint, summary, task, run)
    local g = failure_groups.known[fingerprint]
    if not g then
      g = failure_groups.find(fingerprint)
      if not g then
        g = { 0, NOW, NOW, GROUP_OPEN, 0, cjson.null, '', {}, {}, {}, {} }
        failure_groups.fresh[fingerprint] = true
      end
      failure_groups.known[fingerprint] = g
    end
    if run and g[letter] == GROUP_RESOLVED and run[STARTED] > g[changed_at] then
      failure_groups.change(g, GROUP_REGRESSED, cjson.null)
      emit('{"kind":"regressed","fingerprint":"' .. fingerprint .. '"}')
    end
    if task == '' then task = OTHER_TASKS end
    g[runs], g[last_at], g[sample] = g[runs] + 1, NOW, summary
    g[tasks], g[samples], g[hours] = with_latest(g[tasks], task), with_latest(g[samples], id), count_hour(g[hours])
    local build = run and string.match(run[HOLDER], '^[^/]*/[^.]*%.(.+)$')
    if build then g[builds] = with_latest(g[builds], build .. ':' .. task) end
  end

  -- How many jobs stand failed or partial with an error.
  function failure_groups.filed(fingerprint)
    return redis.call('ZLEXCOUNT', K.failures, '[' .. fingerprint .. FILED, '(' .. fingerprint .. BEHIND_FILED)
  end

  -- Drops so many groups: those without jobs first, then those seen last the longest ago. Those of this call stay.
  local function drop(n)
    local others, dropped = {}, 0
    local function drop_one(fingerprint)
      put('groups', fingerprint, false)
      score('group_order', fingerprint, false)
      dropped = dropped + 1
    end
    for _, fingerprint in ipairs(redis.call('ZRANGE', K.group_order, 0, MOST_FAILURE_GROUPS)) do
      if dropped == n then break end
      if not failure_groups.known[fingerprint] then
        if failure_groups.filed(fingerprint) == 0 then drop_one(fingerprint) else others[#others + 1] = fingerprint end
      end
    end
    for i = 1, math.min(n - dropped, #others) do drop_one(others[i]) end
    add('queue', 'dropped_groups', dropped)
  end

  -- Removes groups that are not kept any more.
  function failure_groups.trim()
    local old = redis.call('ZRANGEBYSCORE', K.group_order, '-inf', NOW - FAILURE_GROUP_AGE, 'LIMIT', 0, MOST_FAILURE_GROUPS)
    for _, fingerprint in ipairs(old) do
      if failure_groups.filed(fingerprint) == 0 then
        put('groups', fingerprint, false)
        score('group_order', fingerprint, false)
      end
    end
    if #old > 0 then flush() end
  end

  before_flush[#before_flush + 1] = function()
    if not next(failure_groups.known) then return end
    local n = 0
    for _ in pairs(failure_groups.fresh) do n = n + 1 end
    local excess = n > 0 and redis.call('ZCARD', K.group_order) + n - MOST_FAILURE_GROUPS or 0
    if excess > 0 then drop(excess) end
    for fingerprint, g in pairs(failure_groups.known) do
      put('groups', fingerprint, cjson.encode(g))
      score('group_order', fingerprint, NOW)
    end
    failure_groups.known, failure_groups.fresh = {}, {}
  end
end
