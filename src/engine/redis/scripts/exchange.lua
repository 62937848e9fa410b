-- KEYS: conf job run result wait dead prio suspect delayed held leases hist err fp failures ttl keep expiry counted1 counted2 tags
-- KEYS: tagcount meta prog sessions calls revoked events wake done5 done6 done7 done10
-- ARGV: now, session, lane, call, max, suspect, then per group of settlements: how (see `word_of`), their number, and for
-- each its id and payload
-- Reply: alive, settled (a letter each: a applied, s stale), more, next due or -1, now, epoch, what is out of the ordinary
-- about leases (JSON objects, one a line), their ids, the lengths of the stored jobs, and these one after the other
--
-- Settles what a session finished and leases it more, in one step. `max` -1 settles only. When all that ends and all that
-- is leased is usual, the larger part of this script is not even looked at.
-- include: session record batch queue lease give

local session, lane, call = SESSION, ARGV[3], ARGV[4]
local max, suspect = tonumber(ARGV[5]), ARGV[6] == '1'
local settled = {}

-- How a run ended, as one word: its epoch, the letter of its outcome (c completed, p partial, f failed, s snoozed,
-- r released) and milliseconds to wait, -1 for never again. Most are the same, so each is taken apart once.
local words = {}

local function word_of(text)
  local word = words[text]
  if not word then
    local epoch, kind, number = string.match(text, '^(%d+)(%a)(-?%d*)$')
    word = { epoch = tonumber(epoch), kind = kind, number = tonumber(number) }
    words[text] = word
  end
  return word
end

