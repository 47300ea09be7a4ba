-- tick: what is due. Sessions past their end get a stop job, hosts a load check, old records go.
-- ARGV: load_check_ms lease_ms. Answers {expired, load checks, ms until the next session expires or -1}.
local period, lease, at = tonumber(ARGV[1]), tonumber(ARGV[2]), now()
local expired, checks = 0, 0
for _, sid in ipairs(redis.call('ZRANGEBYSCORE', 'qwd:sessions:expiring', '-inf', text(at), 'LIMIT', 0, 100)) do
    redis.call('ZREM', 'qwd:sessions:expiring', sid)
    if redis.call('EXISTS', 'qwd:session:' .. sid) == 1 then
        stop_session(sid, 'expired', at)
        expired = expired + 1
    end
end

if period > 0 then
    local slot = text(math.floor(at / period))
    for _, host in ipairs(redis.call('ZRANGEBYSCORE', 'qwd:hosts', text(at - 2 * lease), '+inf')) do
        local jid = 'load-' .. host .. '-' .. slot
        if redis.call('SET', 'qwd:once:load:' .. host .. ':' .. slot, jid, 'NX', 'PX', text(2 * period)) then
            redis.call('HSET', 'qwd:job:' .. jid, 'kind', 'load-check', 'state', 'waiting', 'route', 'host:' .. host,
                'attempt', '0', 'max_attempts', '1', 'fence', '0', 'queued_at', text(at))
            redis.call('PEXPIRE', 'qwd:job:' .. jid, text(60 * period))
            push(jid, 'host:' .. host)
            checks = checks + 1
        end
    end
end

redis.call('ZREMRANGEBYSCORE', 'qwd:sessions:ended', '-inf', text(at - WEEK))
redis.call('ZREMRANGEBYSCORE', 'qwd:jobs:done', '-inf', text(at - WEEK))
redis.call('ZREMRANGEBYRANK', 'qwd:jobs:done', 0, -10001)
for _, jid in ipairs(redis.call('ZRANGEBYSCORE', 'qwd:jobs:dead', '-inf', text(at - 4 * WEEK), 'LIMIT', 0, 100)) do
    redis.call('DEL', 'qwd:job:' .. jid)
    redis.call('ZREM', 'qwd:jobs:dead', jid)
end
for _, host in ipairs(redis.call('ZRANGEBYSCORE', 'qwd:hosts', '-inf', text(at - WEEK))) do
    if redis.call('SCARD', 'qwd:sessions:host:' .. host) == 0 then
        redis.call('ZREM', 'qwd:hosts', host)
        redis.call('DEL', 'qwd:host:' .. host, 'qwd:queue:host:' .. host, 'qwd:machines:host:' .. host,
            'qwd:wake:host:' .. host, 'qwd:wake:create:' .. host)
    end
end

local next = redis.call('ZRANGE', 'qwd:sessions:expiring', 0, 0, 'WITHSCORES')
return { expired, checks, next[2] and math.max(0, next[2] - at) or -1 }
