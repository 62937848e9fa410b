-- The conditions of a filter, as far as what is stored beside payloads answers them (commands/conditions.ts). A job that is left
-- out does not match; one that is not, may: who asked reads its record and looks.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, holding.lua, parts.lua.

-- The ids of jobs that may match, of a list in order, by index; and the index of the last one looked at, as few are when much is
-- stored with them. `conditions`: a list of { name, is it to hold (1 or 0), what it asks for … }.
local function matching(ids, conditions)
  local needed, kept, bytes = {}, {}, 0
  local sources = {
    tag = 'tags', fingerprint = 'fingerprints', error = 'history', worker = 'worker', task = 'record', flow = 'record', role = 'record',
    priority = 'record', attempt = 'record', created = 'record', started = 'record', finished = 'record',
  }
  for _, condition in ipairs(conditions) do
    local source = sources[condition[1]]
    if source then needed[source] = true end
  end
  local by_record, by_history = needed.record or needed.worker, needed.history or needed.worker
  local function between(value, condition)
    return (condition[3] == '' or value >= condition[3]) and (condition[4] == '' or value < condition[4])
  end

  local function is_worker(job, name)
    local prefix = name .. '/'
    return string.sub(job.r[HOLDER], 1, #prefix) == prefix or string.find(job.history, '"worker":"' .. name .. '"', 1, true)
  end

  -- May the name or the message of the last error have a text? Of a single run each is looked at by itself, and its stack is not:
  -- making letters small takes long; and Lua tells long texts apart by some of their characters only, so that many that differ
  -- in few cost it more than all else.
  local named = {}
  local function mentions(text, errors, wanted)
    local from = errors == '' and not string.find(text, '\n', 1, true) and string.find(text, '"message":', 1, true)
    local cut = from and string.find(text, '"stack":', from, true)
    local at = cut and string.find(text, '"name":', 1, true)
    if not at or at > from then return string.find(string.lower(text .. errors), wanted, 1, true) end
    local name = string.sub(text, at, from)
    local known = wanted .. name
    if named[known] == nil then named[known] = string.find(string.lower(name), wanted, 1, true) ~= nil end
    return named[known] or string.find(string.lower(string.sub(text, from, cut)), wanted, 1, true)
  end

  local tests = {
    prefix = function(job, c) return string.sub(job.id, 1, #c[3]) == c[3] end,
    id = function(job, c) return string.find(job.id, c[3], 1, true) end,
    tag = function(job, c) return string.find('\n' .. job.tags .. '\n', '\n' .. c[3] .. '\n', 1, true) end,
    fingerprint = function(job, c) return job.fingerprint == c[3] end,
    error = function(job, c) return mentions(job.history, job.errors, c[3]) end,
    worker = function(job, c) return is_worker(job, c[3]) end,
    task = function(job, c)
      local task = task_of(job.stored)
      for i = 3, #c do
        if c[i] == task then return true end
      end
    end,
    flow = function(job, c) return string.find(header_of(job.stored), c[3], 1, true) end,
    role = function(job, c) return has(job.r, FLOW) == (c[3] == 1) end,
    priority = function(job, c) return job.r[PRIORITY] >= c[3] and job.r[PRIORITY] <= c[4] end,
    attempt = function(job, c)
      local attempt = job.r[COUNTED] + (job.r[STATE] == ACTIVE and 1 or 0)
      return attempt >= c[3] and attempt <= c[4]
    end,
    created = function(job, c) return between(job.r[CREATED], c) end,
    started = function(job, c) return job.r[STARTED] ~= 0 and between(job.r[STARTED], c) end,
    finished = function(job, c) return job.r[FINISHED] ~= 0 and between(job.r[FINISHED], c) end,
  }

  local function may_match(job)
    for _, c in ipairs(conditions) do
      -- Of a job that cannot be read the record says what is wrong, and who asked finds out.
      local known = job.r or sources[c[1]] ~= 'record' and sources[c[1]] ~= 'worker'
      if known and (tests[c[1]](job, c) and 1 or 0) ~= c[2] then return false end
    end
    return true
  end

  local function of(wanted, key_name, part) return wanted and hmget(key_name, part) or {} end -- keys: job run held tags fingerprints history errors

  local n, has_errors = 0, by_history and redis.call('EXISTS', K.errors) == 1
  local function look(part)
    local jobs, runs, held = of(by_record, 'job', part), of(by_record, 'run', part), of(by_record, 'held', part)
    local tags, prints = of(needed.tags, 'tags', part), of(needed.fingerprints, 'fingerprints', part)
    local histories, errors = of(by_history, 'history', part), of(has_errors, 'errors', part)
    -- Texts are looked for in very many jobs.
    if #conditions == 1 and needed.history and not by_record then
      local wanted, holds = conditions[1][3], conditions[1][2] == 1
      for i = 1, #part do
        local text, more = histories[i] or '', errors[i] or ''
        bytes = bytes + (#text + #more) / BYTES_PASSED
        if (mentions(text, more, wanted) and true or false) == holds then kept[#kept + 1] = n + i end
      end
      n = n + #part
      return
    end
    for i, id in ipairs(part) do
      n = n + 1
      local job = {
        id = id, stored = jobs[i] or '', tags = tags[i] or '', fingerprint = prints[i], history = histories[i] or '', errors = errors[i] or '',
      }
      bytes = bytes + (#job.stored + #job.history + #job.errors) / BYTES_PASSED
      job.r = by_record and load_record(id, jobs[i], runs[i], held[i]) or nil
      if may_match(job) then kept[#kept + 1] = n end
    end
  end

  return kept, in_parts(ids, 1, look, function() return bytes end) - 1
end
