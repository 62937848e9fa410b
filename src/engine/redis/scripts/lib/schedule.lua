-- Schedules: `schedule` has their definitions, `tick` how far each has come (one line per field, as named below), `due` those
-- that fire, by when they are due next.
-- Needs: batch.lua, queue.lua.

local tick_lines = {
  'status', 'revision', 'answer', 'last_due', 'next_due', 'last_job', 'fired', 'created_at', 'times',
}

-- How far a schedule has come, all as text ('' for none); nil when there is none, or its lines cannot be read.
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

-- After flush: workers look at this one number of the queue.
local function note_first_tick()
  set_conf('sdue', tonumber(redis.call('ZRANGE', K.due, 0, 0, 'WITHSCORES')[2]) or 0)
end
