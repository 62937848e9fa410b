-- KEYS: queue tally series totals
-- ARGV: now, what (m minutes, h hours, t totals), and of minutes and hours the first and the last
-- Reply: how many lines wait to be added up; if none do, also where to go on, -1 at the end, then each field that there is, as its
-- minute, hour or task, and its JSON; a task may come twice
--
-- Adds up some of the lines that wait, and reads series or totals once none is left.
-- include: record codec batch format tally

refuse_newer(redis.call('HGET', K.queue, 'format'))
tally.fold()
local left = redis.call('LLEN', K.tally)
if left > 0 then return { left } end

if ARGV[2] == 't' then
  local totals, cursor, page = { 0, -1 }, '0', nil
  repeat
    cursor, page = unpack(redis.call('HSCAN', K.totals, cursor, 'COUNT', 100))
    for _, text in ipairs(page) do totals[#totals + 1] = text end
  until cursor == '0'
  return totals
end

local slot, last, page, bytes = tonumber(ARGV[3]), tonumber(ARGV[4]), 20, 0
local reply = { 0, -1 }
while slot <= last and bytes < MOST_REPLIED do
  local names = {}
  for i = 1, math.min(page, last - slot + 1) do names[i] = ARGV[2] .. (slot + i - 1) end
  for i, text in ipairs(redis.call('HMGET', K.series, unpack(names))) do
    if text then
      reply[#reply + 1], reply[#reply + 2] = slot + i - 1, text
      bytes = bytes + #text
    end
  end
  slot = slot + #names
end
if slot <= last then reply[2] = slot end
return reply
