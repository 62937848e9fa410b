-- KEYS: queue job run held leases wait tombstones priority suspect aside
-- KEYS: spans
-- ARGV: now, id
-- Reply: the place in the queue, 1 = next; 0 when the job is not queued
-- include: record codec batch format queue lease holding places

read_queue()

local r = load_records({ ARGV[2] })[1]
if not r or r[STATE] ~= QUEUED then return 0 end
local key = r[PRIORITY] * PRIORITY_STEP + r[POSITION]
local bound = '(' .. string.format('%.17g', key)
local place = 0
for _, key_name in ipairs({ 'priority', 'suspect', 'aside' }) do place = place + count_before(key_name, key, ARGV[2]) end
local ahead = math.min(math.max(0, math.ceil(key - conf.base)), waiting())
-- A job set aside may stand at a position that belongs to another job by now.
if has(r, DECLINED) and key >= conf.base and key % 1 == 0 and redis.call('ZCOUNT', K.tombstones, key, key) == 0 then
  local entry = redis.call('LINDEX', K.wait, key - conf.base)
  if entry and precedes(id_of(entry), ARGV[2]) then place = place + 1 end
end
return place + ahead - redis.call('ZCOUNT', K.tombstones, '-inf', bound) + 1
