-- accept-step: a code of an app was right. ARGV: user step. Answers 1, or 0 if that step or a later one was used.
local key = 'qwd:account:' .. ARGV[1]
if tonumber(redis.call('HGET', key, 'totp_step') or -1) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', key, 'totp_step', ARGV[2])
return 1
