-- succeeded: the attempt was none to guess. ARGV: user_key address_key address_free
-- The address keeps its other failures: whoever guesses may have a name of their own.
redis.call('DEL', ARGV[1])
local failures = redis.call('HINCRBY', ARGV[2], 'failures', '-1')
if failures <= 0 then
    redis.call('DEL', ARGV[2])
elseif failures < tonumber(ARGV[3]) then
    redis.call('HDEL', ARGV[2], 'until')
end
return 'ok'
