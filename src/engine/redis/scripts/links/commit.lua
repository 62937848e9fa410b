-- KEYS: queue job run result wait tombstones priority suspect delayed blocked held leases ttl keep expiry counted1 counted2
-- KEYS: tags tagcount events done5 done6 done7 dependencies pending outbox audit
-- KEYS: aside lacking declined wake done8 done9 done10
-- KEYS: ended ended_due
-- KEYS: spans held_order running
-- KEYS: kept ends
-- KEYS: unique unique_key supersede_key latest history errors fingerprints revoked
-- KEYS: tally series totals
-- KEYS: failures
-- ARGV: now, id, number of members
-- Reply: c committed, i incomplete, m missing, e ended
--
-- Starts a flow, all of whose members were enqueued. Only now it takes the place of the job that it supersedes: a creation that
-- was never complete leaves that alone. Mirrors engine/memory/commands/commit-flow.ts.
-- include: record codec batch format queue lease holding aside tally filing moves ends unique supersede links-read links

read_queue()

local id = ARGV[2]
local r = load_records({ id })[1]
if not r or not has(r, FLOW) then return COMMIT_MISSING end
if not has(r, OPEN) then return COMMIT_COMMITTED end
if r[STATE] ~= BLOCKED then return COMMIT_ENDED end
if redis.call('ZLEXCOUNT', K.dependencies, '[' .. id .. '\0', '(' .. id .. '\1') < tonumber(ARGV[3]) then return COMMIT_INCOMPLETE end

set_flag(r, TTL, false)
score('ttl', id, false)
fresh[id] = r

-- Supersedes the job before the flow, and takes the unique key that this one had. Returns false, and changes nothing, when
-- another job has taken the key meanwhile.
local function take_place()
  if not has(r, SUPERSEDES) then return true end
  local key = redis.call('HGET', K.supersede_key, id)
  local mode, unique = string.match(has(r, UNIQUE) and redis.call('HGET', K.unique_key, id) or '', '^(.)|(.*)$')
  local owner = unique and owner_of(unique)
  local old, before = predecessor(key)
  if owner and owner ~= id and owner ~= old then return false end
  if old then supersede(old, before) end
  set_latest(key, id)
  if unique and owner ~= id then own_key(id, unique, mode) end
  return true
end

local answer = COMMIT_COMMITTED
if take_place() then
  set_flag(r, OPEN, false)
  save(id, r)
  mark_outbox(id)
  complete_flow(id, r, sane_number(redis.call('HGET', K.pending, id)))
else
  finish(id, r, CANCELLED, 'cancel')
  answer = COMMIT_ENDED
end
flush()
flush_queue()
return answer
