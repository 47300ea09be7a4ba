-- offer: the machines a host can start. ARGV: host, then name and description (JSON) of each.
local host = ARGV[1]
local mine = 'qwd:machines:host:' .. host
local before = redis.call('SMEMBERS', mine)
redis.call('DEL', mine)
for i = 2, #ARGV, 2 do
    redis.call('SADD', mine, ARGV[i])
    redis.call('HSET', 'qwd:machines', ARGV[i], ARGV[i + 1])
end
local hosts = redis.call('ZRANGE', 'qwd:hosts', 0, -1)
for _, name in ipairs(before) do
    local offered = redis.call('SISMEMBER', mine, name)
    for _, other in ipairs(hosts) do
        if offered == 1 then break end
        offered = redis.call('SISMEMBER', 'qwd:machines:host:' .. other, name)
    end
    if offered == 0 then redis.call('HDEL', 'qwd:machines', name) end
end
wake_creates_if_any()
return 'ok'
