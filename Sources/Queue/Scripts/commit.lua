-- commit: the one moment from which a session runs. Only the owner of the current fence gets 'ok', however often it
-- asks. ARGV: jid fence accelerator ready folders. ready: empty, or `waits`, or `waits:<ms>` for a machine that tells when its desktop is there,
-- and how long that took the last time. folders: of its host, one a line. Answers 'ok', 'stale' or 'cancel'.
local jid, fence = ARGV[1], ARGV[2]
local job = look_at_claim(jid)
local sid = job.session
if not sid or job.fence ~= fence then return 'stale' end
local s = look_at_step(sid)
if s.fence ~= fence then return 'stale' end
-- Asked again: the answer to the first call was lost.
if s.state == 'running' or s.state == 'lost' then return 'ok' end
if s.state == 'stopping' then return 'cancel' end
if job.state ~= 'running' or s.state ~= 'starting' then return 'stale' end
if s.wanted == 'stopped' then return 'cancel' end
local at, lifetime = now(), tonumber(s.lifetime_s or 0)
local at_text = text(at)
move(sid, s, 'running', at,
    { 'step', 'commit', 'step_at', at_text, 'started_at', at_text, 'expires_at',
        lifetime > 0 and text(at + lifetime * 1000) or '0', 'accelerator', ARGV[3], 'ready', ARGV[4] or '',
        'folders', ARGV[5] or '' },
    { 'previous', s.step or '', 'ms', text(at - (s.step_at or at)), 'act', 'started', 'who', s.owner, 'from', '', 'note',
        (s.machine or '') .. ' on ' .. (s.host_name or s.host) })
return 'ok'
