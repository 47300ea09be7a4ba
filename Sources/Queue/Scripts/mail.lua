-- mail: a mail waits to be sent. ARGV: jid topic sealed max_attempts. The same jid again changes nothing.
local key, at = 'qwd:job:' .. ARGV[1], text(now())
if call('EXISTS', key) == 1 then return 'known' end
queue_mail(ARGV[1], '', ARGV[2], ARGV[3], ARGV[4], at)
return 'ok'
