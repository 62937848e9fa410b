-- KEYS: queue events wake
-- ARGV: now, paused (1 or 0)
-- Reply: 1
-- include: record batch format queue

read_queue()

local paused = tonumber(ARGV[2])
if conf.paused ~= paused then
  set_conf('paused', paused)
  emit(paused == 1 and '{"kind":"paused"}' or '{"kind":"resumed"}')
  flush_queue()
  if paused == 0 then wake() end
end
return 1
