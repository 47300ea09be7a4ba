-- ask: a code is wanted from somebody. ARGV: id life_ms, then the challenge's fields with their values.
-- In one step, so that no half sign-in is left behind that never ends.
local key = 'qwd:challenge:' .. ARGV[1]
redis.call('DEL', key)
redis.call('HSET', key, unpack(ARGV, 3))
redis.call('PEXPIRE', key, ARGV[2])
return 'ok'
