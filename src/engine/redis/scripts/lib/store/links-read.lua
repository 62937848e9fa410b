-- Reading links, and writing single ones (see links.lua).
-- Needs: record.lua, batch.lua.

local function is_success(state) return state == COMPLETED or state == PARTIAL end

-- How a dependency ended; 0 while it has not. A job that waits again counts only the successes of earlier rounds.
local function end_of_link(value, round)
  local state = value % POLICY_STEP
  return (is_success(state) or math.floor(value / ROUND_STEP) == round) and state or 0
end

local function policy_of_link(value) return math.floor(value % ROUND_STEP / POLICY_STEP) end

-- The links of a job: the other ends, each followed by its value, as a flat list; after `from` (exclusive) if given, at
-- most `limit`.
local value_keys = { dependencies = 'dependency', dependents = 'dependent' }

local function links_of(key_name, id, from, limit)
  local first = from and '(' .. id .. '\0' .. from or '[' .. id .. '\0'
  local members = redis.call('ZRANGEBYLEX', K[key_name], first, '(' .. id .. '\1', 'LIMIT', 0, limit)
  local links = {}
  for i = 1, #members, 1000 do
    local part = { unpack(members, i, math.min(i + 999, #members)) }
    local values = redis.call('HMGET', K[value_keys[key_name]], unpack(part))
    for j, member in ipairs(part) do
      links[#links + 1] = string.sub(member, #id + 2)
      links[#links + 1] = sane_number(values[j])
    end
  end
  return links
end

local function add_link(key_name, member, value)
  score(key_name, member, 0)
  if value then put(value_keys[key_name], member, value) end
end

local function remove_link(key_name, member)
  score(key_name, member, false)
  put(value_keys[key_name], member, false)
end
