-- Places in sorted sets, whose members are ordered by score, then by id.

-- Does one id come before another? By bytes, as Redis orders members: Lua's own comparison follows the server's locale.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- How many members come before a place, in O(log² n) however many have one score; and whether its id stands there.
local function count_before(key_name, key, id)
  local score = string.format('%.17g', key)
  if tonumber(redis.call('ZSCORE', K[key_name], id) or nil) == key then return redis.call('ZRANK', K[key_name], id), true end
  local low = redis.call('ZCOUNT', K[key_name], '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', K[key_name], score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if precedes(redis.call('ZRANGE', K[key_name], middle, middle)[1], id) then low = middle + 1 else high = middle end
  end
  return low, false
end
