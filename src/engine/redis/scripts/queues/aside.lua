-- KEYS: queue lacking declined
-- ARGV: now, the most tasks to report
-- Reply: per kind (w, s) and task: the task, how many jobs, since when the first of them has been declined, its place
--
-- Lists the jobs set aside, one task after the other. lib/aside.lua describes these keys.
-- include: format

refuse_newer(redis.call('HGET', K.queue, 'format'))

local reply = {}
for _, kind in ipairs({ 'w', 's' }) do
  local from, count = '[' .. kind, 0
  while count < tonumber(ARGV[2]) do
    local entry = redis.call('ZRANGEBYLEX', K.lacking, from, '(' .. kind .. '\127', 'LIMIT', 0, 1)[1]
    if not entry then break end
    local task, place = string.match(entry, '^.(%Z*)%z(.*)$')
    local id = string.match(place, '^%d+%z(.*)$')
    local upto = '(' .. kind .. task .. '\1'
    reply[#reply + 1] = task
    reply[#reply + 1] = redis.call('ZLEXCOUNT', K.lacking, '[' .. kind .. task .. '\0', upto)
    reply[#reply + 1] = redis.call('ZSCORE', K.declined, id) or 0
    reply[#reply + 1] = place
    from, count = '[' .. kind .. task .. '\1', count + 1
  end
end
return reply
