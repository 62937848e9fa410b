-- Schedules: `schedule` has their definitions, `tick` the state of each (one line per field, as named below), `due` the
-- active ones, by when they are due next.
-- Needs: batch.lua, queue.lua.

local tick_lines = {
  'status', 'revision', 'answer', 'last_due', 'next_due', 'last_job', 'fired', 'created_at', 'times',
}

-- The state of a schedule, all as text ('' for none); nil when there is none, or its lines cannot be read.
local function load_tick(name)
  local text, s, n = redis.call('HGET', K.tick, name), {}, 0
  for line in string.gmatch((text or '') .. '\n', '([^\n]*)\n') do
    n = n + 1
    if tick_lines[n] then s[tick_lines[n]] = line end
  end
  return n == #tick_lines and s or nil
end

local function save_tick(name, s)
  local lines = {}
  for i, field in ipairs(tick_lines) do lines[i] = s[field] end
  put('tick', name, table.concat(lines, '\n'))
  score('due', name, s.next_due ~= '' and s.next_due or false)
end

-- Called after flush: stores when the first schedule is due, the one number that workers read.
local function note_first_tick()
  set_conf('sdue', tonumber(redis.call('ZRANGE', K.due, 0, 0, 'WITHSCORES')[2]) or 0)
end
