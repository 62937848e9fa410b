-- KEYS: held leases conf job run result wait dead prio suspect delayed blocked hist err fp failures ttl keep expiry counted1 counted2
-- KEYS: tags tagged tagcount meta prog log nonce op unique ukey revoked calls sessions workers seen events wake
-- KEYS: done5 done6 done7 done8 done9 done10
-- KEYS: check left failed skey latest owed owing handed deps dep kids kid pend round news audit schedule tick due aside lacking declined
-- ARGV: now, force
-- Reply: 1, or 0 when jobs run and force is not given

if ARGV[2] ~= '1' and redis.call('HLEN', K.held) + redis.call('HLEN', K.leases) > 0 then return 0 end
redis.call('UNLINK', unpack(KEYS))
redis.call('PUBLISH', string.sub(K.conf, 1, -5) .. K.db, 'e 0') -- as `publish` in lib/queue.lua
return 1
