-- A job's record: the small part that changes while the job moves, packed into a few bytes. A job that has not moved since it
-- was enqueued has its birth record before its body, which saves a field per waiting job; it keeps it while it runs for the
-- first time, as its batch of leases says by whom (lease.lua). Any other active job has its record in `held`, and any other
-- job in `run`; what stands in `run` of an active job is what it was before. A job that completed in its first run has a
-- short record there, the rest being told by its birth, with its result behind it. `record_of` answers all in the same
-- shape (codec.lua), an array indexed by the names below, with the result of a short record as its field `result`.

local BLOCKED, DELAYED, QUEUED, ACTIVE = 1, 2, 3, 4
local COMPLETED, PARTIAL, FAILED, CANCELLED, SUPERSEDED, EXPIRED = 5, 6, 7, 8, 9, 10
local STATE_NAMES = {
  'blocked', 'delayed', 'queued', 'active', 'completed', 'partial', 'failed', 'cancelled', 'superseded', 'expired',
}

local STATE, FLAGS, COUNTED, ATTEMPTS, CRASHES, EPOCH, SETTLED = 1, 2, 3, 4, 5, 6, 7
local PRIORITY, POSITION, CREATED, RUN_AT, STARTED, FINISHED, HOLDER = 8, 9, 10, 11, 12, 13, 14

-- What a job uses beyond the common: only its users pay for it.
local SUSPECT, TAGGED, UNIQUE, TTL, KEEP, META, LEFT, SUPERSEDES = 1, 2, 4, 8, 16, 32, 64, 128
-- Of what ties it to others: others depend on it; it depends on others; it is a flow; a flow that is still being created; it is
-- held; it belongs to a flow; others depended on it until after it had ended.
local NEEDED, AFTER, FLOW, OPEN, HELD, MEMBER, WAS_NEEDED = 256, 512, 1024, 2048, 4096, 8192, 16384
-- It has been declined (aside.lua): while it is queued it stands aside.
local DECLINED = 32768

local BIRTH_FORMAT, BIRTH_SIZE = '<BHHi4I6I6', 21
local RUN_FORMAT, RUN_SIZE = '<BHHHBI6I6i4dI6I6I6I6', 56
-- State + SHORT, length of the session, epoch, position, started, finished; then the session and the result.
local SHORT_FORMAT, SHORT_SIZE, SHORT = '<BBI6I6I6I6', 26, 128

-- Of a job that has not moved: is there nothing out of the ordinary about it? Its flags are two bytes of its birth.
local function is_usual(job)
  if not job or #job < BIRTH_SIZE then return false end
  local low, high = string.byte(job, 2, 3)
  return low == 0 and high == 0
end

-- Records that this call has made and not written yet, by id.
local fresh = {}

-- What is stored may be anything: another hand or version may have written it.
local sane = {
  -- A number; 0 for what is none.
  number = function(value)
    local number = tonumber(value or 0)
    return number and number == number and number or 0
  end,
  -- A number from 0 to `most`; nil for anything else.
  bounded = function(value, most)
    return type(value) == 'number' and value >= 0 and value <= most and value or nil
  end,
  -- JSON text as a table; an empty one for what is none.
  json = function(text)
    local ok, value = pcall(cjson.decode, text)
    return ok and type(value) == 'table' and value or {}
  end,
}
