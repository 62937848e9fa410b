-- KEYS: queue job run held leases wait tombstones priority suspect aside
-- KEYS: spans
-- ARGV: now, id
-- Reply: the place in the queue, 1 = next; 0 when the job is not queued
-- include: record codec batch format queue lease holding

read_queue()

local r = load_records({ ARGV[2] })[1]
if not r or r[STATE] ~= QUEUED then return 0 end
local key = r[PRIORITY] * PRIORITY_STEP + r[POSITION]
local bound = '(' .. string.format('%.17g', key)
local place = redis.call('ZCOUNT', K.priority, '-inf', bound)
place = place + redis.call('ZCOUNT', K.suspect, '-inf', bound) + redis.call('ZCOUNT', K.aside, '-inf', bound)
-- Jobs at one position are ordered by id: suspects, and jobs set aside, whose place in the list may belong to another job
-- by now.
local same = string.format('%.17g', key)
for _, key_name in ipairs({ 'suspect', 'aside' }) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', K[key_name], same, same)) do
    if id < ARGV[2] then place = place + 1 end
  end
end
local ahead = math.min(math.max(0, math.ceil(key - conf.base)), waiting())
if has(r, DECLINED) and key >= conf.base and key % 1 == 0 and #redis.call('ZRANGEBYSCORE', K.tombstones, same, same) == 0 then
  local entry = redis.call('LINDEX', K.wait, key - conf.base)
  if entry and id_of(entry) < ARGV[2] then place = place + 1 end
end
return place + ahead - redis.call('ZCOUNT', K.tombstones, '-inf', bound) + 1
