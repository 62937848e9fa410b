-- KEYS: queue lacking declined
-- ARGV: now, of how many tasks to tell
-- Reply: of each kind (w, s) and task: the task, how many jobs, since when the first has been declined, its place
--
-- What was set aside, from task to task, whatever lies between.
-- See lib/aside.lua for what stands in these keys.
-- include: format

refuse_newer(redis.call('HGET', K.queue, 'format'))

local reply = {}
for _, kind in ipairs({ 'w', 's' }) do
  local from, told = '[' .. kind, 0
  while told < tonumber(ARGV[2]) do
    local entry = redis.call('ZRANGEBYLEX', K.lacking, from, '(' .. kind .. '\127', 'LIMIT', 0, 1)[1]
    if not entry then break end
    local task, place = string.match(entry, '^.(%Z*)%z(.*)$')
    local id = string.match(place, '^%d+%z(.*)$')
    local upto = '(' .. kind .. task .. '\1'
    reply[#reply + 1] = task
    reply[#reply + 1] = redis.call('ZLEXCOUNT', K.lacking, '[' .. kind .. task .. '\0', upto)
    reply[#reply + 1] = redis.call('ZSCORE', K.declined, id) or 0
    reply[#reply + 1] = place
    from, told = '[' .. kind .. task .. '\1', told + 1
  end
end
return reply
