-- Shared by the scripts that enqueue: reading the call (`read_jobs`, which each calls first), and the fast path.
-- ARGV: now, then, from the place given to `read_jobs`, per group of jobs: options (a number: attempts, and no other
-- option; else JSON), their number, and for each its id and body
-- Reply: LINKS_LEFT alone, with nothing done, when removed jobs of these ids have many messages to deliver before; else was
-- the queue listed (+ 2 when messages wait in the outbox), then for jobs not simply created and queued: index
-- from 1, id, outcome (c created, e existing, j joined, r rejected, p replaced), state
-- Needs: record.lua, batch.lua, queue.lua, traces.lua.

local ids, bodies, groups = {}, {}, {}
local present -- the stored jobs that have these ids already
local reply

-- `at`: the index in ARGV of the first group.
local function read_jobs(at)
  local count = 0
  while at <= #ARGV do
    local last = at + ARGV[at + 1] * 2
    groups[#groups + 1] = { text = ARGV[at], first = count + 1 }
    for i = at + 2, last, 2 do
      count = count + 1
      ids[count] = ARGV[i]
      bodies[count] = ARGV[i + 1]
    end
    groups[#groups].last = count
    at = last + 2
  end
  present = hmget('job', ids)
  traces.removed = traces.find(ids)
  reply = { conf.listed }
end

-- The record that a second job of the same id in this call finds.
local usual_record = { QUEUED, 0, 0, 0, 0, 0, 0, 0, 0, NOW, NOW, 0, 0, '' }

-- The fast path: jobs that are ready at once, of default priority, with no other option. Those whose id is taken go to
-- `otherwise`.
local function accept_usual(group, attempts, otherwise)
  local head = struct.pack(BIRTH_HEAD_FORMAT, QUEUED, 0, attempts, 0, NOW)
  local job_args, wait_args = args_of(HSET, 'job'), args_of(RPUSH, 'wait')
  local tail = conf.base + waiting() - wait_args.n
  for i = group.first, group.last do
    local id = ids[i]
    if present[i] or fresh[id] or traces.removed[i] then
      otherwise(i, id, { attempts = attempts }, bodies[i])
    else
      local n = job_args.n
      job_args[n + 1] = id
      job_args[n + 2] = head .. struct.pack('<I6', tail + wait_args.n) .. bodies[i]
      job_args.n = n + 2
      n = wait_args.n + 1
      wait_args[n] = id
      wait_args.n = n
      fresh[id] = usual_record
      if watched then emit_state(id, QUEUED, task_of(bodies[i], 1), 'enqueue', 0) end
    end
  end
end
