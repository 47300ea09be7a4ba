-- Promises of room: a job that has waited long because it is large gets the next room of one host, which takes no other new
-- session until it fits. All other hosts go on.

-- How long a job may be passed over, in ms.
local PATIENCE = 60000
-- The first of so many kinds are looked at in a round; only the first of each kind can have waited for the longest.
local KINDS_LOOKED_AT = 64

-- The host that will have room for it soonest: the one that lacks the least.
local function host_for(needs, since)
    local best, least
    for _, host in ipairs(call('ZRANGEBYSCORE', 'qwd:hosts', text(since), '+inf')) do
        local h = look_at_host(host)
        if h.promised_to == '' and not h.closed then
            local why = fits(h, needs)
            -- Somebody is about to take it.
            if not why then return end
            if why == 'full' then
                local lack = 0
                for i, amount in ipairs(needs.amounts) do
                    if h.capacity[i] > 0 then lack = math.max(lack, (amount - h.free[i]) / h.capacity[i]) end
                end
                if not least or lack < least then best, least = host, lack end
            end
        end
    end
    return best
end

local function keep_promises(at, lease)
    local live = call('ZCOUNT', 'qwd:hosts', text(at - 2 * lease), '+inf')
    local kinds = call('ZRANGE', 'qwd:queue:needs', '0', text(KINDS_LOOKED_AT - 1))
    local old, promised = {}, 0
    for _, line in ipairs(kinds) do
        local jid = call('ZRANGE', 'qwd:queue:create:' .. line, '0', '0')[1]
        local job = jid and look_at_job(jid) or {}
        if job.promised_on then
            promised = promised + 1
        elseif job.state == 'waiting' and at - tonumber(job.queued_at or at) > PATIENCE then
            old[#old + 1] = { jid = jid, line = line }
        end
    end
    for _, waiting in ipairs(old) do
        -- Most hosts stay free of promises, whatever waits.
        if promised >= math.max(1, math.floor(live / 4)) then return end
        local host = host_for(read_needs(waiting.line), at - 2 * lease)
        if host then
            write('HSET', 'qwd:host:' .. host, 'promised_to', waiting.jid)
            write('HSET', 'qwd:job:' .. waiting.jid, 'promised_on', host)
            flush()
            promised = promised + 1
        end
    end
end
