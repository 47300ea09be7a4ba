-- hostup: a worker's heartbeat.
-- ARGV: host count, then `count` field-value pairs, then the ids of the sessions whose machines really live there.
-- Lost sessions that live are running again. Answers the ids that the queue places on this host and that are past
-- `starting`, each followed by its fence and its state.
local host, count, at = ARGV[1], tonumber(ARGV[2]), now()
local fields = {}
for i = 3, 2 + 2 * count do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', 'qwd:host:' .. host, 'seen_at', text(at), unpack(fields))
if redis.call('ZADD', 'qwd:hosts', text(at), host) == 1 then wake_creates_if_any() end
for i = 3 + 2 * count, #ARGV do
    local s = redis.call('HMGET', 'qwd:session:' .. ARGV[i], 'state', 'host')
    if s[1] == 'lost' and s[2] == host then
        set(ARGV[i], 'state', 'running', 'detail', '')
        announce(ARGV[i], 'running', 'detail', host .. ' is back')
    end
end
local placed = {}
for _, sid in ipairs(redis.call('SMEMBERS', 'qwd:sessions:host:' .. host)) do
    local s = redis.call('HMGET', 'qwd:session:' .. sid, 'state', 'fence')
    if s[1] ~= 'starting' then
        placed[#placed + 1] = sid
        placed[#placed + 1] = s[2]
        placed[#placed + 1] = s[1]
    end
end
return placed
