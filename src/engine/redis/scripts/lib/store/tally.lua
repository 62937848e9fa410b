-- How jobs end, on its way into the series. Each command leaves a line in `tally` for each task and outcome, in JSON: minute, task,
-- letter of the outcome, how many, the sums of their waits and run times in milliseconds, then bucket and count by turns. A sweep,
-- and any reader, adds lines up: `series` has a field for each minute and hour, `totals` one for each task. A field is
-- JSON: task → letter → the same numbers as in a line; in `series` the task '' has samples of the queue (sample.lua).
-- Mirrors engine/sqlite/store/queue/tallies.ts.
-- Needs: record.lua, codec.lua, batch.lua.

local tally = { lines = {}, known = {} }

-- Counts the end of a job or of a run. With figures: its wait and run time, each followed by its bucket.
function tally.count(task, letter, wait, wait_bucket, run, run_bucket)
  local key = letter .. task
  local line = tally.known[key]
  if not line then
    line = { math.floor(NOW / 60000), task == '' and OTHER_TASKS or task, letter, 0, 0, 0, buckets = {} }
    tally.known[key], tally.lines[#tally.lines + 1] = line, line
  end
  line[4] = line[4] + 1
  if not wait then return end
  local buckets = line.buckets
  line[5], line[6] = line[5] + wait, line[6] + run
  buckets[wait_bucket] = (buckets[wait_bucket] or 0) + 1
  run_bucket = run_bucket + RUN_BUCKETS_FROM
  buckets[run_bucket] = (buckets[run_bucket] or 0) + 1
end

-- Counts the end of a job that no settlement reports, by its state.
function tally.count_end(task, state)
  tally.count(task, string.sub(ENDED_LETTERS, state - COMPLETED + 1, state - COMPLETED + 1))
end

do
  -- Of what is stored any part may be written by another hand.
  local function table_of(value) return type(value) == 'table' and value or {} end

  local function sane(value) return type(value) == 'number' and value or 0 end

  -- Adds a sum to stored numbers.
  local function add_up(stored, sum)
    local numbers, places = table_of(stored), {}
    for i = 1, 3 do numbers[i] = sane_number(numbers[i]) + sum[i + 3] end
    for i = 4, #numbers - 1, 2 do places[numbers[i]] = i + 1 end
    for bucket, n in pairs(sum.buckets) do
      local place = places[bucket] or #numbers + 2
      numbers[place - 1], numbers[place] = bucket, sane_number(numbers[place]) + n
    end
    return numbers
  end

  local function is_line(line)
    return type(line) == 'table' and type(line[1]) == 'number' and type(line[2]) == 'string' and type(line[3]) == 'string'
  end

  -- Takes lines off the list and sums those of one minute, task and outcome.
  local function take_sums()
    local lines = redis.call('LRANGE', K.tally, 0, MOST_FOLDED - 1)
    local ok, all = pcall(cjson.decode, '[' .. table.concat(lines, ',') .. ']')
    -- By minute, then by outcome, then by task.
    local sums, known, n, taken = {}, {}, 0, #lines
    for i = 1, taken do
      local line = ok and all[i] or sane_json(lines[i])
      if is_line(line) then
        local minute, task, letter = line[1], line[2], line[3]
        if not known[minute] then
          -- Each minute is a field to read and to write.
          if n == MOST_MINUTES then
            taken = i - 1
            break
          end
          known[minute], n = {}, n + 1
        end
        local tasks = known[minute][letter]
        if not tasks then
          tasks = {}
          known[minute][letter] = tasks
        end
        local sum = tasks[task]
        if not sum then
          sum = { minute, task, letter, 0, 0, 0, buckets = {} }
          tasks[task], sums[#sums + 1] = sum, sum
        end
        local buckets = sum.buckets
        sum[4], sum[5], sum[6] = sum[4] + sane(line[4]), sum[5] + sane(line[5]), sum[6] + sane(line[6])
        for part = 7, #line - 1, 2 do
          local bucket = line[part]
          buckets[bucket] = (buckets[bucket] or 0) + sane(line[part + 1])
        end
      end
    end
    redis.call('LTRIM', K.tally, taken, -1)
    return sums
  end

  -- The fields of a hash in which sums go, as tables.
  local function load(key_name, names)
    local fields = {}
    for i, text in ipairs(hmget(key_name, names)) do fields[names[i]] = sane_json(text or '') end
    return fields
  end

  local function store(key_name, names, fields)
    local args = {}
    for _, name in ipairs(names) do
      if next(fields[name]) then args[#args + 1], args[#args + 2] = name, cjson.encode(fields[name]) end
    end
    for i = 1, #args, MAX_ARGS do redis.call('HSET', K[key_name], unpack(args, i, math.min(i + MAX_ARGS - 1, #args))) end -- keys: series totals
  end

  local function add_to(letters, sum)
    letters[sum[3]] = add_up(letters[sum[3]], sum)
    return letters
  end

  local function distinct(list, seen, name)
    if not seen[name] then seen[name], list[#list + 1] = true, name end
  end

  -- Removes what is not kept any more, once an hour: what is stored has been counted up to the hour of the last time, in `t`.
  function tally.trim()
    local minute = math.floor(NOW / 60000)
    local hour, last = math.floor(minute / 60), sane_number(redis.call('HGET', K.series, 't'))
    if hour <= last then return end
    local gone = {}
    if last > 0 then
      for old = last * 60 - MINUTES_KEPT, math.min(minute - MINUTES_KEPT, last * 60 + 59) do gone[#gone + 1] = 'm' .. old end
      for old = last - HOURS_KEPT, math.min(hour - HOURS_KEPT, last) do gone[#gone + 1] = 'h' .. old end
    end
    if #gone > 0 then redis.call('HDEL', K.series, unpack(gone)) end
    redis.call('HSET', K.series, 't', hour)
    redis.call('PEXPIRE', K.series, SERIES_AGE)
  end

  -- Adds up some lines, the oldest first; returns whether there were any.
  function tally.fold()
    if redis.call('LLEN', K.tally) == 0 then return false end
    local sums = take_sums()
    if #sums == 0 then return true end
    tally.trim()
    local slots, tasks, seen = {}, { OTHER_TASKS }, { [OTHER_TASKS] = true }
    local oldest = math.floor(NOW / 60000) - MINUTES_KEPT
    for _, sum in ipairs(sums) do
      if sum[1] > oldest then distinct(slots, seen, 'm' .. sum[1]) end
      distinct(slots, seen, 'h' .. math.floor(sum[1] / 60))
    end
    seen = { [OTHER_TASKS] = true }
    for _, sum in ipairs(sums) do distinct(tasks, seen, sum[2]) end
    local series, totals = load('series', slots), load('totals', tasks)
    local named = redis.call('HLEN', K.totals) - (next(totals[OTHER_TASKS]) and 1 or 0)
    for _, sum in ipairs(sums) do
      local task = sum[2]
      if not next(totals[task]) and task ~= OTHER_TASKS then
        if named >= MOST_SERIES_TASKS then task = OTHER_TASKS else named = named + 1 end
      end
      add_to(totals[task], sum)
      local minute, hour = series['m' .. sum[1]], series['h' .. math.floor(sum[1] / 60)]
      if sum[1] > oldest then minute[task] = add_to(table_of(minute[task]), sum) end
      hour[task] = add_to(table_of(hour[task]), sum)
    end
    store('series', slots, series)
    store('totals', tasks, totals)
    redis.call('PEXPIRE', K.series, SERIES_AGE)
    return true
  end
end

-- Leaves the lines of this call. Where no worker sweeps, who adds to a long list shortens it.
before_flush[#before_flush + 1] = function()
  if #tally.lines == 0 then return end
  for _, line in ipairs(tally.lines) do
    for bucket, n in pairs(line.buckets) do line[#line + 1], line[#line + 2] = bucket, n end
    line.buckets = nil
    push_tail('tally', cjson.encode(line))
  end
  tally.lines, tally.known = {}, {}
  if redis.call('LLEN', K.tally) > MOST_FOLDED then tally.fold() end
end
