-- How jobs end, on its way into the series. Each command leaves an entry in `tally`: the minute in four bytes, then a line for each
-- task and outcome. Numbers are digits of seven bits, so that a line is text wherever it is made (format/measured.ts), and is read
-- as bytes, which costs a tenth of JSON. A line has the letter of its outcome, how many ended (3 digits), how many buckets are not
-- empty, the length of the task's name, the sums of waits and of run times in milliseconds (7 each), each bucket and its count (1
-- and 3), and the name. The line of one end is shorter: the letter in capitals, wait and run time (4 each), the bucket of each, the
-- length of the name, and the name.
-- A sweep, and any reader, adds lines up: `series` has a field for each minute and hour, `totals` one for each task. A field is
-- JSON: task → letter → how many, the sums, then bucket and count by turns; in `series` the task '' has samples of the queue
-- (sample.lua).
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

  -- The sum of a task and outcome in those of a minute; the outcome is the number of its letter.
  local function sum_of(letters, letter, task, minute, sums)
    local tasks = letters[letter]
    if not tasks then
      tasks = {}
      letters[letter] = tasks
    end
    local sum = tasks[task]
    if not sum then
      sum = { minute, task, string.char(letter), 0, 0, 0, buckets = {} }
      tasks[task], sums[#sums + 1] = sum, sum
    end
    return sum
  end

  -- Adds the lines of an entry to `sums`; returns how many there were.
  local function take_lines(entry, minute, letters, sums)
    local at, n, byte = 5, 0, string.byte
    while true do
      local letter, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11 = byte(entry, at, at + 11)
      if not b11 then return n end
      if letter < 97 then
        local from = at + 12
        at = from + b11
        local sum = sum_of(letters, letter + 32, string.sub(entry, from, at - 1), minute, sums)
        local buckets = sum.buckets
        sum[4], sum[5], sum[6] = sum[4] + 1, sum[5] + ((b1 * 128 + b2) * 128 + b3) * 128 + b4, sum[6] + ((b5 * 128 + b6) * 128 + b7) * 128 + b8
        buckets[b9] = (buckets[b9] or 0) + 1
        buckets[b10] = (buckets[b10] or 0) + 1
      else
        local from = at + 20 + b4 * 4
        local sum = sum_of(letters, letter, string.sub(entry, from, from + b5 - 1), minute, sums)
        local w1, w2, w3, w4, w5, w6, w7, r1, r2, r3, r4, r5, r6, r7 = byte(entry, at + 6, at + 19)
        if not r7 then return n end
        sum[4] = sum[4] + (b1 * 128 + b2) * 128 + b3
        sum[5] = sum[5] + (((((w1 * 128 + w2) * 128 + w3) * 128 + w4) * 128 + w5) * 128 + w6) * 128 + w7
        sum[6] = sum[6] + (((((r1 * 128 + r2) * 128 + r3) * 128 + r4) * 128 + r5) * 128 + r6) * 128 + r7
        for place = at + 20, from - 4, 4 do
          local bucket, c1, c2, c3 = byte(entry, place, place + 3)
          if c3 then sum.buckets[bucket] = (sum.buckets[bucket] or 0) + (c1 * 128 + c2) * 128 + c3 end
        end
        at = from + b5
      end
      n = n + 1
    end
  end

  -- Takes entries off the list and sums the lines of one minute, task and outcome.
  local function take_sums()
    local entries = redis.call('LRANGE', K.tally, 0, MOST_FOLDED - 1)
    -- By minute, then by outcome, then by task.
    local sums, known, n, lines, taken = {}, {}, 0, 0, 0
    for i = 1, #entries do
      if lines >= MOST_FOLDED then break end
      local m1, m2, m3, m4 = string.byte(entries[i], 1, 4)
      if m4 then
        local minute = ((m1 * 256 + m2) * 256 + m3) * 256 + m4
        if not known[minute] then
          -- Each minute is a field to read and to write.
          if n == MOST_MINUTES then break end
          known[minute], n = {}, n + 1
        end
        lines = lines + take_lines(entries[i], minute, known[minute], sums)
      end
      taken = i
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

do
  -- A number in so many digits of seven bits.
  local function digits(value, width)
    local places, rest = {}, math.min(value, 128 ^ width - 1)
    for i = width, 1, -1 do
      places[i] = rest % 128
      rest = math.floor(rest / 128)
    end
    return string.char(unpack(places))
  end

  local function pack_line(line)
    local filled, parts = 0, {}
    for bucket, n in pairs(line.buckets) do
      filled = filled + 1
      parts[filled] = string.char(bucket) .. digits(n, 3)
    end
    local task = #line[2] < 128 and line[2] or OTHER_TASKS
    return line[3] .. digits(line[4], 3) .. string.char(filled, #task) .. digits(line[5], 7) .. digits(line[6], 7)
      .. table.concat(parts) .. task
  end

  -- Leaves the lines of this call. Where no worker sweeps, who adds to a long list shortens it.
  before_flush[#before_flush + 1] = function()
    if #tally.lines == 0 then return end
    local parts = { struct.pack('>I4', math.floor(NOW / 60000)) }
    for i, line in ipairs(tally.lines) do parts[i + 1] = pack_line(line) end
    push_tail('tally', table.concat(parts))
    tally.lines, tally.known = {}, {}
    if redis.call('LLEN', K.tally) > MOST_FOLDED then tally.fold() end
  end
end
