-- Shared by both exchange scripts: reading the call (`read_call`, which each calls first), the fast path of settling and
-- leasing, and the answer.
-- ARGV: now, session, lane, call, max, suspect, tasks whose jobs it takes of those set aside, its longest time to live once
-- it is given a job (milliseconds), the latest epoch it was given, how many bytes of jobs other queues have given the same claim, what is
-- counted of the settlements in the series (each of the scripts reads it in its own way), then per group of settlements: how (see
-- `read_settlements`), their number, and for each its id and payload
-- Reply: alive (3 when messages wait in the outbox), settled (a letter each: a applied, s stale; with fewer letters than
-- settlements nothing was claimed, and the rest is to be sent again), more (-1: it is paused), next due or -1,
-- now, epoch, what is out of the ordinary about leases (JSON objects, one a line), their ids, the lengths of the stored
-- jobs, and these one after the other
-- Needs: session.lua, record.lua, batch.lua, queue.lua, lease.lua, give.lua, aside-claim.lua.

local lane, call, max, suspect -- what is asked for
-- The settlements as sent, in order: groups of equal endings, with the place of their ids and payloads.
local groups, count = {}, 0
local alive, late, next_due -- the session, and when the queue has something to do again
local repeated, overtaken, claims, last_leased -- of the calls of this lane

