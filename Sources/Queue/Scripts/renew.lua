-- renew: prolongs the leases of a host's running jobs.
-- ARGV: lease_ms, then jid and fence of each job. Answers 'ok', 'stale' or 'cancel' for each.
local answers, deadline = {}, text(now() + tonumber(ARGV[1]))
for i = 2, #ARGV, 2 do
    local jid, fence = ARGV[i], ARGV[i + 1]
    local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'fence', 'kind', 'session')
    local answer = 'stale'
    if j[2] == fence and (j[1] == 'running' or j[1] == 'done' and j[3] == 'create') then
        local s = j[3] == 'create' and call('HMGET', 'qwd:session:' .. j[4], 'state', 'fence', 'wanted') or {}
        if j[1] == 'running' then
            answer = s[1] == 'starting' and s[3] == 'stopped' and 'cancel' or 'ok'
            write('HSET', 'qwd:job:' .. jid, 'lease_until', deadline)
            write('ZADD', 'qwd:jobs:running', deadline, jid)
        elseif s[2] == fence and (s[1] == 'running' or s[1] == 'lost') then
            -- Its lease was over after the commit, and the job was closed. The session is its own all the same.
            answer = 'ok'
        end
    end
    answers[#answers + 1] = answer
end
return answers
