-- stray: an administrator says what becomes of a stray machine. ARGV: host sid kind jid, and for the record: who from.
-- Answers 'ok', or nothing if the host has told of no such machine. The same jid again changes nothing.
local host, sid, kind, jid = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if call('EXISTS', 'qwd:job:' .. jid) == 1 then return 'ok' end
if call('HEXISTS', 'qwd:strays:host:' .. host, sid) == 0 then return false end
record_act('admin', ARGV[5], ARGV[6], sid, kind)
queue_job(jid, kind, 'host:' .. host, '1', now(), 'session', sid)
return 'ok'
