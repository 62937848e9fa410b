-- The last commands that were applied to a job: a text, one a line, the latest first. Mirrors engine/shared/operations.ts.

local function has_operation(operations, op)
  return operations and string.find('\n' .. operations .. '\n', '\n' .. op .. '\n', 1, true) ~= nil
end

-- With one more command; the oldest is forgotten when there are too many.
local function with_operation(operations, op)
  if not operations then return op end
  local last = 0
  for _ = 1, MOST_OPERATIONS - 1 do
    last = string.find(operations, '\n', last + 1, true)
    if not last then return op .. '\n' .. operations end
  end
  return op .. '\n' .. string.sub(operations, 1, last - 1)
end
