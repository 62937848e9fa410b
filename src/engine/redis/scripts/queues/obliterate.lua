-- KEYS: held leases queue job run result wait tombstones priority suspect delayed blocked history errors fingerprints
-- KEYS: failures ttl keep expiry counted1 counted2 tags tagged tagcount meta progress log nonce op unique unique_key
-- KEYS: revoked calls sessions workers seen events wake done5 done6 done7 done8 done9 done10 checkpoint checkpoints failed
-- KEYS: supersede_key latest ended ended_due ended_claimed dependencies dependency dependents dependent
-- KEYS: pending round outbox audit schedule tick due aside lacking declined
-- KEYS: spans held_order running
-- KEYS: kept
-- ARGV: now, force
-- Reply: 1, or 0 when jobs run and force is not given
-- include: format

refuse_newer(redis.call('HGET', K.queue, 'format'))
if ARGV[2] ~= '1' and redis.call('HLEN', K.held) + redis.call('HLEN', K.leases) > 0 then return 0 end
redis.call('UNLINK', unpack(KEYS))
redis.call('PUBLISH', string.sub(K.queue, 1, -1 - #'queue') .. K.db, CHANNEL_EVENTS .. ' 0') -- as `publish` in lib/queue.lua
return 1
