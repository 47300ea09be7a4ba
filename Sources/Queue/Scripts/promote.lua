-- promote: jobs whose time has come go back to their queue. Answers ms until the next one's time, or -1.
local at = now()
local due = redis.call('ZRANGEBYSCORE', 'qwd:jobs:later', '-inf', text(at), 'LIMIT', 0, 100)
for _, jid in ipairs(due) do
    redis.call('ZREM', 'qwd:jobs:later', jid)
    local j = redis.call('HMGET', 'qwd:job:' .. jid, 'state', 'route')
    if j[1] == 'later' then
        redis.call('HSET', 'qwd:job:' .. jid, 'state', 'waiting', 'queued_at', text(at))
        push(jid, j[2])
    end
end
local next = redis.call('ZRANGE', 'qwd:jobs:later', 0, 0, 'WITHSCORES')
return next[2] and math.max(0, next[2] - at) or -1
