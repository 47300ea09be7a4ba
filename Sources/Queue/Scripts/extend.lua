-- extend: a running session may live longer.
-- ARGV: sid seconds longest_s(0: no limit) seen, and for the record: act who from note. `seen` is the end that was known to who asks, in ms, or empty; if the
-- session has another one by now, the same was asked before and nothing changes.
-- Answers the end in ms, '0' for no end, or nothing if it does not run.
local sid, seen = ARGV[1], ARGV[4]
local s = look_at(sid)
if s.state ~= 'running' or s.wanted == 'stopped' then return false end
record_act(ARGV[5], ARGV[6], ARGV[7], sid, ARGV[8])
local expires, longest = tonumber(s.expires_at or 0), tonumber(ARGV[3])
if expires == 0 then return '0' end
local extended = expires + ARGV[2] * 1000
if longest > 0 then extended = math.min(extended, s.started_at + longest * 1000) end
if extended <= expires or seen ~= '' and seen ~= s.expires_at then return s.expires_at end
-- It ends later than the mail said, if there was one.
write('DEL', 'qwd:job:' .. sid .. '-mail-ending')
move(sid, s, 'running', now(), { 'expires_at', text(extended) })
return text(extended)
