-- end: a session's machine is gone without a stop job: powered off, crashed, its viewer left, or not there any more.
-- ARGV: sid fence reason detail. Answers 'ok' or 'stale'.
local sid = ARGV[1]
local s = redis.call('HMGET', 'qwd:session:' .. sid, 'state', 'fence', 'job', 'stop_job', 'stop_reason', 'wanted')
if not s[1] or s[2] ~= ARGV[2] then return 'stale' end
if s[1] == 'ended' then return 'ok' end
if s[1] == 'starting' or s[1] == 'queued' then return 'stale' end
local at = now()
for _, jid in ipairs({ s[3], s[4] }) do
    local j = jid and redis.call('HMGET', 'qwd:job:' .. jid, 'state', 'route')
    if j and j[1] == 'running' then
        finish_job(jid, 'done', at)
    elseif j and (j[1] == 'waiting' or j[1] == 'later') then
        redis.call('LREM', 'qwd:queue:' .. j[2], 1, jid)
        redis.call('ZREM', 'qwd:jobs:later', jid)
        finish_job(jid, 'cancelled', at)
    end
end
end_session(sid, s[6] == 'stopped' and s[5] or ARGV[3], ARGV[4], at)
return 'ok'
