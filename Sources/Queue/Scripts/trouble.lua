-- trouble: a running session's user should know that something is wrong. ARGV: sid detail
local sid = ARGV[1]
local state = redis.call('HGET', 'qwd:session:' .. sid, 'state')
if not state or state == 'ended' then return false end
set(sid, 'detail', ARGV[2])
announce(sid, state, 'detail', ARGV[2])
return 'ok'
