-- use-recovery: a person types a recovery code. ARGV: user digest. Answers 1, or 0 if there is no such code, or not any more.
local _, codes = keys_of(ARGV[1])
return redis.call('SREM', codes, ARGV[2])
