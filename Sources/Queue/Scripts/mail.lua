-- mail: a mail waits to be sent. ARGV: jid topic sealed max_attempts. The same jid again changes nothing.
if call('EXISTS', 'qwd:job:' .. ARGV[1]) == 1 then return 'known' end
queue_mail(ARGV[1], '', ARGV[2], ARGV[3], ARGV[4], now())
return 'ok'
