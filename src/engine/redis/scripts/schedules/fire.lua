-- KEYS: queue job run wait tombstones priority suspect delayed blocked held leases unique unique_key tags tagged tagcount
-- KEYS: ttl keep nonce meta events wake history result errors fingerprints progress expiry counted1 counted2 done5 done6 done7 done8
-- KEYS: done9 done10 revoked supersede_key latest ended ended_due checkpoint checkpoints dependencies dependency dependents
-- KEYS: dependent pending outbox audit tick due aside lacking declined
-- KEYS: spans held_order running
-- KEYS: kept
-- KEYS: traces trace ends
-- KEYS: tally series totals failures
-- ARGV: now, schedule, revision, the last due time that the ticks were computed from, the new last due and next due times
-- ('' for never), op, overlap (skip or ''), then the jobs: see lib/enqueue.lua
-- Reply: applied, applied with messages (its jobs have some in the outbox), or stale
--
-- Creates the jobs of a schedule's ticks, as a compare-and-set on its last tick. Mirrors
-- engine/memory/commands/schedules.ts.
-- include: record codec batch format queue lease holding aside tally filing moves log operations traces ends forget amend unique supersede links-read links enqueue accept schedule

read_queue()
read_jobs(9)

-- A function of its own: Lua allows 200 local names per function, and the includes take nearly all of them.
local function fire()
  local name, revision, from, to, next_due, op, overlap = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
  local s = load_tick(name)
  if not s then return 'stale' end
  if s.fired == op then return 'applied' end
  if s.status ~= 'active' or s.revision ~= revision or tonumber(s.last_due) ~= tonumber(from) then return 'stale' end

  local function is_live(id)
    local r = id ~= '' and record_by_id(id)
    return r and r[STATE] < COMPLETED
  end

  for _, group in ipairs(groups) do
    -- Always JSON: jobs of a schedule carry its tag.
    local o = cjson.decode(group.text)
    for i = group.first, group.last do
      if overlap ~= 'skip' or not is_live(s.last_job) then
        local answered = #reply
        accept_other(i, ids[i], o, bodies[i])
        s.last_job = #reply > answered and reply[answered + 2] or ids[i]
      end
    end
  end

  s.last_due, s.next_due, s.fired = to, next_due, op
  save_tick(name, s)
  flush()
  note_first_tick()
  drop_tombstones()
  flush_queue()
  -- A waiting worker must also wake for a delayed job that is due before the one it waits for, and for a ttl that ends first.
  if queued or earliest < (first_delayed or math.huge) or is_first_end() then wake() end
  return outbox_marked and 'applied with messages' or 'applied'
end

return fire()
