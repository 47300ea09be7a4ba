-- noted: a ledger has everything until an event. ARGV: ledger id
write('HSET', 'qwd:ledgers', ARGV[1], ARGV[2])
write('ZADD', 'qwd:ledgers:seen', text(now()), ARGV[1])
return 'ok'
