-- Unique keys. The entry of a key is `<id>|<mode>`: f owned until the job finished, s until it started, or until a time. An
-- entry whose job has released the key, or is removed, is free to be taken.
-- Mirrors engine/shared/unique-key.ts.
-- Needs: record.lua, codec.lua, batch.lua, holding.lua, moves.lua.

local owned_keys = {}

local function record_by_id(id)
  if fresh[id] then return fresh[id] end
  local records = load_records({ id })
  return records[1]
end

-- The job that owns a unique key now: its id and record.
local function owner_of(key)
  local entry = owned_keys[key] or redis.call('HGET', K.unique, key)
  if not entry then return nil end
  local id, mode = string.match(entry, '^([^|]+)|(.+)$')
  local r = record_by_id(id)
  if not r then return nil end
  local owned
  -- A job past its ttl that the next sweep would expire is expired here.
  if (mode == UNTIL_FINISHED or mode == UNTIL_STARTED) and has(r, TTL) and tonumber(redis.call('ZSCORE', K.ttl, id) or NOW + 1) <= NOW then
    finish(id, r, EXPIRED, 'expire')
    fresh[id] = r
    return nil
  end
  if mode == UNTIL_FINISHED then owned = r[STATE] < COMPLETED
  elseif mode == UNTIL_STARTED then owned = r[STATE] < COMPLETED and r[EPOCH] == 0
  else owned = sane_number(mode) > NOW end
  if owned then return id, r end
end

local function own_key(id, key, mode)
  owned_keys[key] = id .. '|' .. mode
  put('unique', key, owned_keys[key])
end
