-- step: a worker has come one step further with a session.
-- ARGV: jid fence step. Answers 'ok', 'stale' or 'cancel'.
local jid, fence, step = ARGV[1], ARGV[2], ARGV[3]
local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'fence', 'session')
local sid = j[3]
if not sid or j[2] ~= fence or j[1] ~= 'running' and j[1] ~= 'done' then return 'stale' end
local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'fence', 'wanted', 'step', 'step_at', 'rev')
if s[2] ~= fence then return 'stale' end
if s[1] == 'stopping' or s[1] == 'ended' or s[3] == 'stopped' then return 'cancel' end
if s[4] == step then return 'ok' end
local at = now()
set(sid, s[6], 'step', step, 'step_at', text(at))
announce(sid, s[1], 'step', step, 'previous', s[4] or '', 'ms', text(at - (s[5] or at)))
return 'ok'
