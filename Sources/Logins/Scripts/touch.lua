-- touch: a browser shows its token. ARGV: id idle_ms. Answers the login's fields, or nothing if it is over.
local key, idle = 'qwd:login:' .. ARGV[1], tonumber(ARGV[2])
local l = redis.call('HMGET', key, 'user', 'email', 'method', 'groups', 'from', 'created_at', 'seen_at', 'ends_at')
if not l[1] then return false end
local t = redis.call('TIME')
local at = t[1] * 1000 + math.floor(t[2] / 1000)
if at >= tonumber(l[8]) then
    redis.call('DEL', key)
    return false
end
-- Not with every request: each write waits for the disk.
if at - l[7] >= math.min(60000, idle / 10) then
    redis.call('HSET', key, 'seen_at', string.format('%.0f', at))
    redis.call('PEXPIREAT', key, string.format('%.0f', math.min(tonumber(l[8]), at + idle)))
end
return l
