-- extend: a running session may live longer.
-- ARGV: sid seconds longest_s(0: no limit) seen, and for the record: act who from note. `seen` is the end that was known to who asks, in ms, or empty; if the
-- session has another one by now, the same was asked before and nothing changes.
-- Answers the end in ms, '0' for no end, or nothing if it does not run.
local sid, seen = ARGV[1], ARGV[4]
local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'started_at', 'expires_at', 'wanted', 'rev', 'email',
    'lifetime_s')
if s[1] ~= 'running' or s[4] == 'stopped' then return false end
record_act(ARGV[5], ARGV[6], ARGV[7], sid, ARGV[8])
local expires, longest = tonumber(s[3] or 0), tonumber(ARGV[3])
if expires == 0 then return '0' end
local extended = expires + ARGV[2] * 1000
if longest > 0 then extended = math.min(extended, s[2] + longest * 1000) end
if extended <= expires or seen ~= '' and seen ~= s[3] then return s[3] end
expires_at(sid, extended, s[7], s[6])
-- It ends later than the mail said, if there was one.
call('DEL', 'qwd:job:' .. sid .. '-mail-ending')
set(sid, s[5], 'expires_at', text(extended))
announce(sid, 'running', 'expires_at', text(extended))
return text(extended)
