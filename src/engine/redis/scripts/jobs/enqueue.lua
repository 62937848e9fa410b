-- KEYS: queue job run wait tombstones priority suspect delayed blocked held leases unique unique_key tags tagged tagcount
-- KEYS: ttl keep nonce meta events wake history result errors fingerprints progress expiry counted1 counted2 done5 done6 done7 done8
-- KEYS: done9 done10 revoked supersede_key latest ended ended_due checkpoint checkpoints dependencies dependency dependents
-- KEYS: dependent pending outbox audit aside lacking declined
-- KEYS: spans held_order running
-- KEYS: kept
-- KEYS: traces trace ends
-- KEYS: tally series totals failures
-- ARGV and reply: see lib/enqueue.lua
--
-- Stores jobs. Reads everything that may conflict with them first, then writes all of them at once.
-- include: record codec batch format queue lease holding aside tally filing moves log operations traces ends forget amend unique supersede links-read links enqueue accept

read_queue()
read_jobs(2)

-- How many links are left of removed jobs that had these ids, and whose messages are not delivered yet (see
-- `remove_old_links`).
local function links_left()
  local n = 0
  if redis.call('EXISTS', K.outbox) == 0 then return n end
  for _, group in ipairs(groups) do
    local o = tonumber(group.text) and {} or cjson.decode(group.text)
    local linked = o.after or o.flow or o.isFlow
    for i = group.first, (linked or conf.traced > NOW) and group.last or 0 do
      local id = ids[i]
      if not present[i] and (linked or traces.removed[i]) and redis.call('ZSCORE', K.outbox, id) then
        n = n + redis.call('ZLEXCOUNT', K.dependencies, '[' .. id .. '\0', '(' .. id .. '\1')
      end
    end
  end
  return n
end

if links_left() > MOST_LOOKED_AT then return { LINKS_LEFT } end

for _, group in ipairs(groups) do
  local attempts = tonumber(group.text)
  if attempts then
    accept_usual(group, attempts, accept_other)
    queued = true
  else
    local o = cjson.decode(group.text)
    for i = group.first, group.last do accept_other(i, ids[i], o, bodies[i]) end
  end
end

if conf.listed == 0 then set_conf('listed', 1) end
flush()
drop_tombstones()
flush_queue()
-- A waiting worker must also wake for a delayed job that is due before the one it waits for, and for a ttl that ends first.
if queued or earliest < (first_delayed or math.huge) or is_first_end() then wake() end
if outbox_marked then reply[1] = reply[1] + MESSAGES_PENDING end
return reply
