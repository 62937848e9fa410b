-- Forgetting jobs: everything stored about them goes. Mirrors `forget` in engine/memory/store/transitions.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, moves.lua.

-- How many checkpoints one call may forget before it leaves the rest to the next: of one job there may be 10,000.
local MOST_LEFT = 10000
local left_forgotten = 0

-- Forgets what the runs of a job left: its checkpoints.
local function forget_left(id, r)
  if not has(r, LEFT) then return end
  local most = math.min(sane.number(redis.call('HGET', K.left, id)), MOST_LEFT)
  for seq = 1, most do put('check', id .. '\0' .. seq, false) end
  left_forgotten = left_forgotten + most
  put('left', id, false)
  set_flag(r, LEFT, false)
end

-- Its application need not be told any more that a job was superseded.
local function forget_owed(id)
  local member = (redis.call('HGET', K.owed, id) or '') .. '\0' .. id
  score('owing', member, false)
  score('handed', member, false)
  put('owed', id, false)
end

-- Forgets a job: everything stored about it.
local function forget(id, r)
  leave(id, r)
  aside.clear(id, r)
  forget_left(id, r)
  if r[STATE] == SUPERSEDED then forget_owed(id) end
  if has(r, SUPERSEDES) then
    local key = redis.call('HGET', K.skey, id)
    if key and redis.call('HGET', K.latest, key) == id then put('latest', key, false) end
    put('skey', id, false)
  end
  if has(r, TTL) then score('ttl', id, false) end
  if has(r, UNIQUE) then
    local key = string.sub(redis.call('HGET', K.ukey, id) or '', 3)
    local entry = redis.call('HGET', K.unique, key)
    if entry and string.sub(entry, 1, #id + 1) == id .. '|' then put('unique', key, false) end
    put('ukey', id, false)
  end
  if has(r, TAGGED) then
    for tag in string.gmatch(redis.call('HGET', K.tags, id) or '', '[^\n]+') do
      score('tagged', tag .. '\0' .. id, false)
    end
    put('tags', id, false)
  end
  local fingerprint = redis.call('HGET', K.fp, id)
  if fingerprint then
    score('failures', fingerprint .. '|' .. id, false)
    put('fp', id, false)
  end
  if has(r, AFTER) then
    put('pend', id, false)
    put('round', id, false)
  end
  -- Its ties go when those at their other ends have been told.
  if has(r, NEEDED) or has(r, AFTER) then note_news(id) end
  for _, name in ipairs({ 'job', 'run', 'result', 'hist', 'log', 'prog', 'meta', 'keep', 'nonce', 'op', 'err', 'failed' }) do
    put(name, id, false)
  end
  tell('{"kind":"removed","id":"' .. id .. '"}')
end
