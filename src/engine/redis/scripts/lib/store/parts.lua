-- Jobs whose sizes are known only when they are read, within one reply of a bounded size.

-- Calls `handle` with some of the items after the other from an index on, few at a time: as many as will fit into MOST_REPLIED
-- bytes if they are like those before. `bytes` answers how many there are by now; the items at the end are left to the next
-- call. Returns the index of the first of them.
local function in_parts(items, first, handle, bytes)
  local from, most = first, 5
  while from <= #items and bytes() < MOST_REPLIED do
    local last = math.min(from + most - 1, #items)
    handle({ unpack(items, from, last) })
    from = last + 1
    local each = bytes() / (from - first)
    most = math.max(1, math.min(100, math.floor((MOST_REPLIED - bytes()) / math.max(each, 1))))
  end
  return from
end
