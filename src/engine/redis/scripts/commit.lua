-- KEYS: conf job run result wait dead prio suspect delayed blocked held leases hist err fp failures ttl keep expiry counted1 counted2
-- KEYS: tags tagcount events done5 done6 done7 deps dep kids kid pend round news audit
-- KEYS: aside lacking declined
-- ARGV: now, id, number of members
-- Reply: c committed, i incomplete, m missing, e ended
--
-- Begins a flow, all of whose members were enqueued.
-- include: record codec batch queue lease holding aside moves ties-read ties

local id = ARGV[2]
local r = load_records({ id })[1]
if not r or not has(r, FLOW) then return 'm' end
if not has(r, OPEN) then return 'c' end
if r[STATE] ~= BLOCKED then return 'e' end
if redis.call('ZLEXCOUNT', K.deps, '[' .. id .. '\0', '(' .. id .. '\1') < tonumber(ARGV[3]) then return 'i' end

set_flag(r, OPEN, false)
set_flag(r, TTL, false)
score('ttl', id, false)
save(id, r)
note_news(id)
gather(id, r, sane.number(redis.call('HGET', K.pend, id)))
flush()
flush_queue()
return 'c'
