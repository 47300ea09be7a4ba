-- commit: the one moment from which a session runs. Only the owner of the current fence gets 'ok', however often it
-- asks. ARGV: jid fence accelerator. Answers 'ok', 'stale' or 'cancel'.
local jid, fence = ARGV[1], ARGV[2]
local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'fence', 'session')
local sid = j[3]
if not sid or j[2] ~= fence then return 'stale' end
local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'fence', 'wanted', 'lifetime_s', 'step', 'step_at', 'rev', 'email',
    'owner', 'host', 'machine')
if s[2] ~= fence then return 'stale' end
-- Asked again: the answer to the first call was lost.
if s[1] == 'running' or s[1] == 'lost' then return 'ok' end
if s[1] == 'stopping' then return 'cancel' end
if j[1] ~= 'running' or s[1] ~= 'starting' then return 'stale' end
if s[3] == 'stopped' then return 'cancel' end
local at, expires = now(), '0'
local at_text = text(at)
if tonumber(s[4]) > 0 then
    expires = text(at + s[4] * 1000)
    expires_at(sid, expires, s[4], s[8])
end
set(sid, s[7], 'state', 'running', 'step', 'commit', 'step_at', at_text, 'started_at', at_text, 'expires_at', expires,
    'accelerator', ARGV[3])
record('started', s[9], '', (s[11] or '') .. ' on ' .. (s[10] or ''), sid, 'running', 'step', 'commit', 'previous',
    s[5] or '', 'ms', text(at - (s[6] or at)))
return 'ok'
