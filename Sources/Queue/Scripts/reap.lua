-- reap: jobs whose worker fell silent go back to their queue, and the sessions of silent hosts are called lost.
-- After an outage (the last call is more than a lease old) everybody gets one lease of grace, because nobody could renew.
-- ARGV: lease_ms. Answers {jobs sent back, sessions lost}.
local lease, at = tonumber(ARGV[1]), now()
local seen = redis.call('HMGET', 'qwd:leader:scheduler', 'reaped_at', 'grace_until')
local last, grace = tonumber(seen[1] or 0), tonumber(seen[2] or 0)
if at - last > lease then grace = at + lease end
redis.call('HSET', 'qwd:leader:scheduler', 'reaped_at', text(at), 'grace_until', text(grace))
if at < grace then return { 0, 0 } end

local back, lost = 0, 0
for _, jid in ipairs(redis.call('ZRANGEBYSCORE', 'qwd:jobs:running', '-inf', text(at), 'LIMIT', 0, 100)) do
    local j = redis.call('HMGET', 'qwd:job:' .. jid, 'kind', 'session', 'attempt', 'max_attempts', 'route', 'state')
    local sid, why = j[2], 'its worker fell silent'
    local state = sid and redis.call('HGET', 'qwd:session:' .. sid, 'state')
    redis.call('ZREM', 'qwd:jobs:running', jid)
    if j[6] == 'running' then
        back = back + 1
        if j[1] == 'load-check' then
            finish_job(jid, 'cancelled', at, why)
        elseif j[1] == 'create' and state ~= 'starting' then
            -- The machine runs already; its host opens the display when it adopts it.
            finish_job(jid, 'done', at)
        elseif j[1] == 'create' and redis.call('HGET', 'qwd:session:' .. sid, 'wanted') == 'stopped' then
            finish_job(jid, 'cancelled', at, why)
            end_session(sid, 'cancelled', '', at)
        elseif tonumber(j[3]) >= tonumber(j[4]) then
            finish_job(jid, 'dead', at, why)
            if j[1] == 'create' then end_session(sid, 'failed', why, at) end
        else
            if j[1] == 'create' then requeue_create(jid, sid, at) end
            redis.call('HDEL', 'qwd:job:' .. jid, 'lease_until')
            redis.call('HSET', 'qwd:job:' .. jid, 'state', 'waiting', 'error', why)
            push(jid, j[5], true)
        end
    end
end

for _, host in ipairs(redis.call('ZRANGEBYSCORE', 'qwd:hosts', '-inf', text(at - 2 * lease))) do
    for _, sid in ipairs(redis.call('SMEMBERS', 'qwd:sessions:host:' .. host)) do
        if redis.call('HGET', 'qwd:session:' .. sid, 'state') == 'running' then
            set(sid, 'state', 'lost', 'detail', host .. ' does not answer')
            announce(sid, 'lost', 'detail', host .. ' does not answer')
            lost = lost + 1
        end
    end
end
return { back, lost }
