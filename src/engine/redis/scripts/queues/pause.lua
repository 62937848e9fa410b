-- KEYS: queue events wake
-- ARGV: now, paused (1 or 0)
-- Reply: 1
-- include: record batch format queue

read_queue()

local pauses = ARGV[2] == '1'
if (conf.paused ~= 0) ~= pauses then
  set_conf('paused', pauses and NOW or 0)
  emit(pauses and '{"kind":"paused"}' or '{"kind":"resumed"}')
  flush_queue()
  if not pauses then wake() end
end
return 1
