-- Taking JSON text apart without decoding it: what users store must come out as it came in, digits, empty lists and all.

-- The string that begins at `from`, as it is written, and the place after it; '""' when there is none.
local function json_string(text, from)
  local at = from and string.byte(text, from) == 34 and string.find(text, '["\\]', from + 1)
  while at and string.byte(text, at) == 92 do at = string.find(text, '["\\]', at + 2) end
  if not at then return '""', #text end
  return string.sub(text, from, at), at + 1
end
