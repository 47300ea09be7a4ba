-- stop: somebody wants a session to end.
-- ARGV: sid reason. Answers the state it has then, or nothing for a session that is unknown.
return stop_session(ARGV[1], ARGV[2], now())
