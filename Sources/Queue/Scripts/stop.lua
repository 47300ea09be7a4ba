-- stop: somebody wants a session to end.
-- ARGV: sid reason, and for the record of who did what: act who from note; an empty act records nothing.
-- Answers the state it has then, or nothing for a session that is unknown.
local sid = ARGV[1]
if call('EXISTS', 'qwd:session:' .. sid) == 0 then return false end
-- In the same step, and before what comes of it: nobody stops anything that is not recorded.
record_act(ARGV[3], ARGV[4], ARGV[5], sid, ARGV[6])
return stop_session(sid, ARGV[2], now())
