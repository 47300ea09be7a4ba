-- attempt: somebody tries to sign in. It counts as a failure until `succeeded` says otherwise.
-- ARGV: memory_ms, then for each count its key, how many failures are free, and the longest wait in ms.
-- Answers 0, or the milliseconds until the next attempt may be made; such a one is not counted.
local t = redis.call('TIME')
local at = t[1] * 1000 + math.floor(t[2] / 1000)
local longest = 0
for i = 2, #ARGV, 3 do
    longest = math.max(longest, tonumber(redis.call('HGET', ARGV[i], 'until') or 0) - at)
end
if longest > 0 then return longest end
for i = 2, #ARGV, 3 do
    local key, free, most = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
    local failures = redis.call('HINCRBY', key, 'failures', '1')
    if failures >= free then
        local delay = math.min(most, 1000 * 2 ^ math.min(failures - free, 20))
        redis.call('HSET', key, 'until', string.format('%.0f', at + delay))
    end
    redis.call('PEXPIRE', key, ARGV[1])
end
return 0
