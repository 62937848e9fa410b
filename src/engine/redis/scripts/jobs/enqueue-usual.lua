-- KEYS: queue job wait events wake trace traces
-- ARGV and reply: see lib/enqueue.lua. A reply of -1 alone: an id is taken, nothing was done, call `enqueue`
--
-- The fast path of enqueueing: stores jobs whose only option is their number of attempts. Few keys and little code, since
-- most jobs come this way.
-- include: record batch format queue traces enqueue

read_queue({ 'format', 'interest', 'base', 'listed', 'traced' })
read_jobs(2)

local taken = false
local function note() taken = true end
for _, group in ipairs(groups) do accept_usual(group, tonumber(group.text), note) end
if taken then return { NOT_USUAL } end

if conf.listed == 0 then set_conf('listed', 1) end
flush()
flush_queue()
wake()
return reply
