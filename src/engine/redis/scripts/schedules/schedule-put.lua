-- KEYS: queue schedule tick due events wake
-- ARGV: now, name, definition, times, status, last due, next due ('' for never), op, the most schedules a queue may have
-- Reply: was the queue listed, then created, changed, unchanged or full
--
-- Stores a schedule: a new one, a changed definition, or nothing if it is unchanged. Mirrors
-- engine/memory/commands/schedules.ts.
-- include: record batch format queue schedule

read_queue()

local name, definition, times, status = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local last_due, next_due, op = ARGV[6], ARGV[7], ARGV[8]
local listed = conf.listed
local old = load_tick(name)

if old and old.revision == op then return { listed, old.answer } end
if old and redis.call('HGET', K.schedule, name) == definition then return { listed, 'unchanged' } end
if not old and redis.call('HLEN', K.tick) >= tonumber(ARGV[9]) then return { listed, 'full' } end

if old then
  if old.times ~= times then
    old.last_due = last_due
    if old.status == 'active' then old.next_due = next_due end
  end
  old.revision, old.answer, old.times = op, 'changed', times
else
  old = {
    status = status, revision = op, answer = 'created', last_due = last_due, last_job = '', fired = '',
    next_due = status == 'paused' and '' or next_due, created_at = string.format('%.0f', NOW), times = times,
  }
end
put('schedule', name, definition)
save_tick(name, old)
flush()
note_first_tick()
if conf.listed == 0 then set_conf('listed', 1) end
flush_queue()
-- A waiting worker must wake for a schedule that is due before anything it waits for.
wake()
return { listed, old.answer }
