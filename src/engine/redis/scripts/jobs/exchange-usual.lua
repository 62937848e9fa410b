-- KEYS: queue job run result wait tombstones priority suspect aside lacking delayed leases sessions seen calls events wake done5
-- KEYS: spans running ttl tally
-- ARGV and reply: see lib/exchange.lua. A reply of -1 alone: the call is not for the fast path, nothing was done, call
-- `exchange`
--
-- The fast path of an exchange: settles what a session finished and leases it more, in one step, when nothing of it is out
-- of the ordinary. Few keys and little code: a busy queue, and an idle worker that is woken, spend their time here.
-- include: session record batch format queue lease give aside-claim exchange

-- The lines that the worker has summed up for `tally` (tally.lua), which lack the minute. Every settlement is applied here, and none
-- was before, so it is all of them or nothing.
local function leave_lines()
  if ARGV[11] ~= '' then redis.call('RPUSH', K.tally, struct.pack('>I4', math.floor(NOW / 60000)) .. ARGV[11]) end
end

-- The name of the task of all settlements (the lines are described in tally.lua); nil where there are several, or not all were
-- measured, or the task is one that is not told apart.
local function only_task()
  local lines, task = ARGV[11], nil
  local letter, high, middle, low, places, length = string.byte(lines, 1, 6)
  if letter and letter < 97 then
    length = string.byte(lines, 12)
    if count == 1 and #lines == 12 + length then task = string.sub(lines, 13) end
  elseif letter and (high * 128 + middle) * 128 + low == count and #lines == 20 + 4 * places + length then
    task = string.sub(lines, -length)
  end
  return task ~= OTHER_TASKS and task or nil
end

read_queue({ 'format', 'interest', 'paused', 'base', 'epoch', 'sdue', 'active', 'b5' })
read_call()

if not alive then return answer(string.rep(FENCED_STALE, count)) end
local task = watched and count > 0 and only_task()
-- The full script is given the task of each.
if task == nil then return { NOT_USUAL } end
if late or repeated or (next_due and next_due <= NOW) or not all_usual() then return { NOT_USUAL } end
if claims and not head_is_usual() then return { NOT_USUAL } end
settle_usual(task)
if claims then lease_head() end
flush()
leave_lines()
return answer(string.rep(FENCED_APPLIED, count))
