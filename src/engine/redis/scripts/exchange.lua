-- KEYS: conf job run result wait dead prio suspect delayed held hist err fp failures ttl keep expiry counted1 counted2 tags
-- KEYS: tagcount meta prog sessions calls revoked events wake done5 done6 done7 done10
-- ARGV: now, session, lane, call, max, suspect, then per settlement: id, how (see below), payload
-- Reply: alive, settled (a letter each: a applied, s stale), more, next due or -1, now, then 4 values a lease
--
-- Settles what a session finished and leases it more, in one step. `max` -1 settles only.
-- include: session record batch queue moves upkeep claim

local session, lane, call = SESSION, ARGV[3], ARGV[4]
local max, suspect = tonumber(ARGV[5]), ARGV[6] == '1'
local settled = {}

local function record_by_id(id)
  local records = load_records({ id })
  return records[1]
end

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

-- The usual end: a job without anything special completes. Answers false for any other. It does what `settle` does,
-- without making a record of it and with the lists it appends to at hand; `settle_all` fetches them, for every flush makes
-- new ones.
local run_puts, result_puts, held_removals, done_tail

local function complete_usual(id, raw, epoch, result)
  local state, flags, counted, attempts, crashes, its_epoch, _, priority, _, created, run_at, started =
    struct.unpack(RUN_FORMAT, raw)
  if state ~= ACTIVE or flags ~= 0 or its_epoch ~= epoch or string.sub(raw, RUN_SIZE + 1) ~= session or result == '' then
    return false
  end
  if not done_tail then
    end_of(COMPLETED)
    done_tail = args_of(RPUSH, 'done5')
  end
  local n = run_puts.n
  run_puts[n + 1] = id
  run_puts[n + 2] = struct.pack(RUN_FORMAT, COMPLETED, 0, counted + 1, attempts, crashes, epoch, epoch,
    priority, done_tail.first + done_tail.n, created, run_at, started, NOW) .. session
  run_puts.n = n + 2
  n = result_puts.n
  result_puts[n + 1] = id
  result_puts[n + 2] = result
  result_puts.n = n + 2
  n = done_tail.n + 1
  done_tail[n] = id
  done_tail.n = n
  n = held_removals.n + 1
  held_removals[n] = id
  held_removals.n = n
  if watched then tell_state(id, COMPLETED) end
  return true
end

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

local function settle_all()
  local ids = {}
  for i = 7, #ARGV, 3 do ids[(i - 4) / 3] = ARGV[i] end
  if #ids == 0 then return end
  run_puts, result_puts, held_removals = args_of(HSET, 'run'), args_of(HSET, 'result'), args_of(HDEL, 'held')
  local held = hmget('held', ids)
  local seen, completed = {}, {} -- jobs settled before in this call: their records, or the epoch that completed them
  for i, id in ipairs(ids) do
    local word, payload, raw = word_of(ARGV[i * 3 + 5]), ARGV[i * 3 + 6], held[i]
    local epoch = word.epoch
    local before = seen[id] or completed[id]
    if word.kind == 'c' and raw and not before and #raw >= RUN_SIZE and complete_usual(id, raw, epoch, payload) then
      completed[id] = epoch
      settled[i] = 'a'
    elseif completed[id] then
      settled[i] = completed[id] == epoch and 'a' or 's'
    else
      local r = before or record_by_id(id)
      seen[id] = r
      if r and r[STATE] == ACTIVE and r[EPOCH] == epoch and r[HOLDER] == session then
        settle(id, r, word, payload)
        settled[i] = 'a'
      else
        local notice = id .. ' ' .. epoch
        if redis.call('HGET', K.revoked, notice) == session then put('revoked', notice, false) end
        settled[i] = (r and r[SETTLED] == epoch) and 'a' or 's'
      end
    end
  end
  flush()
  flush_queue()
end

-- Leases the same again: the answer to this call was lost.
local function lease_again(list)
  for lease in string.gmatch(list, '%S+') do
    local id, epoch = string.match(lease, '^([^@]+)@?(%d*)$')
    local records, jobs = load_records({ id })
    local r = records[1]
    if r and r[STATE] == ACTIVE and r[EPOCH] == (tonumber(epoch) or 1) and r[HOLDER] == session then
      describe(id, r, jobs[1])
    end
  end
end

local deadline = redis.call('ZSCORE', K.sessions, session)
if not deadline or tonumber(deadline) <= NOW then
  return { 0, string.rep('s', (#ARGV - 6) / 3), 0, -1, NOW }
end

promote_due(500)
settle_all()

if max > 0 then
  local slot_name = session .. ' ' .. lane
  local last = redis.call('HGET', K.calls, slot_name)
  local last_call, list = string.match(last or '', '^(%d+) ?(.*)$')
  if last_call == call then
    lease_again(list)
  else
    if conf.paused == 0 then claim(max, suspect) end
    redis.call('HSET', K.calls, slot_name, call .. ' ' .. table.concat(leased, ' '))
  end
end

local more, next_due = 0, -1
if max >= 0 then
  if conf.paused == 0 and (waiting() > 0 or redis.call('ZCARD', K.prio) > 0) then
    more = 1
    wake()
  end
  local first = redis.call('ZRANGE', K.delayed, 0, 0, 'WITHSCORES')
  if first[2] then next_due = tonumber(first[2]) end
end
flush_queue()

local reply = { 1, table.concat(settled), more, next_due, NOW }
for i = 1, lease_count * 4 do reply[i + 5] = leases[i] end
return reply
