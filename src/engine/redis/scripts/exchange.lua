-- KEYS: conf job run result wait dead prio suspect delayed held hist fp failures ttl keep expiry counted1 counted2 tags
-- KEYS: tagcount meta prog sessions calls revoked events wake done5 done6 done7 done10
-- ARGV: now, session, lane, call, max, suspect, then per settlement: id epoch kind payload number fingerprint
-- Reply: alive, settled (a letter each: a applied, s stale), more, next due or -1, then 13 values a lease
--
-- Settles what a session finished and leases it more, in one step. `max` -1 settles only.
-- include: session record batch queue moves upkeep claim

local session, lane, call = SESSION, ARGV[3], ARGV[4]
local max, suspect = tonumber(ARGV[5]), ARGV[6] == '1'
local settled = {}

local function settle(id, r, epoch, kind, payload, number, fingerprint)
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
  r[SETTLED] = epoch
  if kind == 'c' or kind == 'p' then
    if payload == '' then put('result', id, false) else put('result', id, payload) end
  else
    record_attempt(id, r, r[COUNTED] + 1, outcome, NOW, kind == 'f' and payload or nil)
    if kind == 'f' then file_failure(id, fingerprint) end
  end
  if counts then r[COUNTED] = r[COUNTED] + 1 end
  if to >= COMPLETED then
    finish(id, r, to)
    return
  end
  leave(id, r)
  if kind ~= 'r' then set_flag(r, SUSPECT, false) end
  r.session = ''
  r[STATE] = to
  r[RUN_AT] = NOW + (to == DELAYED and number or 0)
  stand(id, r, at_head)
  put('run', id, pack_run(r))
  tell_state(id, to)
end

local function settle_all()
  local ids = {}
  for i = 7, #ARGV, 6 do ids[#ids + 1] = ARGV[i] end
  if #ids == 0 then return end
  local runs = hmget('run', ids)
  local seen = {}
  for i, id in ipairs(ids) do
    local at = 1 + i * 6
    local epoch = tonumber(ARGV[at + 1])
    local r = seen[id] or (runs[i] and record_of(nil, runs[i]))
    if r then seen[id] = r end
    if r and r[STATE] == ACTIVE and r[EPOCH] == epoch and r.session == session then
      settle(id, r, epoch, ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4]), ARGV[at + 5])
      settled[i] = 'a'
    else
      put('revoked', id .. ' ' .. epoch, false)
      settled[i] = (r and r[SETTLED] == epoch) and 'a' or 's'
    end
  end
  flush()
  flush_queue()
end

-- Leases the same again: the answer to this call was lost.
local function lease_again(list)
  for id, epoch in string.gmatch(list, '(%S+) (%d+)') do
    local records, jobs = load_records({ id })
    local r = records[1]
    if r and r[STATE] == ACTIVE and r[EPOCH] == tonumber(epoch) and r.session == session then
      describe(id, r, jobs[1])
    end
  end
end

local deadline = redis.call('ZSCORE', K.sessions, session)
if not deadline or tonumber(deadline) <= NOW then
  return { 0, string.rep('s', (#ARGV - 6) / 6), 0, -1 }
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

local reply = { 1, table.concat(settled), more, next_due }
for i = 1, #leases do reply[i + 4] = leases[i] end
return reply
