-- KEYS: queue job run result wait priority suspect held leases history errors fingerprints tags tagcount sessions workers seen calls revoked
-- KEYS: events wake
-- KEYS: aside lacking
-- KEYS: spans held_order running expiry builds built status commands
-- KEYS: tally series totals failures
-- ARGV: now, session, command (open, beat, close, held), ttl (held, close: the cursor); for open: worker (JSON), code of its build
-- ('' when it has none), build (JSON); for beat, in the first queue of the session: status ('' when it sends none), the op of the
-- command that it acknowledges ('' for none)
-- Reply: open: 1. beat: 0 when the session has ended; else 1, the latest command to its worker as it is stored, or '', and the
-- leases taken from it: "id epoch why" each. held: the
-- next cursor ("" at the end), and a page of the leases it holds: "id epoch" each. close: the next cursor ("" at the end)
--
-- Opens, renews and closes a session in one queue, and lists its leases.
-- include: session format

local command, ttl = ARGV[3], tonumber(ARGV[4])

if command == 'open' then
  refuse_newer(redis.call('HGET', K.queue, 'format'))
  redis.call('ZADD', K.sessions, NOW + ttl, SESSION)
  redis.call('HSET', K.workers, SESSION, ARGV[5])
  redis.call('HSET', K.seen, SESSION, NOW)
  local code = ARGV[6]
  if code ~= '' then
    redis.call('HSET', K.builds, code, ARGV[7])
    redis.call('ZADD', K.built, NOW, code)
    -- As many as one more session can make too many.
    local oldest = redis.call('ZCARD', K.built) > MOST_BUILDS and redis.call('ZRANGE', K.built, 0, 0)[1]
    if oldest then
      redis.call('HDEL', K.builds, oldest)
      redis.call('ZREM', K.built, oldest)
    end
  end
  return { 1 }
end

-- include: revoked

if command == 'beat' then
  if not life() then return { 0 } end
  redis.call('ZADD', K.sessions, 'XX', NOW + ttl, SESSION)
  redis.call('HSET', K.seen, SESSION, NOW)
  local command_to_it = ''
  if ARGV[5] then
    if ARGV[5] ~= '' then redis.call('HSET', K.status, SESSION, ARGV[5]) end
    command_to_it = redis.call('HGET', K.commands, SESSION) or ''
    local at, name, op = string.match(command_to_it, '^(%d+) 0 (%a+)\n([^\n]+)')
    if op and op == ARGV[6] then
      local rest = string.sub(command_to_it, #at + 4 + #name)
      command_to_it = string.format('%s %.0f %s', at, NOW, name) .. rest
      redis.call('HSET', K.commands, SESSION, command_to_it)
    end
  end
  return { 1, command_to_it, unpack(revoked_from(SESSION, MOST_LOOKED_AT)) }
end

-- include: record codec batch queue lease walk holding aside tally filing moves session-end

read_queue()

-- The cursor is the epoch of the last exchange that was looked at. A page looks at exchanges of all sessions.
if command == 'held' then
  local reply = { '' }
  if redis.call('HEXISTS', K.running, SESSION) == 0 then return reply end
  local walk, last = walk_leases(tonumber(ARGV[4]) or 0), nil
  while true do
    local given = walk.next()
    if not given then return reply end
    if walk.looked > MOST_LOOKED_AT / 2 and last then
      reply[1] = string.format('%.0f', last)
      return reply
    end
    last = given.epoch
    if given.session == SESSION then
      for _, id in ipairs(walk.ids_of(given)) do reply[#reply + 1] = string.format('%s %.0f', id, last) end
    end
  end
end

-- Returns an active job to the head of its queue.
local function return_to_head(id, r)
  end_lease(id, r)
  if has(r, TAGGED) then count_tags(id, ACTIVE, -1) end
  r[STATE], r[RUN_AT], r[HOLDER] = QUEUED, NOW, ''
  insert_queued(id, r, true)
  if has(r, TAGGED) then count_tags(id, QUEUED, 1) end
  save(id, r)
  emit_move(id, r, ACTIVE, 'return')
end

-- Returns what the session holds, the latest lease first, so that the first ends up at the very head. Of much some in each
-- call: then the answer is the epoch before which the next call goes on.
local function return_some()
  local walk, ids, epochs, before = walk_leases(tonumber(ARGV[4]) or math.huge, true), {}, {}, ''
  while true do
    local given = walk.next()
    if not given then break end
    if given.session == SESSION then
      local jobs = walk.ids_of(given)
      for i = #jobs, 1, -1 do
        -- What this call returns is not there any more when the next one looks at this exchange again.
        if #ids == MOST_HANDED_BACK then before = string.format('%.0f', given.epoch + 1) break end
        ids[#ids + 1], epochs[#epochs + 1] = jobs[i], given.epoch
      end
      if before ~= '' then break end
    end
    if walk.looked > MOST_LOOKED_AT / 2 or #ids >= MOST_HANDED_BACK then
      before = string.format('%.0f', given.epoch)
      break
    end
  end
  local records = load_records(ids, epochs)
  read_histories(ids)
  for i, id in ipairs(ids) do
    local r = records[i]
    if r then
      record_attempt(id, r, r[COUNTED] + 1, 'returned', NOW)
      return_to_head(id, r)
    else
      drop_unreadable(id, SESSION, epochs[i])
    end
  end
  flush()
  return redis.call('HEXISTS', K.running, SESSION) == 1 and before or ''
end

if redis.call('ZSCORE', K.sessions, SESSION) then
  local before = ''
  if redis.call('HEXISTS', K.running, SESSION) == 1 then before = return_some() end
  -- Until all is returned, it is refused as a dead one is: nothing more may be leased to it.
  if before ~= '' or not end_session(SESSION, tonumber(redis.call('HGET', K.running, SESSION))) then
    redis.call('ZADD', K.sessions, DEAD + NOW, SESSION)
    flush()
    flush_queue()
    return before ~= '' and before or '0'
  end
  flush()
  -- What it had run may be due to be removed: another worker is to look.
  if redis.call('EXISTS', K.expiry) == 1 then wake() end
  flush_queue()
end
return ''
