-- Jobs whose sizes are known only when they are read, within one reply of a bounded size.

-- Calls `handle` with the ids in ARGV from an index on, few at a time: as many as will fit into MOST_REPLIED bytes if they are
-- like those before. `bytes` answers how many there are by now; the ids at the end are left to the next call.
local function in_parts(first, handle, bytes)
  local from, most = first, 5
  while from <= #ARGV and bytes() < MOST_REPLIED do
    local last = math.min(from + most - 1, #ARGV)
    handle({ unpack(ARGV, from, last) })
    from = last + 1
    local each = bytes() / (from - first)
    most = math.max(1, math.min(100, math.floor((MOST_REPLIED - bytes()) / math.max(each, 1))))
  end
end
