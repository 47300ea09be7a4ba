-- enrol: a person gets a second factor. ARGV: user sealed step, then the digests of the recovery codes.
-- Answers 1, or 0 for a person who has one.
local account, codes = keys_of(ARGV[1])
if redis.call('HEXISTS', account, 'totp') == 1 then return 0 end
redis.call('HSET', account, 'totp', ARGV[2], 'totp_step', ARGV[3])
redis.call('DEL', codes)
for i = 4, #ARGV do redis.call('SADD', codes, ARGV[i]) end
return 1
