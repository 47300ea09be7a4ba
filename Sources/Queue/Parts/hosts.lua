-- What the farm is made of.

-- Counts what all hosts have together, and what the largest has, of those that are not silent. While all are, the whole
-- farm is expected back. One that is not counted yet is given as a table of its capacities.
local function count_farm(silent_since, known, fresh)
    local hosts = call('ZRANGEBYSCORE', 'qwd:hosts', text(silent_since), '+inf')
    if #hosts == 0 and not known then hosts = call('ZRANGE', 'qwd:hosts', '0', '-1') end
    if known then
        local there = false
        for _, host in ipairs(hosts) do there = there or host == known end
        if not there then hosts[#hosts + 1] = known end
    end
    local names, total, largest = {}, {}, {}
    for i = 1, #RESOURCES do names[i], total[i], largest[i] = HOST[4 + 2 * i], 0, 0 end
    for _, host in ipairs(hosts) do
        local values = host == known and fresh or call('HMGET', 'qwd:host:' .. host, unpack(names))
        for i = 1, #RESOURCES do
            local amount = tonumber(values[i] or 0)
            total[i], largest[i] = total[i] + amount, math.max(largest[i], amount)
        end
    end
    write('HSET', 'qwd:farm', 'hosts', text(#hosts))
    for i = 1, #RESOURCES do
        write('HSET', 'qwd:farm', FARM[2 * i], text(total[i]), FARM[2 * i + 1], text(largest[i]))
    end
end

-- Takes tags from a host, and out of the common list the machines that no host offers any more.
local function take_tags(host, tags)
    for _, tag in ipairs(tags) do
        -- One whose disk is worked on has another name there.
        tag = string.gsub(tag, '^master:', 'machine:')
        write('SREM', 'qwd:hosts:tag:' .. tag, host)
        local machine = string.match(tag, '^machine:(.*)$')
        local others = call('SCARD', 'qwd:hosts:tag:' .. tag) - call('SISMEMBER', 'qwd:hosts:tag:' .. tag, host)
        if machine and others == 0 then write('HDEL', 'qwd:machines', machine) end
    end
end

-- Forgets a host that does not come back. Its sessions end as lost, but for those whose end was asked for; should it come
-- back all the same, its heartbeat is told to end their machines. Answers how many there were.
local function forget_host(host, at)
    local key, sessions = 'qwd:host:' .. host, call('SMEMBERS', 'qwd:sessions:host:' .. host)
    local name = call('HGET', key, 'name') or host
    for _, sid in ipairs(sessions) do
        end_without_stop_job(sid, look_at(sid), 'lost', 'host-forgotten:' .. name, at)
        flush()
    end
    for _, jid in ipairs(call('LRANGE', 'qwd:queue:host:' .. host, '0', '-1')) do write('DEL', 'qwd:job:' .. jid) end
    take_tags(host, call('SMEMBERS', 'qwd:tags:host:' .. host))
    write('ZREM', 'qwd:hosts', host)
    write('ZREM', 'qwd:hosts:room', host)
    write('SREM', 'qwd:hosts:silent', host)
    if call('HGET', 'qwd:hosts:names', name) == host then write('HDEL', 'qwd:hosts:names', name) end
    write('DEL', key, 'qwd:strays:host:' .. host, 'qwd:queue:host:' .. host, 'qwd:machines:host:' .. host,
        'qwd:machines:unlisted:' .. host, 'qwd:machines:offers:' .. host, 'qwd:tags:host:' .. host, 'qwd:wake:host:' .. host, 'qwd:wake:create:' .. host)
    return #sessions
end
