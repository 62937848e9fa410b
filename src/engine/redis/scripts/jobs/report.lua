-- KEYS: queue job held leases progress meta log checkpoint checkpoints events sessions seen dependencies dependency pending outbox
-- KEYS: spans held_order
-- ARGV: now, session, then per update: id epoch progress meta log-lines checkpoints after number ('' = unchanged; log lines
-- are JSON, one a line; checkpoints are number, blank, JSON, one a line; after: jobs it will wait for, queue, NUL, id, one a
-- line; the number of the report, '' = none)
-- Reply: a letter each: a applied, s stale
--
-- Stores what running jobs report, fenced like everything a worker writes.
-- include: session record codec batch format queue lease holding log json

read_queue()

-- Appends to a job's log (lib/store/log.lua), unless the report was applied before. Only its last chunk is written again.
local function append_log(id, epoch, number, lines)
  local before, last_epoch, last = logged(id)
  if number and tonumber(last_epoch) == epoch and number <= tonumber(last) then return end
  local _, breaks = string.gsub(lines, '\n', '')
  local after = before + breaks + 1
  local oldest = first_chunk(after)
  local chunk, n = {}, math.floor(before / LOG_CHUNK)
  local open = before % LOG_CHUNK
  if open > 0 then chunk[1] = redis.call('HGET', K.log, chunk_of(id, n)) or '' end
  for line in string.gmatch(lines, '[^\n]+') do
    chunk[#chunk + 1] = line
    open = open + 1
    if open == LOG_CHUNK then
      if n >= oldest then put('log', chunk_of(id, n), table.concat(chunk, '\n')) end
      chunk, n, open = {}, n + 1, 0
    end
  end
  if open > 0 then put('log', chunk_of(id, n), table.concat(chunk, '\n')) end
  for old = first_chunk(before), math.min(oldest, math.ceil(before / LOG_CHUNK)) - 1 do put('log', chunk_of(id, old), false) end
  put('log', id, string.format(number and '%.0f %.0f %.0f' or '%.0f', after, epoch, number or 0))
  flush()
end

local alive, late = life()
if late then renew_late(alive) end
local ids = {}
for i = 3, #ARGV, 8 do ids[#ids + 1] = ARGV[i] end
local held, answers = {}, {}
for i, record in ipairs(hmget('held', ids)) do held[ids[i]] = record end

-- Does the session hold this lease?
local function holds(id, epoch)
  local r = held[id] and record_of(nil, nil, held[id])
  if r then return r[EPOCH] == epoch and r[HOLDER] == SESSION end
  local batch = batch_of(epoch)
  return batch and batch.session == SESSION and members(batch)[id]
end

-- Sets a flag of a running job, which then needs a record of its own.
local function flag_own(id, epoch, flag)
  local r = load_record(id, redis.call('HGET', K.job, id), nil, held[id], epoch)
  if has(r, flag) then return end
  set_flag(r, flag, true)
  hold(id, r)
  held[id] = pack_run(r)
end

local waits = {} -- the number of pending dependencies, by id
local asked = {} -- links that this call has added

local function add_dependencies(id, lines)
  waits[id] = waits[id] or sane_number(redis.call('HGET', K.pending, id))
  for ref in string.gmatch(lines, '[^\n]+') do
    local member = id .. '\0' .. ref
    if not asked[member] and redis.call('HEXISTS', K.dependency, member) == 0 then
      asked[member] = true
      score('dependencies', member, 0)
      put('dependency', member, POLICY_CONTINUE * POLICY_STEP)
      waits[id] = waits[id] + 1
    end
  end
  put('pending', id, waits[id])
  set_conf('nseq', conf_of('nseq') + 1)
  score('outbox', id, conf.nseq)
end

local most = {} -- the highest number of each job's checkpoints
local saved = {} -- what this call has stored of them, while the queue is watched

local function save_checkpoints(id, epoch, lines)
  most[id] = most[id] or sane_number(redis.call('HGET', K.checkpoints, id))
  for seq, entry in string.gmatch(lines, '(%d+) ([^\n]+)') do
    local kind = watched and string.match(entry, '^%["(%a+)",')
    local field = id .. '\0' .. seq
    -- One that is sent again is not shown again.
    local shown = (kind == 'milestone' or kind == 'status') and entry ~= (saved[field] or redis.call('HGET', K.checkpoint, field))
    if kind then saved[field] = entry end
    if shown then
      -- The texts go out as they came: kind, name, key, value.
      local name, rest = json_string(entry, #kind + 5)
      local _, after = json_string(entry, rest + 1)
      if string.sub(entry, rest + 1, rest + 4) == 'null' then after = rest + 5 end
      local value = kind == 'milestone' and ',"value":' .. json_string(entry, after + 1) or ''
      emit('{"kind":"' .. kind .. '","id":"' .. id .. '","name":' .. name .. value .. '}')
    end
    put('checkpoint', field, entry)
    most[id] = math.max(most[id], tonumber(seq))
  end
  put('checkpoints', id, string.format('%d', most[id]))
  flag_own(id, epoch, CHECKPOINTED)
end

for i, id in ipairs(ids) do
  local at = i * 8 - 5
  local epoch = tonumber(ARGV[at + 1])
  if alive and holds(id, epoch) then
    local progress, meta, lines, checkpoints = ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
    if checkpoints ~= '' then save_checkpoints(id, epoch, checkpoints) end
    if progress ~= '' then
      put('progress', id, progress)
      emit('{"kind":"progress","id":"' .. id .. '","progress":' .. progress .. '}')
    end
    if ARGV[at + 6] ~= '' then
      flag_own(id, epoch, AFTER)
      add_dependencies(id, ARGV[at + 6])
    end
    if meta ~= '' then
      put('meta', id, meta)
      flag_own(id, epoch, META)
    end
    if lines ~= '' then append_log(id, epoch, tonumber(ARGV[at + 7]), lines) end
    answers[i] = FENCED_APPLIED
  else
    answers[i] = FENCED_STALE
  end
end
flush()
write_queue()
return table.concat(answers)
