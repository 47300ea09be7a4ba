-- step: a worker has come one step further with a session.
-- ARGV: jid fence step. Answers 'ok', 'stale' or 'cancel'.
local jid, fence, step = ARGV[1], ARGV[2], ARGV[3]
local job = look_at_claim(jid)
local sid = job.session
if not sid or job.fence ~= fence or job.state ~= 'running' and job.state ~= 'done' then return 'stale' end
local s = look_at_step(sid)
if s.fence ~= fence then return 'stale' end
if s.state == 'stopping' or s.state == 'ended' or s.wanted == 'stopped' then return 'cancel' end
if s.step == step then return 'ok' end
local at = now()
move(sid, s, s.state, at, { 'step', step, 'step_at', text(at) },
    { 'previous', s.step or '', 'ms', text(at - (s.step_at or at)) })
return 'ok'
