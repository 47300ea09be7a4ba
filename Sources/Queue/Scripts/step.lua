-- step: a worker has come one step further with a session.
-- ARGV: jid fence step. Answers 'ok', 'stale' or 'cancel'.
local j = redis.call('HMGET', 'qwd:job:' .. ARGV[1], 'state', 'fence', 'session')
if j[1] ~= 'running' or j[2] ~= ARGV[2] then return 'stale' end
local sid = j[3]
local s = redis.call('HMGET', 'qwd:session:' .. sid, 'state', 'wanted', 'step', 'step_at')
if s[1] == 'starting' and s[2] == 'stopped' then return 'cancel' end
if s[3] == ARGV[3] then return 'ok' end
local at = now()
set(sid, 'step', ARGV[3], 'step_at', text(at))
announce(sid, s[1], 'step', ARGV[3], 'previous', s[3] or '', 'ms', text(at - (s[4] or at)))
return 'ok'