-- Each ending is one text: its epoch, the letter of its outcome (c completed, p partial, f failed, s snoozed, r returned, d
-- declined, w waits) and milliseconds to wait, -1 for never again. Most are equal, so each text is parsed once.
local function read_settlements()
  local endings, at = {}, 12
  while at <= #ARGV do
    local text, n = ARGV[at], tonumber(ARGV[at + 1])
    local ending = endings[text]
    if not ending then
      local epoch, kind, number = string.match(text, '^(%d+)(%a)(-?%d*)$')
      ending = { epoch = tonumber(epoch), kind = kind, number = tonumber(number) }
      endings[text] = ending
    end
    groups[#groups + 1] = { ending = ending, from = at + 2, n = n, before = count }
    at, count = at + 2 + n * 2, count + n
  end
end

-- When the first delayed job or schedule is due; one that is due already is left to the next sweep.
local function first_due()
  local delayed = tonumber(redis.call('ZRANGE', K.delayed, '0', '0', 'WITHSCORES')[2])
  return conf.sdue > NOW and math.min(conf.sdue, delayed or math.huge) or delayed
end

-- Reads the call, and the state of its session and lane.
local function read_call()
  lane, call, max, suspect = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1'
  lease_bytes = tonumber(ARGV[10])
  read_settlements()
  alive, late = life()
  next_due = first_due()
  local last, last_call = max > 0 and redis.call('HGET', K.calls, SESSION .. ' ' .. lane) or ''
  last_call, last_leased = string.match(last, '^(%d+) ?(.*)$')
  repeated = last_call == call
  -- A call overtaken by a later one leases nothing: its answer is not awaited any more.
  overtaken = last_call and tonumber(last_call) > tonumber(call)
  claims = max > 0 and conf.paused == 0 and not repeated and not overtaken
end

-- Completes jobs of a batch, the usual end of a run: the first `n` of `ids`, whose results are in ARGV two apart from `at`
-- on. What the jobs of a batch have in common is computed once. `task`: the name of their task, if it is known.
local function store_completed(batch, epoch, ids, n, at, task)
  local position = end_of_completed()
  local runs, done = args_of(HSET, 'run'), args_of(RPUSH, 'done5')
  local front = struct.pack('<BBI6', SHORT + COMPLETED, #SESSION, epoch)
  local tail = struct.pack('<I6I6', batch.started, NOW) .. SESSION
  local pack, run_count, done_count = struct.pack, runs.n, done.n
  for i = 1, n do
    local id, result = ids[i], ARGV[at + i * 2 - 2]
    if #result > MOST_INLINE then
      put('result', id, result)
      result = ''
    end
    runs[run_count + 1] = id
    runs[run_count + 2] = front .. pack('<I6', position) .. tail .. result
    run_count = run_count + 2
    position = position + 1
    done[done_count + i] = id
  end
  runs.n, done.n = run_count, done_count + n
  if watched then
    local duration = with_duration(batch.started)
    for i = 1, n do
      emit_state(ids[i], COMPLETED, task or task_of(redis.call('HGET', K.job, ids[i]) or ''), 'complete', 1, duration)
    end
  end
end

-- Finds the batch of each completing group; returns whether the fast path can settle everything. A group that is its whole
-- batch, in order, is recognized by its ids as one text.
local function all_usual()
  local usual = true
  for _, group in ipairs(groups) do
    local batch = group.ending.kind == OUTCOME_COMPLETE and batch_of(group.ending.epoch)
    local ids = {}
    for i = 1, group.n do ids[i] = ARGV[group.from + i * 2 - 2] end
    group.ids = ids
    if batch and batch.session == SESSION then
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

-- `task`: the name of the task of all of them, if it is known.
local function settle_usual(task)
  for _, group in ipairs(groups) do
    local batch = group.batch
    if group.whole then
      batch.changed, batch.over = true, true
    else
      for _, id in ipairs(group.ids) do take_from_batch(batch, id) end
    end
    count_active(SESSION, -group.n)
    store_completed(batch, group.ending.epoch, group.ids, group.n, group.from + 1, task)
  end
end

local head -- the jobs at the head of the queue, if all of them are usual
local left -- is anything left in the waiting list? nil: that is not known

-- Reads stored jobs until they are as long as those of one claim may be, some at a time, few at first; returns them and their
-- lengths, or nil when one is not usual.
local function read_usual(ids)
  local jobs, sizes, bytes, n, page = {}, {}, lease_bytes, 0, FEW_READ_AT_ONCE
  while n < #ids do
    local read = redis.call('HMGET', K.job, unpack(ids, n + 1, math.min(n + page, #ids)))
    for i = 1, #read do
      local job = read[i]
      if not is_usual(job) then return nil end
      sizes[n + i] = #job
      bytes = bytes + #job
      if bytes > MOST_CLAIMED_BYTES then
        for last = #read, i + 1, -1 do read[last] = nil end
        break
      end
    end
    -- Most calls read all at once.
    if n == 0 then jobs = read
    else
      for i = 1, #read do jobs[n + i] = read[i] end
    end
    n = #jobs
    if bytes > MOST_CLAIMED_BYTES then break end
    page = math.min(page * 2, MOST_READ_AT_ONCE)
  end
  return jobs, sizes
end

-- Reads the head of the queue; returns whether the fast path can lease all of it.
local function head_is_usual()
  -- Suspects that are not asked for do not rule out the fast path.
  if redis.call('EXISTS', K.priority, K.tombstones, K.aside, suspect and K.suspect or K.priority) > 0 then return false end
  -- One more than is asked for, which says whether any is left.
  local ids = redis.call('LRANGE', K.wait, '0', ARGV[5])
  local more = #ids > max
  ids[max + 1] = nil
  local list = table.concat(ids, ' ')
  if string.find(list, MOVED, 1, true) then return false end
  local asked, jobs, sizes = #ids, read_usual(ids)
  if not jobs then return false end
  if #jobs < asked then
    ids = { unpack(ids, 1, #jobs) }
    list, more = table.concat(ids, ' '), true
  end
  head = { ids = ids, list = list, jobs = jobs, sizes = sizes, more = more }
  return true
end

local function lease_head()
  local n = #head.ids
  lease_ids, lease_jobs, lengths, lease_count = head.ids, head.jobs, head.sizes, n
  left = head.more
  if n == 0 then return end
  lease_batch(head.list, n, conf.base)
  redis.call('LTRIM', K.wait, whole(n), '-1')
  set_conf('base', conf.base + n)
  if watched then
    for i = 1, n do emit_state(head.ids[i], ACTIVE, task_of(head.jobs[i]), 'lease', 1) end
  end
end

-- What this call leased, for a repeated call: its epoch, and the ids unless all were usual, and so in queue order.
local function leased()
  if lease_count == 0 then return '' end
  local text = ' ' .. whole(epoch)
  if #specials == 0 then return text end
  return text .. ' ' .. table.concat(lease_ids, ' ')
end

-- When the queue has something to do again. A worker at rest is to know of the next end of a ttl, too; one at work sweeps every
-- second.
local function due_next()
  if max < 0 then return -1 end
  local ttl = lease_count == 0 and redis.call('ZRANGEBYSCORE', K.ttl, '(' .. NOW, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  return ttl and math.min(tonumber(ttl), next_due or math.huge) or next_due
end

-- Stores what was leased and answers the call.
local function answer(letters, messages_pending)
  if not alive then return { 0, letters, 0, -1, NOW, 0, '', '', '', '' } end
  if max > 0 and not repeated and not overtaken then redis.call('HSET', K.calls, SESSION .. ' ' .. lane, call .. leased()) end
  if lease_count > 0 and ARGV[8] ~= '' and alive > NOW + tonumber(ARGV[8]) then
    redis.call('ZADD', K.sessions, 'XX', NOW + ARGV[8], SESSION)
    redis.call('HSET', K.seen, SESSION, NOW)
  end
  local more = conf.paused == 0 and 0 or -1
  if conf.paused == 0 and left ~= false and (max >= 0 or conf.lined) then
    if left or waiting() > 0 or redis.call('EXISTS', K.priority) > 0 or max >= 0 and waits_aside(ARGV[7]) then
      more = max >= 0 and 1 or 0
      wake()
    elseif conf.lined and redis.call('EXISTS', K.suspect, K.aside) > 0 then
      wake()
    end
  end
  conf.lined = nil
  write_queue()
  return {
    messages_pending and ALIVE_WITH_MESSAGES or 1, letters, more, due_next() or -1, NOW, epoch or 0, table.concat(specials, '\n'),
    table.concat(lease_ids, ' '), table.concat(lengths, ' '), table.concat(lease_jobs),
  }
end
