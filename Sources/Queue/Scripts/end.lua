-- end: a session's machine is gone without a stop job: powered off, crashed, its viewer left, or not there any more.
-- ARGV: sid fence reason detail. Answers 'ok' or 'stale'.
local sid = ARGV[1]
local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'fence', 'job', 'stop_job', 'stop_reason', 'wanted')
if not s[1] or s[2] ~= ARGV[2] then return 'stale' end
if s[1] == 'ended' then return 'ok' end
if s[1] == 'starting' or s[1] == 'queued' then return 'stale' end
local at = now()
close_job(s[3], 'create', at)
if s[4] then close_job(s[4], 'stop', at) end
end_session(sid, s[6] == 'stopped' and s[5] or ARGV[3], ARGV[4], at)
return 'ok'
