-- ready: a session's desktop is there, as its machine's administrator has said how to notice.
-- ARGV: sid fence. Answers nothing, or {milliseconds since it runs, machine}.
local sid, fence = ARGV[1], ARGV[2]
local s = look_at(sid)
if s.fence ~= fence or s.state ~= 'running' and s.state ~= 'lost' then return false end
local at = now()
local took = at - (s.started_at or at)
move(sid, s, s.state, at, { 'ready', 'yes' }, { 'ms', text(took) })
return { took, s.machine or '' }
