-- Reading ties, and writing single ones (see ties.lua).
-- Needs: record.lua, batch.lua.

local function end_of_tie(score) return score % POLICY_STEP end

local function policy_of_tie(score) return math.floor(score / POLICY_STEP) end

local function is_success(state) return state == COMPLETED or state == PARTIAL end

-- The other ends of the ties of a job, and what is said of each: a flat list, after `from` (exclusive) if given, at most
-- `limit`.
local value_keys = { dependencies = 'dependency', dependents = 'dependent' }

local function ties_of(key_name, id, from, limit)
  local first = from and '(' .. id .. '\0' .. from or '[' .. id .. '\0'
  local members = redis.call('ZRANGEBYLEX', K[key_name], first, '(' .. id .. '\1', 'LIMIT', 0, limit or -1)
  local ties = {}
  for i = 1, #members, 1000 do
    local part = { unpack(members, i, math.min(i + 999, #members)) }
    local values = redis.call('HMGET', K[value_keys[key_name]], unpack(part))
    for j, member in ipairs(part) do
      ties[#ties + 1] = string.sub(member, #id + 2)
      ties[#ties + 1] = sane_number(values[j])
    end
  end
  return ties
end

-- Writes and removes ties.
local function bind(key_name, member, value)
  score(key_name, member, 0)
  if value then put(value_keys[key_name], member, value) end
end

local function cut(key_name, member)
  score(key_name, member, false)
  put(value_keys[key_name], member, false)
end
