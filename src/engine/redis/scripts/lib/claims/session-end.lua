-- Ending a session that holds nothing any more.
-- Needs: batch.lua, queue.lua, revoked.lua.

local any_revoked -- are any leases revoked?
local revoked_left = MOST_LOOKED_AT -- how many more revocations this call may remove

-- Removes a session with all that is stored about it; returns false when some of it may be left to the next call. `lost`: how
-- many leases it is counted to hold, which are nowhere and end with it.
local function end_session(session, lost)
  if any_revoked == nil then any_revoked = redis.call('EXISTS', K.revoked) == 1 end
  if any_revoked and #revoked_from(session, 1) > 0 then
    local revoked = revoked_from(session, revoked_left)
    for _, lease in ipairs(revoked) do score('revoked', session .. '\0' .. lease, false) end
    revoked_left = revoked_left - #revoked
    if revoked_left == 0 then return false end
  end
  if lost then set_conf('active', conf.active - lost) end
  score('sessions', session, false)
  for _, key_name in ipairs({ 'workers', 'seen', 'running', 'status', 'commands' }) do put(key_name, session, false) end
  for lane = 0, 1 do put('calls', session .. ' ' .. lane, false) end
  return true
end
