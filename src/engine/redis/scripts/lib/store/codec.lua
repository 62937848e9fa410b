-- Packing and unpacking records.
-- Needs: record.lua.

local function has(r, flag)
  return r[FLAGS] % (flag * 2) >= flag
end

local function set_flag(r, flag, on)
  if has(r, flag) ~= on then
    r[FLAGS] = r[FLAGS] + (on and flag or -flag)
  end
end

-- Is this the end of most jobs: completed, and kept for the default age? `done5` lists those, as the cheapest structure there
-- is for them: retention takes them off its head. The rare others of that state are in `kept`, with a blank entry in the
-- list that has their position, and those of other states in sorted sets, by position.
local function is_usual_end(r)
  return r[STATE] == COMPLETED and not (has(r, KEEP) or has(r, RETAINED) or has(r, WAS_RETAINED) or has(r, OPEN))
end

-- The birth record: `place` is the position of a queued job, the due time of any other.
local function pack_birth(state, flags, attempts, priority, created, place)
  return struct.pack(BIRTH_FORMAT, state, flags, attempts, priority, created, place)
end

-- The value of the last field of a birth record.
local function place_of(r)
  return r[STATE] == QUEUED and r[POSITION] or r[RUN_AT]
end

local function unpack_birth(job)
  local state, flags, attempts, priority, created, place = struct.unpack(BIRTH_FORMAT, job)
  local position, run_at = 0, place
  if state == QUEUED then position, run_at = place, created end
  return { state, flags, 0, attempts, 0, 0, 0, priority, position, created, run_at, 0, 0, '' }
end

local function pack_run(r)
  return struct.pack(RUN_FORMAT, r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13])
    .. r[HOLDER]
end

local function unpack_run(raw)
  local r = { struct.unpack(RUN_FORMAT, raw) }
  r[HOLDER] = string.sub(raw, RUN_SIZE + 1)
  return r
end

local function unpack_short(raw, job)
  local state, length, epoch, position, started, finished = struct.unpack(SHORT_FORMAT, raw)
  local _, flags, attempts, priority, created = struct.unpack(BIRTH_FORMAT, job)
  local session = string.sub(raw, SHORT_SIZE + 1, SHORT_SIZE + length)
  local r = {
    state - SHORT, flags, 1, attempts, 0, epoch, epoch, priority, position, created, created, started, finished, session,
  }
  if #raw > SHORT_SIZE + length then r.result = string.sub(raw, SHORT_SIZE + length + 1) end
  return r
end

-- The record of a job from its three fields; nil when there is no job. A record that cannot be unpacked must not fail the
-- whole batch: it gives nil too, and the job shows as undecodable when it is read. A job with only a birth record may still
-- be active: `load_records` finds out.
local function record_of(job, run, held)
  run = held or run
  local born, r = job and #job >= BIRTH_SIZE, nil
  if not run then r = born and unpack_birth(job)
  elseif #run >= SHORT_SIZE and string.byte(run) > SHORT then r = born and unpack_short(run, job)
  else r = #run >= RUN_SIZE and unpack_run(run) end
  return r and r[STATE] >= BLOCKED and r[STATE] <= EXPIRED and r or nil
end

local function body_of(job)
  return string.sub(job, BIRTH_SIZE + 1)
end

-- JSON text as a table; an empty one if it is not JSON of a table.
local function sane_json(text)
  local ok, value = pcall(cjson.decode, text)
  return ok and type(value) == 'table' and value or {}
end

-- The reference of a member's flow, and its membership; nil when the stored job does not tell.
local function flow_of(job)
  local flow = sane_json(header_of(job)).flow
  local known = type(flow) == 'table' and type(flow.queue) == 'string' and type(flow.id) == 'string'
  if known then return flow.queue .. '\0' .. flow.id, flow end
end
