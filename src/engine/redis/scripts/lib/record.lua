-- A job's record: the small part that changes while the job moves, packed into a few bytes. A job that has not moved since it
-- was enqueued has its birth record before its body, which saves a field per waiting job; it keeps it while it runs for the
-- first time, as its batch of leases says by whom (lease.lua). Any other active job has its record in `held`, and any other
-- job in `run`; what stands in `run` of an active job is what it was before. A job that completed in its first run has a
-- short record there, the rest being told by its birth, with its result behind it. `record_of` answers all in the same
-- shape (codec.lua), an array indexed by the names of its parts, with the result of a short record as its field `result`. Those
-- names, the numbers of states, flags and formats are constants: see script-constants.ts.

local state_names
local function name_of(state)
  state_names = state_names or STATE_NAMES -- not before it is needed: most calls need none
  return state_names[state]
end

-- Records that this call has made and not written yet, by id.
local fresh = {}

-- What is stored may be anything: another hand or version may have written it. A number; 0 for what is none.
local function sane_number(value)
  local number = tonumber(value or 0)
  return number and number == number and number or 0
end
