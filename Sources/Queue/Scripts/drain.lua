-- drain: a host takes no new sessions, or takes them again.
-- ARGV: host 0|1. Answers 'ok', or nothing for an unknown host.
local key = 'qwd:host:' .. ARGV[1]
if call('EXISTS', key) == 0 then return false end
call('HSET', key, 'draining', ARGV[2])
if ARGV[2] == '0' then wake_creates_if_any() end
return 'ok'
