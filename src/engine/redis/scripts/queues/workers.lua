-- KEYS: queue sessions workers seen running status commands
-- ARGV: now, cursor (0 = from the start)
-- Reply: the next cursor (0 at the end), now, then per session: id, worker (JSON), last heartbeat, how many jobs it holds, its
-- deadline (now: declared dead), status, latest command
--
-- A page of the sessions of a queue. One may be on two pages.
-- include: format record batch

refuse_newer(redis.call('HGET', K.queue, 'format'))

local page = redis.call('HSCAN', K.workers, ARGV[2], 'COUNT', 20)
local sessions, infos = {}, {}
for i = 1, #page[2], 2 do sessions[#sessions + 1], infos[#infos + 1] = page[2][i], page[2][i + 1] end
local seen, running = hmget('seen', sessions), hmget('running', sessions)
local statuses, commands = hmget('status', sessions), hmget('commands', sessions)
local deadlines = #sessions > 0 and redis.call('ZMSCORE', K.sessions, unpack(sessions)) or {}
local reply = { page[1], string.format('%.0f', NOW) }
for i, session in ipairs(sessions) do
  if deadlines[i] then
    local n, deadline = #reply, tonumber(deadlines[i])
    reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = session, infos[i], seen[i] or 0, running[i] or 0
    reply[n + 5] = string.format('%.0f', deadline > 0 and deadline or NOW)
    reply[n + 6], reply[n + 7] = statuses[i] or '', commands[i] or ''
  end
end
return reply
