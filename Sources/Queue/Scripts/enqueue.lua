-- enqueue: a new session and the job that creates it.
-- ARGV: sid jid once once_ttl_ms max_attempts sessions_per_user cpu_fraction memory_fraction from holder asker waiting
--       waiting_per_user creations_per_minute gpu_per_user owner machine needs payload names, then names and values of what is asked for,
--       which stand in the session as they are. `needs` is what a host must have, as `read_needs` reads it.
-- Answers {'new', sid, jid}, {'known', sid, jid}, {'limit', resource, wanted, allowed, ms until another try},
-- {'too-big', resource, largest}, or {'in-use', sid} where a machine's own disk is asked for that a session uses.
local sid, jid, once, once_ttl, attempts = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local per_user, cpu_share, memory_share = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local from, holder, asker = ARGV[9], ARGV[10], ARGV[11]
local waiting, waiting_per_user, rate = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local gpu_per_user = tonumber(ARGV[15])
local owner, machine, needs, payload, asked = ARGV[16], ARGV[17], ARGV[18], ARGV[19], ARGV[20]
local at, MINUTE = now(), 60000

-- Without a key of its own, the job's id tells that this call was made before.
local known = jid
if once ~= '' then known = call('GET', 'qwd:once:' .. once) end
local earlier = known and call('HGET', 'qwd:job:' .. known, 'session')
if earlier then return { 'known', earlier, known } end

-- As long as no host was ever there, nobody knows what is too big.
local asks, farm = read_needs(needs), look_at_farm()
local amounts = asks.amounts
if farm.hosts > 0 then
    for i, amount in ipairs(amounts) do
        if amount > farm.largest[i] then return { 'too-big', RESOURCES[i], text(farm.largest[i]) } end
    end
end

local _, user = look_at_master(asks)
if user then return { 'in-use', user } end

-- The cheapest looks come first: whoever floods is refused by them. A thousand that wait are too many for everybody.
local function refuse(resource, wanted, allowed, wait) return { 'limit', resource, text(wanted), text(allowed), text(wait) } end
local made = 'qwd:made:' .. asker
if rate > 0 then
    -- The times of the last ones, as many as there may be in a minute.
    local oldest = tonumber(call('LINDEX', made, rate - 1) or 0)
    if oldest > at - MINUTE then return refuse('rate', rate + 1, rate, oldest + MINUTE - at) end
end
local queued = waiting > 0 and call('ZCARD', 'qwd:queue:create') or 0
if waiting > 0 and queued >= waiting then return refuse('waiting', queued + 1, waiting, MINUTE) end
if waiting_per_user > 0 then
    local mine = 0
    for _, other in ipairs(call('SMEMBERS', 'qwd:sessions:' .. asker)) do
        if call('HGET', 'qwd:session:' .. other, 'state') == 'queued' then mine = mine + 1 end
    end
    if mine >= waiting_per_user then return refuse('waiting-own', mine + 1, waiting_per_user, MINUTE) end
end

-- A person's first session is refused by none of the limits. One that its owner has given up on a host that is silent
-- counts no more: there is nothing else that they could do about it.
local shares = cpu_share > 0 or memory_share > 0
local wants_card = gpu_per_user > 0 and amounts[4] > 0
local my_cards = amounts[4]
local mine = (per_user > 0 or shares or wants_card) and call('SCARD', 'qwd:sessions:' .. holder) or 0
if mine > 0 and (per_user > 0 and mine >= per_user or shares or wants_card) then
    local my_cpu, my_memory = amounts[1], amounts[2]
    for _, other in ipairs(call('SMEMBERS', 'qwd:sessions:' .. holder)) do
        local s = call('HMGET', 'qwd:session:' .. other, 'cpu', 'memory_mib', 'state', 'wanted', 'gpu')
        if s[3] == 'lost' and s[4] == 'stopped' then
            mine = mine - 1
        else
            my_cpu, my_memory, my_cards = my_cpu + (s[1] or 0), my_memory + (s[2] or 0), my_cards + (s[5] or 0)
        end
    end
    if per_user > 0 and mine > 0 and mine + 1 > per_user then
        return refuse('sessions', mine + 1, per_user, MINUTE)
    end
    if farm.hosts > 0 and mine > 0 then
        -- 0.29 * 100 is a little less than 29 in binary, and 29 are allowed.
        local may_cpu = math.floor(farm.total[1] * cpu_share + 0.000001)
        local may_memory = math.floor(farm.total[2] * memory_share + 0.000001)
        if cpu_share > 0 and my_cpu > may_cpu then return refuse('cpu', my_cpu, may_cpu, MINUTE) end
        if memory_share > 0 and my_memory > may_memory then return refuse('memory', my_memory, may_memory, MINUTE) end
    end
end

-- Graphics cards are few, so here the first session counts too.
if wants_card and my_cards > gpu_per_user then return refuse('gpu', my_cards, gpu_per_user, MINUTE) end

if rate > 0 then
    write('LPUSH', made, text(at))
    write('LTRIM', made, '0', text(rate - 1))
    write('PEXPIRE', made, text(MINUTE))
end
if once ~= '' then write('SET', 'qwd:once:' .. once, jid, 'PX', once_ttl) end
if payload ~= '' then write('SET', 'qwd:payload:' .. sid, payload) end
queue_create(sid, jid,
    { owner = owner, machine = machine, needs = needs, holder = holder, asker = asker, asked = asked,
        values = { unpack(ARGV, 21) } },
    attempts, at, farm, { 'act', 'create', 'who', owner, 'from', from, 'note', machine })
return { 'new', sid, jid }
