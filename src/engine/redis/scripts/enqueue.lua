-- KEYS: queue job run wait tombstones priority suspect delayed blocked held leases unique unique_key tags tagged tagcount
-- KEYS: ttl keep nonce meta events wake history result errors progress expiry counted1 counted2 done5 done6 done7 done8
-- KEYS: done9 done10 revoked supersede_key latest superseded superseded_due check left dependencies dependency dependents
-- KEYS: dependent pending news audit aside lacking declined
-- ARGV and reply: see lib/enqueue.lua
--
-- Accepts jobs. Reads whatever may stand in their way first, then writes all of them at once.
-- include: record codec batch format queue lease holding aside moves forget amend unique supersede ties-read ties enqueue accept

read_queue()
read_jobs(2)

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
drop_dead_head()
flush_queue()
-- A sleeping worker must also hear of a delayed job that is due before the one it sleeps towards.
if queued or earliest < (first_delayed or math.huge) then wake() end
if have_news then reply[1] = reply[1] + NEWS_BIT end
return reply