-- The settlements as they were sent, in order: groups of equal words, with where their ids and payloads are.
local groups, count = {}, 0
do
  local at = 7
  while at <= #ARGV do
    local n = tonumber(ARGV[at + 1])
    groups[#groups + 1] = { word = word_of(ARGV[at]), from = at + 2, n = n, before = count }
    at, count = at + 2 + n * 2, count + n
  end
end

-- The usual end of a run: a job of a batch completes. Everything that the jobs of one batch have in common is at hand.
local MOST_INLINE = 2048 -- bytes of a result that are kept behind the record

-- Stores that jobs of a batch have completed: the first `n` of `ids`, whose results stand in ARGV two apart from `at` on.
local function store_completed(batch, epoch, ids, n, at)
  local position = end_of(COMPLETED)
  local runs, done = args_of(HSET, 'run'), args_of(RPUSH, 'done5')
  local head = struct.pack('<BBI6', SHORT + COMPLETED, #session, epoch)
  local tail = struct.pack('<I6I6', batch.started, NOW) .. session
  local pack, run_count, done_count = struct.pack, runs.n, done.n
  for i = 1, n do
    local id, result = ids[i], ARGV[at + i * 2 - 2]
    if #result > MOST_INLINE then
      put('result', id, result)
      result = ''
    end
    runs[run_count + 1] = id
    runs[run_count + 2] = head .. pack('<I6', position) .. tail .. result
    run_count = run_count + 2
    position = position + 1
    done[done_count + i] = id
  end
  runs.n, done.n = run_count, done_count + n
  if watched then
    for i = 1, n do tell_state(ids[i], COMPLETED) end
  end
end

-- Finds the batch of each group that completes; answers whether all that is settled ends as usual. A group that is all of
-- its batch, in order, is known by its ids as one text.
local function all_usual()
  local usual = true
  for _, group in ipairs(groups) do
    local batch = group.word.kind == 'c' and batch_of(group.word.epoch)
    local ids = {}
    for i = 1, group.n do ids[i] = ARGV[group.from + i * 2 - 2] end
    group.ids = ids
    if batch and batch.session == session then
      -- Two groups of one batch may name the same job.
      usual = usual and not batch.asked
      group.batch, batch.asked = batch, true
      group.whole = not batch.has and table.concat(ids, ' ') == batch.list
      if not group.whole then
        local has, seen = members(batch), {}
        for _, id in ipairs(ids) do
          usual = usual and has[id] and not seen[id]
          seen[id] = true
        end
      end
    else
      usual = false
    end
  end
  return usual
end

local function settle_usual()
  for _, group in ipairs(groups) do
    local batch = group.batch
    if group.whole then
      batch.changed, batch.over = true, true
    else
      for _, id in ipairs(group.ids) do take_from_batch(batch, id) end
    end
    store_completed(batch, group.word.epoch, group.ids, group.n, group.from + 1)
  end
end

local emptied = false -- is nothing left in line?

-- Leases when everything at the head of the line is usual; answers whether it was.
local function claim_usual()
  -- Suspects that are not wanted are no reason to look closer.
  if redis.call('EXISTS', K.prio, K.dead, suspect and K.suspect or K.prio) > 0 then return false end
  local ids = redis.call('LRANGE', K.wait, 0, max - 1)
  local n, list = #ids, table.concat(ids, ' ')
  if string.find(list, MOVED, 1, true) then return false end
  local jobs, sizes = hmget('job', ids), {}
  for i = 1, n do
    local job = jobs[i]
    if not is_usual(job) then return false end
    sizes[i] = #job
  end
  lease_ids, lease_jobs, lengths, lease_count = ids, jobs, sizes, n
  if n > 0 then
    lease_batch(list)
    redis.call('LTRIM', K.wait, n, -1)
    set_conf('base', conf.base + n)
  end
  emptied = n < max
  if watched then
    for i = 1, n do tell_state(ids[i], ACTIVE) end
  end
  return true
end

local deadline = redis.call('ZSCORE', K.sessions, session)
if not deadline or tonumber(deadline) <= NOW then
  return { 0, string.rep('s', count), 0, -1, NOW, 0, '', '', '', '' }
end

local function first_delayed()
  return tonumber(redis.call('ZRANGE', K.delayed, 0, 0, 'WITHSCORES')[2])
end

local next_due = first_delayed()
local slot = session .. ' ' .. lane
local last = max > 0 and redis.call('HGET', K.calls, slot) or ''
local last_call, last_leased = string.match(last, '^(%d+) ?(.*)$')
local repeated = last_call == call
local claims = max > 0 and conf.paused == 0 and not repeated

local all_settled = not repeated and not (next_due and next_due <= NOW) and all_usual()
if all_settled then settle_usual() end
local all_done = all_settled and (not claims or claim_usual())
flush()

if not all_done then
  -- include: moves upkeep claim

  local function settle(id, r, word, payload)
    local kind, number = word.kind, word.number
    local outcome = ({ c = 'completed', p = 'partial', f = 'failed', s = 'snoozed', r = 'released' })[kind]
    local to, counts, at_head = QUEUED, false, false
    if kind == 'c' then to, counts = COMPLETED, true
    elseif kind == 'p' then to, counts = PARTIAL, true
    elseif kind == 'f' then
      counts = true
      if number < 0 or r[COUNTED] + 1 >= r[ATTEMPTS] then to = FAILED
      elseif number > 0 then to = DELAYED end
    elseif kind == 's' then
      if number > 0 then to = DELAYED end
    else
      at_head = true
    end
    r[SETTLED] = word.epoch
    if kind == 'c' or kind == 'p' then
      if payload == '' then put('result', id, false) else put('result', id, payload) end
    else
      -- A failure comes as its fingerprint, a line break and its JSON.
      local fingerprint, failure = string.match(payload, '^(%x+)\n(.*)$')
      record_attempt(id, r, r[COUNTED] + 1, outcome, NOW, failure)
      if fingerprint then file_failure(id, fingerprint) end
    end
    if counts then r[COUNTED] = r[COUNTED] + 1 end
    if to >= COMPLETED then
      finish(id, r, to)
      return
    end
    leave(id, r)
    if kind ~= 'r' then set_flag(r, SUSPECT, false) end
    r[HOLDER] = ''
    r[STATE] = to
    r[RUN_AT] = NOW + (to == DELAYED and number or 0)
    stand(id, r, at_head)
    save(id, r)
    tell_state(id, to)
  end

  -- Reads all that is asked of the jobs that do not end as usual, before anything is written.
  local function load_others()
    local ids, epochs = {}, {}
    for _, group in ipairs(groups) do
      local word = group.word
      for _, id in ipairs(group.ids) do
        if not (group.batch and members(group.batch)[id]) then ids[#ids + 1], epochs[#ids + 1] = id, word.epoch end
      end
    end
    local records = load_records(ids, epochs)
    local others = {}
    for i, id in ipairs(ids) do others[id] = records[i] or false end
    return others
  end

  local function settle_other(id, word, payload, r)
    if r and r[STATE] == ACTIVE and r[EPOCH] == word.epoch and r[HOLDER] == session then
      settle(id, r, word, payload)
      return 'a'
    end
    local notice = id .. ' ' .. string.format('%.0f', word.epoch)
    if redis.call('HGET', K.revoked, notice) == session then put('revoked', notice, false) end
    return r and r[SETTLED] == word.epoch and 'a' or 's'
  end

  local function settle_all()
    all_usual()
    local others = load_others()
    for _, group in ipairs(groups) do
      local batch, word = group.batch, group.word
      for i, id in ipairs(group.ids) do
        local r, at = others[id], group.from + i * 2 - 1
        if r ~= nil then
          settled[group.before + i] = settle_other(id, word, ARGV[at], r)
        else
          -- The same settlement twice in one call is applied once.
          if members(batch)[id] then
            take_from_batch(batch, id)
            store_completed(batch, word.epoch, { id }, 1, at)
          end
          settled[group.before + i] = 'a'
        end
      end
    end
    flush()
  end

  -- Leases the same again: the answer to this call was lost.
  local function lease_again(list)
    local said, ids = string.match(list, '^(%d+) ?(.*)$')
    if not said then return end
    epoch = tonumber(said)
    local all, epochs = {}, {}
    if ids == '' then all = held_by(session, math.huge) end
    for id in string.gmatch(ids, '%S+') do all[#all + 1] = id end
    for i = 1, #all do epochs[i] = epoch end
    local records, jobs = load_records(all, epochs)
    local again = {}
    for i, id in ipairs(all) do
      local r = records[i]
      if r and r[STATE] == ACTIVE and r[EPOCH] == epoch and r[HOLDER] == session then
        again[#again + 1] = { id = id, r = r, job = jobs[i] }
      end
    end
    if ids == '' then table.sort(again, function(a, b) return a.r[POSITION] < b.r[POSITION] end) end
    for _, lease in ipairs(again) do describe(lease.id, lease.r, lease.job) end
  end

  if not all_settled then
    promote_due(500)
    settle_all()
    flush_queue()
  end
  if repeated then lease_again(last_leased) elseif claims then claim(max, suspect) end
  next_due = first_delayed()
end

-- What this call leased, to be told again: its epoch, and the ids unless all were usual, and so in the order of the line.
local function leased()
  if lease_count == 0 then return '' end
  local text = string.format(' %.0f', epoch)
  if #specials == 0 then return text end
  return text .. ' ' .. table.concat(lease_ids, ' ')
end

if max > 0 and not repeated then redis.call('HSET', K.calls, slot, call .. leased()) end
local more = 0
if max >= 0 and conf.paused == 0 and not emptied and (waiting() > 0 or redis.call('ZCARD', K.prio) > 0) then
  more = 1
  wake()
end
flush_queue()

return {
  1, all_settled and string.rep('a', count) or table.concat(settled), more, max >= 0 and next_due or -1, NOW, epoch or 0,
  table.concat(specials, '\n'), table.concat(lease_ids, ' '), table.concat(lengths, ' '), table.concat(lease_jobs),
}
