-- Reading ties (see ties.lua).
-- Needs: record.lua.

local POLICY, REMOVED = 16, 11

local function end_of_tie(score) return score % POLICY end

local function policy_of_tie(score) return math.floor(score / POLICY) end

local function is_success(state) return state == COMPLETED or state == PARTIAL end

-- The other ends of the ties of a job, and what is said of each: a flat list, after `from` (exclusive) if given, at most
-- `limit`.
local VALUES = { deps = 'dep', kids = 'kid' }

local function ties_of(key, id, from, limit)
  local first = from and '(' .. id .. '\0' .. from or '[' .. id .. '\0'
  local members = redis.call('ZRANGEBYLEX', K[key], first, '(' .. id .. '\1', 'LIMIT', 0, limit or -1)
  local ties = {}
  for i = 1, #members, 1000 do
    local part = { unpack(members, i, math.min(i + 999, #members)) }
    local values = redis.call('HMGET', K[VALUES[key]], unpack(part))
    for j, member in ipairs(part) do
      ties[#ties + 1] = string.sub(member, #id + 2)
      ties[#ties + 1] = sane.number(values[j])
    end
  end
  return ties
end

-- Writes and removes ties. With batch.lua.
local function bind(key, member, value)
  score(key, member, 0)
  if value then put(VALUES[key], member, value) end
end

local function cut(key, member)
  score(key, member, false)
  put(VALUES[key], member, false)
end
