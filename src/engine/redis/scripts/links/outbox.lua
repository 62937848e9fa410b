-- KEYS: queue job run result tombstones priority suspect delayed blocked held leases history errors fingerprints failures
-- KEYS: ttl keep expiry counted1 counted2 tags tagged tagcount meta progress log nonce op unique unique_key events wake
-- KEYS: checkpoint checkpoints failed supersede_key latest ended ended_due ended_claimed dependencies dependency
-- KEYS: dependents dependent pending round outbox audit aside lacking declined
-- KEYS: spans held_order running
-- KEYS: removed_dependencies removed_dependents kept done6 done7 done8 done9 done10
-- KEYS: traces trace ends
-- KEYS: tally series totals
-- ARGV: now, then the entries whose messages were delivered: "id sequence", or "id sequence cursor" when an entry had more
-- Reply: the entries read now, as above; then per message: kind (e end, u unlink, l link, g go, j join, x cancel, d drop),
-- to (queue NUL id), from (id), and two numbers: e: state, round; l, g: round; j: policy, held
--
-- Reads the outbox: jobs with messages to the jobs they are linked to. The messages are computed from
-- their present state; delivered entries are removed first. Mirrors `messagesOf` in engine/shared/reactions.ts.
-- include: record codec batch format queue lease holding aside tally filing moves log operations traces ends forget links-read

read_queue()

-- Removes links of a removed job, up to one of them if given; returns whether none is left. A job may have very many: those
-- over which messages were delivered are removed at once.
local function forget_links(key_name, id, upto)
  local last = upto and '[' .. id .. '\0' .. upto or '(' .. id .. '\1'
  local links = redis.call('ZRANGEBYLEX', K[key_name], '[' .. id .. '\0', last, 'LIMIT', 0, 2 * MOST_MESSAGES)
  for _, member in ipairs(links) do remove_link(key_name, member) end
  flush()
  return #links < 2 * MOST_MESSAGES
end

local cursors = {}
for i = 2, #ARGV do
  local id, sequence, cursor = string.match(ARGV[i], '^(%S+) (-?%d+) ?(.*)$')
  -- Keep an entry that was marked again since.
  if tonumber(redis.call('ZSCORE', K.outbox, id) or 0) == tonumber(sequence) then
    local r = load_records({ id })[1]
    local phase, upto = string.sub(cursor, 1, 1), string.sub(cursor, 2)
    if cursor ~= '' then
      cursors[id] = cursor
      if not r then
        forget_links('dependents', id, phase == 'k' and upto or nil)
        if phase == 'd' then forget_links('dependencies', id, upto) end
      end
    elseif r and has(r, OPEN) and r[STATE] >= COMPLETED then
      -- An incomplete flow is removed together with its members, and its links as those of any removed job: it is marked again.
      forget(id, r)
      flush()
    elseif r or forget_links('dependents', id) and forget_links('dependencies', id) then
      redis.call('ZREM', K.outbox, id)
    end
  end
end

local receipt, messages = {}, {}

local function send(kind, to, from, a, b)
  local n = #messages
  messages[n + 1], messages[n + 2], messages[n + 3], messages[n + 4], messages[n + 5] = kind, to, from, a or 0, b or 0
end

local function room() return MOST_MESSAGES - #messages / MESSAGE_WIDTH end

-- Sends a message over each link of one kind; returns where to go on when there was no room for all.
local function send_to_all(key_name, id, from, send_one)
  local asked = math.max(room(), 1)
  local links = links_of(key_name, id, from, asked)
  for i = 1, #links, 2 do send_one(links[i], links[i + 1]) end
  if #links == asked * 2 then return links[#links - 1] end
end

-- Sends a message to each dependency that has not ended; those that have take no room.
local looked = 0 -- dependencies that this call has looked at

local function send_to_unfinished(id, round, from, send_one)
  repeat
    from = send_to_all('dependencies', id, from, function(to, score)
      looked = looked + 1
      if end_of_link(score, round) == 0 then send_one(to) end
    end)
  until not from or room() <= 0 or looked >= MOST_LOOKED_AT
  return from
end

-- Sends the messages of one job: first to its dependents (phase "k"), then to its dependencies ("d"). Returns where to go
-- on.
local function send_messages_of(id, r, job, cursor, audited)
  local phase, from = string.sub(cursor, 1, 1), string.sub(cursor, 2)
  if from == '' then from = nil end
  local ended = not r or r[STATE] >= COMPLETED
  local round = r and has(r, AFTER) and sane_number(redis.call('HGET', K.round, id)) or 0
  if ended and phase ~= 'd' then
    local state = r and r[STATE] or REMOVED
    local rest = send_to_all('dependents', id, from, function(to, score) send(MESSAGE_END, to, id, state, score) end)
    if rest then return 'k' .. rest end
    from = nil
  end
  local rest
  if not r then
    rest = send_to_all('dependencies', id, from, function(to) send(MESSAGE_UNLINK, to, id) end)
  elseif ended then
    local early = has(r, FLOW) and (r[STATE] == CANCELLED or r[STATE] == SUPERSEDED or r[STATE] == EXPIRED)
    if early and has(r, OPEN) then
      rest = send_to_all('dependencies', id, from, function(to) send(MESSAGE_DROP, to, id) end)
    elseif early then
      rest = send_to_unfinished(id, round, from, function(to) send(MESSAGE_CANCEL, to, id) end)
    end
  elseif has(r, FLOW) then
    if not has(r, OPEN) then
      rest = send_to_unfinished(id, round, from, function(to) send(MESSAGE_GO, to, id, round) end)
    end
  else
    if has(r, MEMBER) and phase ~= 'd' then
      local to, flow = flow_of(job)
      local held = has(r, HELD)
      -- An audit asks for a held job only: a member that is not held goes on when its flow was removed.
      if to and (held or not audited and redis.call('ZSCORE', K.dependents, id .. '\0' .. to)) then
        send(MESSAGE_JOIN, to, id, flow.ifFailed == 'continue' and POLICY_CONTINUE or POLICY_FAIL, held and 1 or 0)
      end
    end
    -- A held job may depend on jobs that are still being created.
    if has(r, AFTER) and not has(r, HELD) then
      rest = send_to_unfinished(id, round, from, function(to) send(MESSAGE_LINK, to, id, round) end)
    end
  end
  return rest and 'd' .. rest
end

local entries = redis.call('ZRANGE', K.outbox, 0, MOST_SENDERS - 1, 'WITHSCORES')
local ids = {}
for i = 1, #entries, 2 do ids[#ids + 1] = entries[i] end
local records, jobs = load_records(ids)
for i, id in ipairs(ids) do
  if room() <= 0 or looked >= MOST_LOOKED_AT then break end
  local rest = send_messages_of(id, records[i], jobs[i], cursors[id] or 'k', tonumber(entries[i * 2]) < 0)
  receipt[#receipt + 1] = id .. ' ' .. entries[i * 2] .. (rest and ' ' .. rest or '')
end
flush()
flush_queue()
-- What an obliterated queue has to tell is read by another script.
if #receipt == 0 and redis.call('EXISTS', K.removed_dependencies, K.removed_dependents) > 0 then receipt[1] = REMOVED_QUEUE end
return { receipt, messages }
