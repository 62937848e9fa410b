-- KEYS: queue job wait events wake
-- ARGV and reply: see lib/enqueue.lua. A reply of -1 alone: an id is taken, nothing was done, ask `enqueue`
--
-- Accepts usual jobs: of each group the options are but its number of attempts. Few keys and little code: the bulk of all jobs
-- comes this way.
-- include: record batch format queue enqueue

read_queue()
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
