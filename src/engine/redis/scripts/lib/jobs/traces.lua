-- Traces of removed jobs: what is remembered of them for RESEND_WINDOW, so that a command about them that is sent again has no
-- second effect. Mirrors engine/shared/trace.ts. `trace` has by id: state, time of the removal, nonce, operations, one a line;
-- `traces` the ids by that time; the queue's number `traced` until when there are any.
-- Needs: record.lua, batch.lua, queue.lua.

local traces = { n = 0, left = {}, removed = {} }

function traces.leave(id, state, nonce, operations)
  traces.n = traces.n + 1
  traces.left[traces.n * 2 - 1] = id
  traces.left[traces.n * 2] = state .. '\n' .. string.format('%.0f', NOW) .. '\n' .. (nonce or '') .. '\n' .. (operations or '')
  set_conf('traced', NOW + RESEND_WINDOW)
end

-- Drops traces that are old, or else too many; of very many some.
function traces.drop()
  local ids = redis.call('ZRANGEBYSCORE', K.traces, '-inf', NOW - RESEND_WINDOW, 'LIMIT', 0, MOST_LOOKED_AT)
  local excess = redis.call('ZCARD', K.traces) - MOST_TRACES
  if #ids == 0 and excess > 0 then ids = redis.call('ZRANGE', K.traces, 0, math.min(excess, MOST_LOOKED_AT) - 1) end
  if #ids == 0 then return end
  redis.call('ZREM', K.traces, unpack(ids))
  redis.call('HDEL', K.trace, unpack(ids))
end

before_flush[#before_flush + 1] = function()
  if traces.n == 0 then return end
  for first = 1, traces.n, MAX_ARGS / 2 do
    local last = math.min(first + MAX_ARGS / 2 - 1, traces.n)
    redis.call('HSET', K.trace, unpack(traces.left, first * 2 - 1, last * 2))
    local scores = {}
    for i = first, last do
      scores[#scores + 1] = NOW
      scores[#scores + 1] = traces.left[i * 2 - 1]
    end
    redis.call('ZADD', K.traces, unpack(scores))
  end
  traces.n, traces.left = 0, {}
  traces.drop()
  -- They go also where no worker sweeps.
  redis.call('PEXPIRE', K.traces, RESEND_WINDOW)
  redis.call('PEXPIRE', K.trace, RESEND_WINDOW)
end

-- The traces of some jobs, as they are stored; none for most calls.
function traces.find(ids) return conf.traced > NOW and hmget('trace', ids) or {} end

-- State, nonce and operations of a trace; nil when it is too old, or none.
function traces.read(text)
  local state, at, nonce, operations = string.match(text or '', '^(%d+)\n(%d+)\n([^\n]*)\n(.*)$')
  if state and tonumber(at) + RESEND_WINDOW > NOW then return tonumber(state), nonce, operations end
end

-- The state of a removed job if this is the command that made it. The nonce of a spawned job names its parent, behind a slash.
function traces.made_by(text, nonce)
  local state, made = traces.read(text)
  if state and made == (nonce or '') and not string.find(made, '/', 1, true) then return state end
end
