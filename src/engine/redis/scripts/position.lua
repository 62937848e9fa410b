-- KEYS: conf job run held leases wait dead prio suspect
-- ARGV: now, id
-- Reply: the place in line, 1 = next; 0 when the job is not queued
-- include: record codec batch queue lease holding

local r = load_records({ ARGV[2] })[1]
if not r or r[STATE] ~= QUEUED then return 0 end
local key = r[PRIORITY] * 34359738368 + r[POSITION]
local bound = '(' .. string.format('%.17g', key)
local place = redis.call('ZCOUNT', K.prio, '-inf', bound)
-- Suspects that share a position stand in the order of their ids.
place = place + redis.call('ZCOUNT', K.suspect, '-inf', bound)
if has(r, SUSPECT) then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', K.suspect, string.format('%.17g', key), string.format('%.17g', key))) do
    if id < ARGV[2] then place = place + 1 end
  end
end
local ahead = math.min(math.max(0, math.ceil(key - conf.base)), waiting())
return place + ahead - redis.call('ZCOUNT', K.dead, '-inf', bound) + 1
