-- KEYS: conf job run wait dead prio suspect delayed blocked held unique ukey tags tagged tagcount ttl keep nonce meta
-- KEYS: events wake fp hist
-- ARGV: now, then per job: id, options ('' = none out of the ordinary, else JSON), body
-- Reply: was the queue listed, then per job: id, outcome (c created, e existing, j joined, r rejected), state
--
-- Accepts jobs. Reads whatever may stand in their way first, then writes all of them at once.
-- include: record batch queue moves upkeep unique

local ids = {}
for i = 2, #ARGV, 3 do ids[#ids + 1] = ARGV[i] end
local present = hmget('job', ids)
local options = {}
local reply = { conf.listed }
local earliest = math.huge
local queued_any = false

-- Options are mostly the same for many jobs: each text is decoded once.
local function options_of(text)
  local o = options[text]
  if not o then
    o = text == '' and {} or cjson.decode(text)
    options[text] = o
  end
  return o
end

local function answer(id, outcome, state)
  reply[#reply + 1] = id
  reply[#reply + 1] = outcome
  reply[#reply + 1] = STATE_NAMES[state]
end

local function accept(id, o, body)
  local run_at = NOW
  if o.delay then run_at = NOW + o.delay elseif o.at then run_at = math.max(o.at, NOW) end
  local state = o.hold and BLOCKED or (run_at > NOW and DELAYED or QUEUED)
  local flags = (o.tags and TAGGED or 0) + (o.unique and UNIQUE or 0) + (o.ttl and TTL or 0) + (o.keep and KEEP or 0)
    + (o.meta and META or 0)
  local r = { state, flags, 0, o.attempts or 3, 0, 0, 0, o.priority or 0, 0, NOW, run_at, 0, 0, session = '' }
  if o.tags then
    put('tags', id, table.concat(o.tags, '\n'))
    for _, tag in ipairs(o.tags) do
      score('tagged', tag .. '\0' .. id, 0)
      add('tagcount', tag .. '\0' .. state, 1)
    end
    set_flag(r, TAGGED, false) -- counted just now; `stand` would look for tags that are not written yet
  end
  stand(id, r, false)
  if o.tags then set_flag(r, TAGGED, true) end
  put('job', id, pack_birth(state, flags, r[ATTEMPTS], r[PRIORITY], NOW, state == QUEUED and r[POSITION] or run_at) .. body)
  if o.ttl then score('ttl', id, NOW + o.ttl) end
  if o.keep then put('keep', id, cjson.encode(o.keep)) end
  if o.nonce then put('nonce', id, o.nonce) end
  if o.meta then put('meta', id, o.meta) end
  if o.unique then
    local timed = type(o.unique.till) == 'number'
    claim_key(id, o.unique.key, timed and string.format('%.0f', NOW + o.unique.till) or o.unique.till)
    put('ukey', id, (timed and 't' or o.unique.till) .. '|' .. o.unique.key)
  end
  fresh[id] = r
  if state == QUEUED then queued_any = true end
  if state == DELAYED then earliest = math.min(earliest, run_at) end
  tell_state(id, state)
  answer(id, 'c', state)
end

for i, id in ipairs(ids) do
  local o = options_of(ARGV[i * 3])
  if present[i] or fresh[id] then
    -- A generated id, or the nonce of a chosen one, proves that this very command was sent before.
    local nonce = fresh[id] and fresh[id].nonce or redis.call('HGET', K.nonce, id)
    local again = not o.nonce or nonce == o.nonce
    answer(id, again and 'c' or 'e', record_by_id(id)[STATE])
  else
    local holder, r
    if o.unique then holder, r = holder_of(o.unique.key) end
    if holder then
      answer(holder, o.unique['then'], r[STATE])
    else
      accept(id, o, ARGV[i * 3 + 1])
      fresh[id].nonce = o.nonce
    end
  end
end

local first_delayed = earliest < math.huge and redis.call('ZRANGE', K.delayed, 0, 0, 'WITHSCORES')[2]
if conf.listed == 0 then set_conf('listed', 1) end
flush()
flush_queue()
-- A sleeping worker must also hear of a delayed job that is due before the one it sleeps towards.
if queued_any or (earliest < math.huge and (not first_delayed or earliest < tonumber(first_delayed))) then wake() end
return reply
