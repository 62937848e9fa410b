-- The session that speaks.
local SESSION = ARGV[2]
