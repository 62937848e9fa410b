-- Logs of jobs: `log` has the number of lines a job has logged by its id (and of the last numbered report of them epoch and
-- number), and the lines by `id NUL chunk`, LOG_CHUNK in each, one
-- a line. Chunks all of whose lines are beyond the cap are gone; the reader drops what is left of those lines.
-- Needs: record.lua.

-- How many lines a job has logged; then, if the last report of them was numbered, its epoch and number.
local function logged(id)
  local lines, report = string.match(redis.call('HGET', K.log, id) or '', '^(%S+) ?(.*)$')
  local n = sane_number(lines)
  return n >= 0 and n < MOST_LOGGED and math.floor(n) or 0, string.match(report or '', '^(%d+) (%d+)$')
end

-- The number of the first chunk that is kept of so many lines.
local function first_chunk(lines) return math.max(0, math.floor((lines - MOST_LOG_LINES) / LOG_CHUNK)) end

local function chunk_of(id, n) return id .. '\0' .. string.format('%.0f', n) end
