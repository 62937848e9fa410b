-- KEYS: queue job run result wait tombstones priority suspect delayed blocked held leases ttl keep expiry counted1 counted2
-- KEYS: tags tagcount events done5 done6 done7 dependencies pending outbox audit
-- KEYS: aside lacking declined wake done8 done9 done10
-- KEYS: ended ended_due
-- KEYS: spans held_order running
-- KEYS: kept ends
-- ARGV: now, id, number of members
-- Reply: c committed, i incomplete, m missing, e ended
--
-- Starts a flow, all of whose members were enqueued.
-- include: record codec batch format queue lease holding aside moves ends links-read links

read_queue()

local id = ARGV[2]
local r = load_records({ id })[1]
if not r or not has(r, FLOW) then return COMMIT_MISSING end
if not has(r, OPEN) then return COMMIT_COMMITTED end
if r[STATE] ~= BLOCKED then return COMMIT_ENDED end
if redis.call('ZLEXCOUNT', K.dependencies, '[' .. id .. '\0', '(' .. id .. '\1') < tonumber(ARGV[3]) then return COMMIT_INCOMPLETE end

set_flag(r, OPEN, false)
set_flag(r, TTL, false)
score('ttl', id, false)
save(id, r)
mark_outbox(id)
complete_flow(id, r, sane_number(redis.call('HGET', K.pending, id)))
flush()
flush_queue()
return COMMIT_COMMITTED
