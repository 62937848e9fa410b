-- KEYS: queue removed_dependencies removed_dependency removed_dependents removed_dependent removed_round
-- ARGV: now, this queue, then, when messages were delivered: dependencies or dependents, how many links, the last of them
-- Reply: what was read now, as above (nothing at the end), then messages as in outbox.lua
--
-- The messages of an obliterated queue to others. Its links are set aside when it is removed (obliterate.lua) and stay until
-- the messages over them are delivered: to dependents that their dependency is gone, to dependencies that nothing depends on
-- them any more, and to members of flows which had not ended to end.
-- include: record batch format queue links-read

refuse_newer(redis.call('HGET', K.queue, 'format'))

local own, which, count, last = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local links_key = { dependencies = 'removed_dependencies', dependents = 'removed_dependents' }
local value_key = { dependencies = 'removed_dependency', dependents = 'removed_dependent' }

if which then
  local links = redis.call('ZRANGE', K[links_key[which]], 0, count - 1) -- keys: removed_dependencies removed_dependents
  -- Another client may have removed them since.
  if links[count] == last then
    redis.call('ZREM', K[links_key[which]], unpack(links)) -- keys: removed_dependencies removed_dependents
    redis.call('HDEL', K[value_key[which]], unpack(links)) -- keys: removed_dependency removed_dependent
  end
end

local receipt, messages = {}, {}

local function send(kind, to, id, a, b)
  local n = #messages
  messages[n + 1], messages[n + 2], messages[n + 3], messages[n + 4], messages[n + 5] = kind, to, id, a or 0, b or 0
end

for _, kind in ipairs({ 'dependents', 'dependencies' }) do
  local links = redis.call('ZRANGE', K[links_key[kind]], 0, MOST_MESSAGES / 2 - 1) -- keys: removed_dependencies removed_dependents
  if #links > 0 then
    local values = redis.call('HMGET', K[value_key[kind]], unpack(links)) -- keys: removed_dependency removed_dependent
    local ids = {}
    for i, member in ipairs(links) do ids[i] = string.match(member, '^%Z*') end
    local rounds = redis.call('HMGET', K.removed_round, unpack(ids))
    for i, member in ipairs(links) do
      local id, to = string.match(member, '^(%Z+)%z(.*)$')
      local value = sane_number(values[i])
      if id and string.sub(to, 1, #own + 1) ~= own .. '\0' then
        if kind == 'dependents' then
          send(MESSAGE_END, to, id, REMOVED, value)
        else
          -- A receiver that is no member of this job is not cancelled.
          if end_of_link(value, sane_number(rounds[i])) == 0 then send(MESSAGE_CANCEL, to, id) end
          send(MESSAGE_UNLINK, to, id)
        end
      end
    end
    receipt = { kind, #links, links[#links] }
    break
  end
end
if #receipt == 0 then redis.call('UNLINK', K.removed_round) end
return { receipt, messages }
