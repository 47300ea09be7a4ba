-- renew: prolongs the leases of a host's running jobs.
-- ARGV: lease_ms, then jid and fence of each job. Answers 'ok', 'stale' or 'cancel' for each.
local lease, at, answers = tonumber(ARGV[1]), now(), {}
for i = 2, #ARGV, 2 do
    local jid = ARGV[i]
    local j = redis.call('HMGET', 'qwd:job:' .. jid, 'state', 'fence', 'kind', 'session')
    local answer = 'stale'
    if j[1] == 'running' and j[2] == ARGV[i + 1] then
        answer = 'ok'
        if j[3] == 'create' then
            local s = redis.call('HMGET', 'qwd:session:' .. j[4], 'wanted', 'state')
            if s[1] == 'stopped' and s[2] == 'starting' then answer = 'cancel' end
        end
        redis.call('HSET', 'qwd:job:' .. jid, 'lease_until', text(at + lease))
        redis.call('ZADD', 'qwd:jobs:running', text(at + lease), jid)
    end
    answers[#answers + 1] = answer
end
return answers
