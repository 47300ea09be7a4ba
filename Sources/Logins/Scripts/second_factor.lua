-- second-factor: what a person has. ARGV: user. Answers {secret, step, codes left}, the first two empty if there is none.
local account, codes = keys_of(ARGV[1])
local a = redis.call('HMGET', account, 'totp', 'totp_step')
return { a[1] or '', a[2] or '', redis.call('SCARD', codes) }
