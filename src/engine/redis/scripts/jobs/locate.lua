-- KEYS: queue job run held leases spans
-- ARGV: now, then ids
-- Reply: per id its state ('' when the job does not exist or cannot be read) and its key as in
-- engine/shared/listing-order.ts. Ids at the end are left to the next call when those before them are MOST_REPLIED bytes
--
-- Says where jobs stand in listings, without their inputs and results.
-- include: record codec batch format queue lease holding parts

read_queue()

local reply, bytes = {}, 0

local function key_of(r)
  local state = r[STATE]
  if state == BLOCKED then return r[CREATED] end
  if state == DELAYED then return r[RUN_AT] end
  if state == QUEUED then return r[PRIORITY] * PRIORITY_STEP + r[POSITION] end
  return state == ACTIVE and r[EPOCH] or -r[POSITION]
end

local function locate(ids)
  local runs, held, unmoved, jobs = hmget('run', ids), hmget('held', ids), {}, {}
  for i, id in ipairs(ids) do
    if not runs[i] and not held[i] then unmoved[#unmoved + 1] = id end
  end
  -- Only the birth record of a job that has not moved is read, but it stands before its input.
  for i, job in ipairs(hmget('job', unmoved)) do
    jobs[unmoved[i]] = job
    bytes = bytes + #(job or '')
  end
  for i, id in ipairs(ids) do
    local run, r = runs[i], nil
    if not held[i] and run and #run >= SHORT_SIZE and string.byte(run) > SHORT then
      local state, _, _, position = struct.unpack(SHORT_FORMAT, run)
      r = { [STATE] = state - SHORT, [POSITION] = position }
    else
      r = load_record(id, jobs[id], run, held[i])
    end
    reply[#reply + 1] = r and name_of(r[STATE]) or ''
    reply[#reply + 1] = r and string.format('%.17g', key_of(r)) or ''
  end
end

in_parts(ARGV, 2, locate, function() return bytes end)
return reply
