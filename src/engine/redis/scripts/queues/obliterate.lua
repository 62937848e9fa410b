-- KEYS: removed_dependencies removed_dependency removed_dependents removed_dependent removed_round
-- KEYS: held leases queue job run result wait tombstones priority suspect delayed blocked history errors fingerprints
-- KEYS: failures ttl keep expiry counted1 counted2 tags tagged tagcount meta progress log nonce op unique unique_key
-- KEYS: revoked calls sessions workers seen events wake done5 done6 done7 done8 done9 done10 checkpoint checkpoints failed
-- KEYS: supersede_key latest ended ended_due ended_claimed dependencies dependency dependents dependent
-- KEYS: pending round outbox audit schedule tick due aside lacking declined
-- KEYS: spans held_order running
-- KEYS: kept traces trace ends builds built status commands
-- KEYS: tally series totals groups group_order
-- ARGV: now, force
-- Reply: 1, or 0 when jobs run and force is not given; 2 when another removal has not notified all yet
--
-- Removes a queue with all its jobs. The links to jobs of other queues are set aside in the same step, until these are notified
-- (links/removal-messages.lua), so that nothing is lost when the client dies in between.
-- include: format

refuse_newer(redis.call('HGET', K.queue, 'format'))
if ARGV[2] ~= '1' and redis.call('HLEN', K.held) + redis.call('HLEN', K.leases) > 0 then return 0 end
if redis.call('EXISTS', K.removed_dependencies, K.removed_dependents) > 0 then return STILL_NOTIFYING end
if redis.call('EXISTS', K.dependencies) == 0 then redis.call('UNLINK', K.round) end
for _, name in ipairs({ 'dependencies', 'dependency', 'dependents', 'dependent', 'round' }) do
  if redis.call('EXISTS', K[name]) == 1 then redis.call('RENAME', K[name], K['removed_' .. name]) end -- keys: dependencies dependency dependents dependent round removed_dependencies removed_dependency removed_dependents removed_dependent removed_round
end
redis.call('UNLINK', unpack(KEYS, 6)) -- all but the five named first
redis.call('PUBLISH', string.sub(K.queue, 1, -1 - #'queue') .. K.db, CHANNEL_EVENTS .. ' 0') -- as `publish` in lib/queue.lua
return 1
