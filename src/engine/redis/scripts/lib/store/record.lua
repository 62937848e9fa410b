-- A job's record: the small part that changes as the job moves, packed into a few bytes. `record_of` (codec.lua) reads all
-- forms into one shape: an array indexed by constants (script-constants.ts), and `result` of a short record.
-- A job that has not moved since it was enqueued has a birth record before its body, which saves a field per waiting job.
-- It keeps it during its first run, where its batch of leases names the session (lease.lua).
-- Any other active job has its record in `held`, any other job in `run`; an entry in `run` of an active job is outdated. A
-- job that completed in its first run has a short record there, followed by its result; the rest is in its birth record.

local state_names
local function name_of(state)
  state_names = state_names or STATE_NAMES -- created on first use: most calls need none
  return state_names[state]
end

-- Records this call has created and not written yet, by id.
local fresh = {}

-- A whole number as text. Redis writes every number that a command is given as if it had fractions, which takes four times as
-- long, so what every job passes through gives it text. `%d` knows no more than 63 bits.
local function whole(n) return string.format(n < 9e15 and n > -9e15 and '%d' or '%.0f', n) end

-- A stored value as a number; 0 if it is none: another program or version may have written anything.
local function sane_number(value)
  local number = tonumber(value or 0)
  return number and number == number and number or 0
end

-- The header of a stored job: its first line. `from`: where it begins, if not behind a birth record.
local function header_of(job, from)
  from = from or BIRTH_SIZE + 1
  local at = string.find(job, '\n', from, true)
  return string.sub(job, from, at and at - 1 or -1)
end

-- The name of a stored job's task; '' when it cannot be read.
local function task_of(job, from)
  local header = header_of(job, from)
  return string.match(header, '^"([^"]*)"$') or string.match(header, '"task":"([^"]*)"') or ''
end
