-- promote: jobs whose time has come go back to their queue. Answers ms until the next one's time, or -1.
local at = now()
local due = call('ZRANGEBYSCORE', 'qwd:jobs:later', '-inf', text(at), 'LIMIT', '0', '100')
-- From the last to the first, because each goes to the front.
for place = #due, 1, -1 do
    local jid = due[place]
    write('ZREM', 'qwd:jobs:later', jid)
    local job = look_at_job(jid)
    if job.state == 'later' then put_back(jid, job, at) end
    flush()
end
local next = call('ZRANGE', 'qwd:jobs:later', '0', '0', 'WITHSCORES')
return next[2] and math.max(0, next[2] - at) or -1
