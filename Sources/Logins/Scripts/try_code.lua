-- try-code: somebody types a code. ARGV: id tries. Counts it; answers the challenge's fields, or nothing if it is over.
local key = 'qwd:challenge:' .. ARGV[1]
if redis.call('EXISTS', key) == 0 then return false end
local tries = redis.call('HINCRBY', key, 'tries', '1')
if tries > tonumber(ARGV[2]) then
    redis.call('DEL', key)
    return false
end
return redis.call('HMGET', key, 'kind', 'user', 'email', 'method', 'groups', 'proof', 'form', 'tries')
