-- extend: a running session may live longer.
-- ARGV: sid seconds longest_s(0: no limit). Answers the new end in ms, '0' for no end, or nothing if it does not run.
local sid = ARGV[1]
local s = redis.call('HMGET', 'qwd:session:' .. sid, 'state', 'started_at', 'expires_at', 'wanted')
if s[1] ~= 'running' or s[4] == 'stopped' then return false end
local expires = tonumber(s[3] or 0)
if expires == 0 then return '0' end
local longest = tonumber(ARGV[3])
local extended = expires + ARGV[2] * 1000
if longest > 0 then extended = math.min(extended, s[2] + longest * 1000) end
if extended > expires then
    redis.call('ZADD', 'qwd:sessions:expiring', text(extended), sid)
    set(sid, 'expires_at', text(extended))
    announce(sid, 'running', 'expires_at', text(extended))
end
return text(math.max(extended, expires))
