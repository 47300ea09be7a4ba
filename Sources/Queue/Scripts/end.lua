-- end: a session's machine is gone without a stop job: powered off, crashed, its viewer left, or not there any more.
-- ARGV: sid fence reason detail. Answers 'ok' or 'stale'.
local sid = ARGV[1]
local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'fence')
if not s[1] or s[2] ~= ARGV[2] then return 'stale' end
if s[1] == 'ended' then return 'ok' end
if s[1] == 'starting' or s[1] == 'queued' then return 'stale' end
end_without_stop_job(sid, ARGV[3], ARGV[4], now())
return 'ok'
