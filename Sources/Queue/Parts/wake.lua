-- Wakes workers. A worker sleeps on the markers of its routes; one that got a job asks again before it sleeps.

-- Hosts that are looked at to find one for a job. A fitting one that is not among them finds the job with its heartbeat.
local LOOKED_AT = 12

local function wake_host(host) write('ZADD', 'qwd:wake:create:' .. host, '0', 'work') end

-- Those with the most room and some others, if many can do it; else all that can.
local function candidates(tag)
    local able = tag and call('SRANDMEMBER', 'qwd:hosts:tag:' .. tag, LOOKED_AT)
    if able and not able[LOOKED_AT] then return able, true end
    local hosts = call('ZRANGE', 'qwd:hosts:room', '0', LOOKED_AT - 1, 'REV')
    for _, host in ipairs(able or {}) do hosts[#hosts + 1] = host end
    return hosts
end

-- Wakes one host that can take it, the one with the most room. To the next one it looks as if it had taken it already.
local function wake_one_for(needs)
    local tag = needs.tags[1]
    local hosts, able = candidates(tag)
    if not hosts[1] then return end
    -- Where there is one, there is nothing to choose.
    local rooms = hosts[2] and call('ZMSCORE', 'qwd:hosts:room', unpack(hosts)) or { '1' }
    while true do
        -- One without room is in no list of those that have some.
        local best, most
        for i, free in pairs(rooms) do
            if free and (not most or tonumber(free) > most) then best, most = i, tonumber(free) end
        end
        if not best then return end
        local h = look_at_host(hosts[best])
        if able then h.has[tag] = true end
        if h.promised_to == '' and not fits(h, needs) then
            wake_host(h.id)
            if not hosts[2] then return end
            local taken = 1
            for i, there in ipairs(h.capacity) do
                if there > 0 then taken = math.max(taken, math.floor((needs.amounts[i] or 0) * 1000 / there)) end
            end
            return write('ZADD', 'qwd:hosts:room', 'XX', text(most - taken), h.id)
        end
        rooms[best] = nil
    end
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
