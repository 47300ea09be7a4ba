-- Wakes workers. A worker sleeps on the markers of its routes; one that got a job asks again before it sleeps.

-- Hosts that are looked at to find one for a job. A fitting one that is not among them finds the job with its heartbeat.
local LOOKED_AT = 12

local function wake_host(host) write('ZADD', 'qwd:wake:create:' .. host, '0', 'work') end

-- Those with the most room, if many can do it; else all that can.
local function candidates(tag)
    local able = tag and 'qwd:hosts:tag:' .. tag
    if able and call('SCARD', able) <= LOOKED_AT then return call('SMEMBERS', able), true end
    local hosts = call('ZRANGE', 'qwd:hosts:room', '0', text(LOOKED_AT - 1), 'REV')
    if able then
        for _, host in ipairs(call('SRANDMEMBER', able, text(LOOKED_AT))) do hosts[#hosts + 1] = host end
    end
    return hosts
end

-- Wakes one host that can take it, the one with the most room. To the next one it looks as if it had taken it already.
local function wake_one_for(needs)
    local tag = needs.tags[1]
    local hosts, able = candidates(tag)
    if #hosts == 0 then return end
    local rooms = call('ZMSCORE', 'qwd:hosts:room', unpack(hosts))
    local best, most
    for i, host in ipairs(hosts) do
        local free = tonumber(rooms[i] or 0)
        -- One without room is in no list of those that have some.
        if rooms[i] and (not most or free > most) then
            local h = look_at_host(host)
            if able then h.has[tag] = true end
            if h.promised_to == '' and not fits(h, needs) then best, most = h, free end
        end
    end
    if not best then return end
    wake_host(best.id)
    if #hosts == 1 then return end
    local taken = 1
    for i, amount in ipairs(needs.amounts) do
        if best.capacity[i] > 0 then taken = math.max(taken, math.floor(amount * 1000 / best.capacity[i])) end
    end
    write('ZADD', 'qwd:hosts:room', 'XX', text(most - taken), best.id)
end

-- Somebody has room again: itself, while somebody waits.
local function wake_if_needed(host)
    if call('EXISTS', 'qwd:queue:create') == 1 then wake_host(host) end
end

local function wake(route) write('ZADD', 'qwd:wake:' .. route, '0', 'work') end

-- Puts a job that was taken before back: a create job to its place in the line, another one to the front of its queue.
local function put_back(jid, job, at)
    write('HSET', 'qwd:job:' .. jid, 'state', 'waiting', 'ready_at', text(at))
    if job.route == 'create' then
        stand_in_line(jid, job.needs, job.place)
        wake_one_for(read_needs(job.needs))
        -- What it had there is given back with this step: nobody sees that yet.
        if job.host and job.host ~= '' then wake_host(job.host) end
    else
        write('LPUSH', 'qwd:queue:' .. job.route, jid)
        wake(job.route)
    end
end
