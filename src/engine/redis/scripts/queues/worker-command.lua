-- KEYS: queue sessions commands
-- ARGV: now, session, command, op
-- Reply: 1; 0 when the session has ended
--
-- Gives a command to the worker of a session, in place of the one before: `withCommand` in engine/shared/workers/worker-status.ts. Its
-- heartbeats take it (session.lua).
-- include: format session operations

refuse_newer(redis.call('HGET', K.queue, 'format'))
if not life() then return 0 end
local stored = redis.call('HGET', K.commands, SESSION) or ''
local operations = string.match(stored, '^%d+ %d+ %a+\n(.+)$')
if not has_operation(operations, ARGV[4]) then
  redis.call('HSET', K.commands, SESSION, string.format('%.0f 0 %s\n', NOW, ARGV[3]) .. with_operation(operations, ARGV[4]))
end
-- As `publish` in lib/store/queue.lua.
redis.call('PUBLISH', string.sub(K.queue, 1, -1 - #'queue') .. K.db, CHANNEL_COMMANDED .. ' ' .. SESSION)
return 1
