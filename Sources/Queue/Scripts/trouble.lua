-- trouble: a session's user should know that something is wrong. ARGV: sid detail
local sid, detail = ARGV[1], ARGV[2]
local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'detail', 'rev')
if not s[1] or s[1] == 'ended' then return false end
if (s[2] or '') == detail then return 'ok' end
set(sid, s[3], 'detail', detail)
announce(sid, s[1], 'detail', detail)
return 'ok'
