-- Leases that a command took away, until their session settles them: `session NUL id epoch why` in `revoked`, in lexical
-- order.

-- Those of a session, as `id epoch why`; at most `limit`.
local function revoked_from(session, limit)
  local from = session .. '\0'
  local found = redis.call('ZRANGEBYLEX', K.revoked, '[' .. from, '(' .. session .. '\1', 'LIMIT', 0, limit)
  for i, entry in ipairs(found) do found[i] = string.sub(entry, #from + 1) end
  return found
end
