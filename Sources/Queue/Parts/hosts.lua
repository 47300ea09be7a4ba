-- Forgets a host that does not come back. Its sessions end as lost, but for those whose end was asked for; should it come
-- back all the same, its heartbeat is told to end their machines. Answers how many there were.
local function forget_host(host, at)
    local key, sessions = 'qwd:host:' .. host, call('SMEMBERS', 'qwd:sessions:host:' .. host)
    for _, sid in ipairs(sessions) do
        end_without_stop_job(sid, 'lost', host .. ' did not come back', at)
    end
    local offered = call('SMEMBERS', 'qwd:machines:host:' .. host)
    for _, jid in ipairs(call('LRANGE', 'qwd:queue:host:' .. host, '0', '-1')) do call('DEL', 'qwd:job:' .. jid) end
    call('ZREM', 'qwd:hosts', host)
    call('DEL', key, 'qwd:queue:host:' .. host, 'qwd:machines:host:' .. host, 'qwd:machines:unlisted:' .. host,
        'qwd:wake:host:' .. host, 'qwd:wake:create:' .. host)
    withdraw(offered)
    return #sessions
end
