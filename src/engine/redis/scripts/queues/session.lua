-- KEYS: queue job run result wait priority suspect held leases history errors tags tagcount sessions workers seen calls revoked
-- KEYS: events wake
-- KEYS: aside lacking
-- ARGV: now, session, command (open, beat, close, held), ttl (held: the cursor), worker (JSON, for open)
-- Reply: open, close: 1. beat: 0 when the session has ended; else 1 and the leases taken from it: "id epoch why" each.
-- held: the next cursor ("" at the end), and a page of the leases it holds: "id epoch" each
--
-- Opens, renews and closes a session in one queue, and lists its leases.
-- include: session format

local command, ttl = ARGV[3], tonumber(ARGV[4])

local function forget_session()
  redis.call('ZREM', K.sessions, SESSION)
  redis.call('HDEL', K.workers, SESSION)
  redis.call('HDEL', K.seen, SESSION)
  redis.call('HDEL', K.calls, SESSION .. ' 0', SESSION .. ' 1')
end

local function revoked_leases()
  local leases = {}
  if redis.call('HLEN', K.revoked) > 0 then
    local all = redis.call('HGETALL', K.revoked)
    for i = 1, #all, 2 do
      if string.sub(all[i + 1], 2) == SESSION then leases[all[i]] = string.sub(all[i + 1], 1, 1) end
    end
  end
  return leases
end

if command == 'open' then
  refuse_newer(redis.call('HGET', K.queue, 'format'))
  redis.call('ZADD', K.sessions, NOW + ttl, SESSION)
  redis.call('HSET', K.workers, SESSION, ARGV[5])
  redis.call('HSET', K.seen, SESSION, NOW)
  return { 1 }
end

local deadline = redis.call('ZSCORE', K.sessions, SESSION)

if command == 'beat' then
  if not life() then return { 0 } end
  redis.call('ZADD', K.sessions, 'XX', NOW + ttl, SESSION)
  redis.call('HSET', K.seen, SESSION, NOW)
  local reply = { 1 }
  for lease, why in pairs(revoked_leases()) do reply[#reply + 1] = lease .. ' ' .. why end
  return reply
end

-- include: record codec batch queue lease holding aside moves

read_queue()

-- A cursor is the letter of the structure to scan, `held` first, and the place to go on from. A page scans a fixed number
-- of entries of all sessions: a small hash is scanned whole, and a few batches with the last page of `held`.
local function held_page()
  local which, from = string.match(ARGV[4], '^([hl])(%d+)$')
  local reply = { '' }
  local function look(key_name, cursor, count)
    local page = redis.call('HSCAN', K[key_name], cursor, 'COUNT', count)
    for i = 1, #page[2], 2 do
      local field, value = page[2][i], page[2][i + 1]
      if key_name == 'held' then
        if string.sub(value, RUN_SIZE + 1) == SESSION then
          reply[#reply + 1] = string.format('%s %.0f', field, unpack_run(value)[EPOCH])
        end
      elseif string.sub(value, 1, #SESSION + 1) == SESSION .. '\n' then
        local batch = parse_batch(value)
        for id in pairs(batch and members(batch) or {}) do reply[#reply + 1] = id .. ' ' .. field end
      end
    end
    reply[1] = page[1] ~= '0' and string.sub(key_name, 1, 1) .. page[1] or ''
  end
  if which ~= 'l' then
    look('held', from or 0, 500)
    if reply[1] ~= '' then return reply end
    local batches = redis.call('HLEN', K.leases)
    if batches > 50 then reply[1] = 'l0' end
    if batches == 0 or batches > 50 then return reply end
    from = 0
  end
  look('leases', from, 50)
  return reply
end

if command == 'held' then return held_page() end

-- Returns an active job to the head of its queue.
local function return_to_head(id, r)
  end_lease(id, r)
  if has(r, TAGGED) then count_tags(id, ACTIVE, -1) end
  r[STATE], r[RUN_AT], r[HOLDER] = QUEUED, NOW, ''
  insert_queued(id, r, true)
  if has(r, TAGGED) then count_tags(id, QUEUED, 1) end
  save(id, r)
  emit_state(id, QUEUED)
end

local function return_all()
  local held, ids = held_by(SESSION, math.huge), {}
  -- In reverse, so that the first ends up at the very head.
  for i = #held, 1, -1 do ids[#ids + 1] = held[i] end
  local records = load_records(ids)
  for i, id in ipairs(ids) do
    local r = records[i]
    if r then
      record_attempt(id, r, r[COUNTED] + 1, 'returned', NOW)
      return_to_head(id, r)
    else
      drop_unreadable(id)
    end
  end
  flush()
  flush_queue()
end

if deadline then
  return_all()
  for lease in pairs(revoked_leases()) do redis.call('HDEL', K.revoked, lease) end
  forget_session()
end
return { 1 }
