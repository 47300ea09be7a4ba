-- open: somebody signs in. ARGV: id user email method groups from idle_ms absolute_ms
local t = redis.call('TIME')
local at = t[1] * 1000 + math.floor(t[2] / 1000)
local ends = at + tonumber(ARGV[8])
local function text(number) return string.format('%.0f', number) end
local key, mine = 'qwd:login:' .. ARGV[1], 'qwd:logins:' .. ARGV[2]
redis.call('HSET', key, 'user', ARGV[2], 'email', ARGV[3], 'method', ARGV[4], 'groups', ARGV[5], 'from', ARGV[6],
    'created_at', text(at), 'seen_at', text(at), 'ends_at', text(ends))
redis.call('PEXPIREAT', key, text(math.min(ends, at + tonumber(ARGV[7]))))
-- Those that ended by themselves have left their ids behind.
for _, id in ipairs(redis.call('ZRANGE', mine, '0', '-1')) do
    if redis.call('EXISTS', 'qwd:login:' .. id) == 0 then redis.call('ZREM', mine, id) end
end
redis.call('ZADD', mine, text(at), ARGV[1])
if redis.call('PTTL', mine) < tonumber(ARGV[8]) then redis.call('PEXPIRE', mine, ARGV[8]) end
return 'ok'
