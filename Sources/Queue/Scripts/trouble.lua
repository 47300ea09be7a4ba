-- trouble: a session's user should know that something is wrong. ARGV: sid detail
local sid, detail = ARGV[1], ARGV[2]
local s = look_at(sid)
if not s.state or s.state == 'ended' then return false end
if (s.detail or '') == detail then return 'ok' end
move(sid, s, s.state, now(), { 'detail', detail })
return 'ok'
