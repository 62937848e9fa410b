-- KEYS: queue groups group_order failures fingerprints
-- ARGV: now, fingerprint, the letter of the state that the group is given ('': none), and by whom (JSON)
-- Reply: its JSON, how many jobs are filed under it, and now; nothing when there is no such group
--
-- Reads a failure group, and changes it.
-- include: record codec batch format queue filing failure-groups

read_queue()
local fingerprint, state = ARGV[2], ARGV[3]
local g = failure_groups.find(fingerprint)
if not g then return {} end
if state ~= '' and failure_groups.state_of(g) ~= state then
  failure_groups.change(g, state, cjson.decode('[' .. ARGV[4] .. ']')[1])
  redis.call('HSET', K.groups, fingerprint, cjson.encode(g))
end
return { cjson.encode(g), failure_groups.filed(fingerprint), NOW }
