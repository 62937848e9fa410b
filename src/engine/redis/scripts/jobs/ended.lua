-- KEYS: queue ended ended_due ended_claimed
-- ARGV: now, command (claim, acknowledge), then: claim: limit, when to hand out again, tasks; acknowledge: ids
-- Reply: claim: ids; acknowledge: 1
--
-- Claims jobs that ended without a run, and removes those of which their application was notified. Claimed ones stay
-- in `ended_claimed` until they are due again.
-- include: record batch format

refuse_newer(redis.call('HGET', K.queue, 'format'))

if ARGV[2] == 'acknowledge' then
  for i = 3, #ARGV do
    local member = (redis.call('HGET', K.ended, ARGV[i]) or '') .. '\0' .. ARGV[i]
    score('ended_due', member, false)
    score('ended_claimed', member, false)
    put('ended', ARGV[i], false)
  end
  flush()
  return 1
end

local limit, again, claimed = tonumber(ARGV[3]), NOW + ARGV[4], {}

for _, member in ipairs(redis.call('ZRANGEBYSCORE', K.ended_claimed, '-inf', NOW, 'LIMIT', 0, MOST_RETURNED)) do
  score('ended_claimed', member, false)
  score('ended_due', member, 0)
end
flush()

for i = 5, #ARGV do
  local task, need = ARGV[i], limit - #claimed
  if need <= 0 then break end
  for _, member in ipairs(redis.call('ZRANGEBYLEX', K.ended_due, '[' .. task .. '\0', '(' .. task .. '\1', 'LIMIT', 0, need)) do
    claimed[#claimed + 1] = string.sub(member, #task + 2)
    score('ended_due', member, false)
    score('ended_claimed', member, again)
  end
  flush()
end
return claimed
