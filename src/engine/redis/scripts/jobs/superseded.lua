-- KEYS: queue superseded superseded_due superseded_claimed
-- ARGV: now, command (claim, acknowledge), then: claim: limit, when to hand out again, tasks; acknowledge: ids
-- Reply: claim: ids; acknowledge: 1
--
-- Claims superseded jobs whose application has not been notified, and removes those it was notified of. Claimed ones stay
-- in `superseded_claimed` until they are due again.
-- include: record batch format

refuse_newer(redis.call('HGET', K.queue, 'format'))

if ARGV[2] == 'acknowledge' then
  for i = 3, #ARGV do
    local member = (redis.call('HGET', K.superseded, ARGV[i]) or '') .. '\0' .. ARGV[i]
    score('superseded_due', member, false)
    score('superseded_claimed', member, false)
    put('superseded', ARGV[i], false)
  end
  flush()
  return 1
end

local limit, again, claimed = tonumber(ARGV[3]), NOW + ARGV[4], {}

for _, member in ipairs(redis.call('ZRANGEBYSCORE', K.superseded_claimed, '-inf', NOW, 'LIMIT', 0, MOST_RETURNED)) do
  score('superseded_claimed', member, false)
  score('superseded_due', member, 0)
end
flush()

for i = 5, #ARGV do
  local task, need = ARGV[i], limit - #claimed
  if need <= 0 then break end
  for _, member in ipairs(redis.call('ZRANGEBYLEX', K.superseded_due, '[' .. task .. '\0', '(' .. task .. '\1', 'LIMIT', 0, need)) do
    claimed[#claimed + 1] = string.sub(member, #task + 2)
    score('superseded_due', member, false)
    score('superseded_claimed', member, again)
  end
  flush()
end
return claimed
