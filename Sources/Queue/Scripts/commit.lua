-- commit: the one moment from which a session runs. Only the owner of the current fence gets 'ok', however often it asks.
-- ARGV: jid fence accelerator. Answers 'ok', 'stale' or 'cancel'.
local jid, fence = ARGV[1], ARGV[2]
local j = redis.call('HMGET', 'qwd:job:' .. jid, 'state', 'fence', 'session')
if j[2] ~= fence then return 'stale' end
local sid = j[3]
local s = redis.call('HMGET', 'qwd:session:' .. sid, 'state', 'fence', 'wanted', 'lifetime_s', 'step', 'step_at')
if s[2] ~= fence then return 'stale' end
if s[1] == 'running' then return 'ok' end
if j[1] ~= 'running' or s[1] ~= 'starting' then return 'stale' end
if s[3] == 'stopped' then return 'cancel' end
local at = now()
local expires = 0
if tonumber(s[4]) > 0 then
    expires = at + s[4] * 1000
    redis.call('ZADD', 'qwd:sessions:expiring', text(expires), sid)
end
set(sid, 'state', 'running', 'step', 'commit', 'step_at', text(at), 'started_at', text(at), 'expires_at',
    text(expires), 'accelerator', ARGV[3])
announce(sid, 'running', 'step', 'commit', 'previous', s[5] or '', 'ms', text(at - (s[6] or at)))
return 'ok'
