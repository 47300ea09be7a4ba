-- attempt: somebody tries to sign in. It counts as a failure until `succeeded` says otherwise.
-- ARGV: user_key address_key(may be empty) user_free user_most_ms address_free address_most_ms memory_ms
-- Answers 0, or the milliseconds until the next attempt may be made; such a one is not counted.
local t = redis.call('TIME')
local at = t[1] * 1000 + math.floor(t[2] / 1000)
local function wait(key) return tonumber(redis.call('HGET', key, 'until') or 0) - at end
local longest = wait(ARGV[1])
if ARGV[2] ~= '' then longest = math.max(longest, wait(ARGV[2])) end
if longest > 0 then return longest end
local function count(key, free, most)
    local failures = redis.call('HINCRBY', key, 'failures', '1')
    if failures >= free then
        local delay = math.min(most, 1000 * 2 ^ math.min(failures - free, 20))
        redis.call('HSET', key, 'until', string.format('%.0f', at + delay))
    end
    redis.call('PEXPIRE', key, ARGV[7])
end
count(ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]))
if ARGV[2] ~= '' then count(ARGV[2], tonumber(ARGV[5]), tonumber(ARGV[6])) end
return 0
