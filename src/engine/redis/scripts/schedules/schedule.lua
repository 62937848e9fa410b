-- KEYS: queue schedule tick due events wake
-- ARGV: now, name, command (pause, resume, remove), then for resume: from which status, revision, last due, next due
-- Reply: pause: 1, or 0 when there is none. resume: applied, missing or stale. remove: nothing, or definition and tick as they were
--
-- Pauses, activates or removes a schedule. Mirrors engine/memory/commands/schedules.ts.
-- include: record batch format queue schedule

read_queue()

local name, command = ARGV[2], ARGV[3]
local s = load_tick(name)

local function write()
  flush()
  note_first_tick()
  flush_queue()
end

if command == 'remove' then
  local definition, tick = redis.call('HGET', K.schedule, name), redis.call('HGET', K.tick, name)
  if not definition and not tick then return {} end
  put('schedule', name, false)
  put('tick', name, false)
  score('due', name, false)
  write()
  return { definition or '', tick or '' }
end

if command == 'pause' then
  if not s then
    -- A schedule whose lines cannot be read is not handed out any more.
    score('due', name, false)
    write()
    return 0
  end
  s.status, s.next_due = 'paused', ''
  save_tick(name, s)
  write()
  return 1
end

local from, revision, last_due, next_due = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if not s then return 'missing' end
if s.revision ~= revision then return 'stale' end
if s.status == from then
  s.status, s.last_due, s.next_due = 'active', last_due, next_due
  save_tick(name, s)
  write()
  wake()
end
return 'applied'
