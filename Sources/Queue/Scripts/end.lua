-- end: a session's machine is gone without a stop job: powered off, crashed, its viewer left, or not there any more.
-- ARGV: sid fence reason detail. Answers 'ok' or 'stale'.
local sid = ARGV[1]
local s = look_at(sid)
if not s.state or s.fence ~= ARGV[2] then return 'stale' end
if s.state == 'ended' then return 'ok' end
if s.state == 'starting' or s.state == 'queued' then return 'stale' end
end_without_stop_job(sid, s, ARGV[3], ARGV[4], now())
return 'ok'
