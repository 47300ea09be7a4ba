-- tick: what is due. Sessions past their end get a stop job, hosts a load check, old records go.
-- ARGV: load_check_ms lease_ms ended_kept(0: no limit). Answers {expired, load checks, ms until the next session expires or -1}.
local period, lease, ended_kept, at = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), now()
local expired, checks = 0, 0
local MOST_DEAD = 10000
for _, sid in ipairs(call('ZRANGEBYSCORE', 'qwd:sessions:expiring', '-inf', text(at), 'LIMIT', '0', '100')) do
    if stop_session(sid, 'expired', at) then expired = expired + 1 else write('ZREM', 'qwd:sessions:expiring', sid) end
    flush()
end

for _, sid in ipairs(call('ZRANGEBYSCORE', 'qwd:sessions:warning', '-inf', text(at), 'LIMIT', '0', '100')) do
    write('ZREM', 'qwd:sessions:warning', sid)
    mail_about(sid, 'ending', at)
    flush()
end

if period > 0 then
    local slot = text(math.floor(at / period))
    -- A heartbeat says all that a check would.
    for _, host in ipairs(call('ZRANGEBYSCORE', 'qwd:hosts', text(at - 2 * lease), text(at - period))) do
        local jid, key, mark = 'load-' .. host .. '-' .. slot, 'qwd:host:' .. host, 'qwd:once:load:' .. host .. ':' .. slot
        if call('EXISTS', mark) == 0 then
            write('SET', mark, jid, 'PX', text(2 * period))
            -- One that still waits says all that another one would.
            local last = call('HGET', key, 'load_check')
            if not last or call('HGET', 'qwd:job:' .. last, 'state') ~= 'waiting' then
                queue_job(jid, 'load-check', 'host:' .. host, '1', at)
                write('HSET', key, 'load_check', jid)
                checks = checks + 1
            end
            flush()
        end
    end
end

keep_promises(at, lease)
flush()

-- A few hundred a round: others wait for Redis meanwhile.
for _, sid in ipairs(call('ZRANGEBYSCORE', 'qwd:sessions:cancelled', '-inf', text(at - CANCELLED_KEPT), 'LIMIT', '0', '500')) do
    write('ZREM', 'qwd:sessions:cancelled', sid)
    forget_session(sid)
end
local too_many = ended_kept > 0 and call('ZCARD', 'qwd:sessions:ended') - ended_kept or 0
if too_many > 0 then
    for _, sid in ipairs(call('ZRANGE', 'qwd:sessions:ended', '0', text(math.min(too_many, 500) - 1))) do
        forget_session(sid)
    end
end
for _, sid in ipairs(call('ZRANGEBYSCORE', 'qwd:sessions:ended', '-inf', text(at - WEEK), 'LIMIT', '0', '500')) do
    forget_session(sid)
end
write('ZREMRANGEBYSCORE', 'qwd:jobs:done', '-inf', text(at - WEEK))
write('ZREMRANGEBYRANK', 'qwd:jobs:done', '0', '-10001')
for _, jid in ipairs(call('ZRANGE', 'qwd:jobs:dead', '0', text(-MOST_DEAD - 1))) do
    write('DEL', 'qwd:job:' .. jid)
    write('ZREM', 'qwd:jobs:dead', jid)
end
for _, jid in ipairs(call('ZRANGEBYSCORE', 'qwd:jobs:dead', '-inf', text(at - 4 * WEEK), 'LIMIT', '0', '100')) do
    write('DEL', 'qwd:job:' .. jid)
    write('ZREM', 'qwd:jobs:dead', jid)
end
-- After an outage nobody knows yet which hosts are silent: the reaper has to have looked since, and its grace to be over.
local seen = call('HMGET', 'qwd:leader:scheduler', 'reaped_at', 'grace_until')
local in_order = at - (seen[1] or 0) <= 2 * lease and at >= tonumber(seen[2] or 0)
for _, host in ipairs(call('ZRANGEBYSCORE', 'qwd:hosts', '-inf', text(at - WEEK))) do
    if in_order or call('SCARD', 'qwd:sessions:host:' .. host) == 0 then
        forget_host(host, at)
        flush()
        count_farm(at - 2 * lease)
        flush()
    end
end

for _, id in ipairs(call('ZRANGEBYSCORE', 'qwd:refused', '-inf', text(at - REFUSALS_MERGED), 'LIMIT', '0', '500')) do
    settle_refusals(id)
end

for _, ledger in ipairs(call('ZRANGEBYSCORE', 'qwd:ledgers:seen', '-inf', text(at - WEEK))) do
    write('ZREM', 'qwd:ledgers:seen', ledger)
    write('HDEL', 'qwd:ledgers', ledger)
end
flush()
trim_events()

local next = call('ZRANGE', 'qwd:sessions:expiring', '0', '0', 'WITHSCORES')
return { expired, checks, next[2] and math.max(0, next[2] - at) or -1 }
