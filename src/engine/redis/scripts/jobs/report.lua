-- KEYS: queue job held leases progress meta log checkpoint checkpoints events sessions seen dependencies dependency pending outbox
-- KEYS: spans held_order
-- ARGV: now, session, then per update: id epoch progress meta log-lines checkpoints after ('' = unchanged; log lines are
-- JSON, one a line; checkpoints are number, blank, JSON, one a line; after: jobs it will wait for, queue, NUL, id, one a
-- line)
-- Reply: a letter each: a applied, s stale
--
-- Stores what running jobs report, fenced like everything a worker writes.
-- include: session record codec batch format queue lease holding

read_queue()

-- A log is the number of lines dropped, then the lines.
local function append_log(id, lines)
  local log = redis.call('HGET', K.log, id)
  local dropped, kept = string.match(log or '0\n', '^(%d+)\n(.*)$')
  kept = kept == '' and lines or kept .. '\n' .. lines
  local _, breaks = string.gsub(kept, '\n', '')
  local surplus, from = breaks + 1 - MOST_LOG_LINES, 1
  for _ = 1, surplus do from = string.find(kept, '\n', from, true) + 1 end
  dropped = sane_number(dropped) + math.max(surplus, 0)
  put('log', id, string.format('%d\n', dropped) .. string.sub(kept, from))
  flush()
end

local alive, late = life()
if late then renew_late(alive) end
local ids = {}
for i = 3, #ARGV, 7 do ids[#ids + 1] = ARGV[i] end
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

local function save_checkpoints(id, epoch, lines)
  most[id] = most[id] or sane_number(redis.call('HGET', K.checkpoints, id))
  for seq, entry in string.gmatch(lines, '(%d+) ([^\n]+)') do
    put('checkpoint', id .. '\0' .. seq, entry)
    most[id] = math.max(most[id], tonumber(seq))
    local kind = watched and string.match(entry, '^%["(%a+)"')
    if kind == 'milestone' or kind == 'status' then
      local checkpoint = sane_json(entry)
      local value = kind == 'milestone' and ',"value":' .. cjson.encode(checkpoint[4]) or ''
      emit('{"kind":"' .. kind .. '","id":"' .. id .. '","name":' .. cjson.encode(checkpoint[2]) .. value .. '}')
    end
  end
  put('checkpoints', id, string.format('%d', most[id]))
  flag_own(id, epoch, CHECKPOINTED)
end

for i, id in ipairs(ids) do
  local at = i * 7 - 4
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
    if lines ~= '' then append_log(id, lines) end
    answers[i] = FENCED_APPLIED
  else
    answers[i] = FENCED_STALE
  end
end
flush()
write_queue()
return table.concat(answers)
