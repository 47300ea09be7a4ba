-- enqueue: a new session and the job that creates it.
-- ARGV: sid jid once once_ttl_ms owner machine cpu memory_mib disk_gib lifetime_s one_shot max_attempts
--       sessions_per_user cpu_fraction memory_fraction email from holder asker waiting waiting_per_user
--       creations_per_minute lease_ms
-- Answers {'new', sid, jid}, {'known', sid, jid}, {'limit', resource, wanted, allowed, ms until another try} or
-- {'too-big', resource, largest}.
local sid, jid, once, once_ttl, owner, machine = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local cpu, memory = tonumber(ARGV[7]), tonumber(ARGV[8])
local per_user, cpu_share, memory_share = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local holder, asker = ARGV[18], ARGV[19]
local waiting, waiting_per_user, rate = tonumber(ARGV[20]), tonumber(ARGV[21]), tonumber(ARGV[22])
local at, lease = now(), tonumber(ARGV[23])
local MINUTE = 60000

-- Without a key of its own, the job's id tells that this call was made before.
local known = jid
if once ~= '' then known = call('GET', 'qwd:once:' .. once) end
local earlier = known and call('HGET', 'qwd:job:' .. known, 'session')
if earlier then return { 'known', earlier, known } end

local farm_cpu, farm_memory, most_cpu, most_memory = 0, 0, 0, 0
local hosts = call('ZRANGE', 'qwd:hosts', '0', '-1')
-- A silent one gives nobody anything. While all are, the whole farm is expected back.
local counted = call('ZRANGEBYSCORE', 'qwd:hosts', text(at - 2 * lease), '+inf')
if #counted == 0 then counted = hosts end
for _, host in ipairs(counted) do
    local h = call('HMGET', 'qwd:host:' .. host, 'cpu_capacity', 'memory_capacity_mib')
    local c, m = tonumber(h[1] or 0), tonumber(h[2] or 0)
    farm_cpu, farm_memory = farm_cpu + c, farm_memory + m
    most_cpu, most_memory = math.max(most_cpu, c), math.max(most_memory, m)
end
-- As long as no host was ever there, nobody knows what is too big.
if #hosts > 0 and cpu > most_cpu then return { 'too-big', 'cpu', text(most_cpu) } end
if #hosts > 0 and memory > most_memory then return { 'too-big', 'memory', text(most_memory) } end

-- The cheapest looks come first: whoever floods is refused by them. A thousand that wait are too many for everybody.
local function refuse(resource, wanted, allowed, wait) return { 'limit', resource, text(wanted), text(allowed), text(wait) } end
local made = 'qwd:made:' .. asker
if rate > 0 then
    -- The times of the last ones, as many as there may be in a minute.
    local oldest = tonumber(call('LINDEX', made, rate - 1) or 0)
    if oldest > at - MINUTE then return refuse('rate', rate + 1, rate, oldest + MINUTE - at) end
end
local queued = call('LLEN', 'qwd:queue:create')
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
local mine = call('SCARD', 'qwd:sessions:' .. holder)
if mine > 0 and (per_user > 0 and mine >= per_user or cpu_share > 0 or memory_share > 0) then
    local my_cpu, my_memory = cpu, memory
    for _, other in ipairs(call('SMEMBERS', 'qwd:sessions:' .. holder)) do
        local s = call('HMGET', 'qwd:session:' .. other, 'cpu', 'memory_mib', 'state', 'wanted')
        if s[3] == 'lost' and s[4] == 'stopped' then
            mine = mine - 1
        else
            my_cpu, my_memory = my_cpu + (s[1] or 0), my_memory + (s[2] or 0)
        end
    end
    if per_user > 0 and mine > 0 and mine + 1 > per_user then
        return refuse('sessions', mine + 1, per_user, MINUTE)
    end
    if #hosts > 0 and mine > 0 then
        -- 0.29 * 100 is a little less than 29 in binary, and 29 are allowed.
        local may_cpu = math.floor(farm_cpu * cpu_share + 0.000001)
        local may_memory = math.floor(farm_memory * memory_share + 0.000001)
        if cpu_share > 0 and my_cpu > may_cpu then return refuse('cpu', my_cpu, may_cpu, MINUTE) end
        if memory_share > 0 and my_memory > may_memory then return refuse('memory', my_memory, may_memory, MINUTE) end
    end
end

if rate > 0 then
    call('LPUSH', made, text(at))
    call('LTRIM', made, '0', text(rate - 1))
    call('PEXPIRE', made, text(MINUTE))
end
at = text(at)
if once ~= '' then call('SET', 'qwd:once:' .. once, jid, 'PX', once_ttl) end
call('HSET', 'qwd:session:' .. sid, 'state', 'queued', 'owner', owner, 'machine', machine, 'cpu', ARGV[7],
    'memory_mib', ARGV[8], 'disk_gib', ARGV[9], 'lifetime_s', ARGV[10], 'one_shot', ARGV[11], 'job', jid,
    'fence', '0', 'attempt', '0', 'created_at', at, 'rev', '1', 'holder', holder, 'asker', asker)
-- What the job needs stands in it too: a host that looks for work reads one hash for each job.
call('HSET', 'qwd:job:' .. jid, 'kind', 'create', 'session', sid, 'state', 'waiting', 'route', 'create',
    'machine', machine, 'cpu', ARGV[7], 'memory_mib', ARGV[8], 'attempt', '0', 'max_attempts', ARGV[12],
    'fence', '0', 'queued_at', at, 'ready_at', at)
if ARGV[16] ~= '' then call('HSET', 'qwd:session:' .. sid, 'email', ARGV[16]) end
call('ZADD', 'qwd:sessions', at, sid)
join(sid, owner, holder, asker)
call('RPUSH', 'qwd:queue:create', jid)
for _, host in ipairs(hosts) do call('ZADD', 'qwd:wake:create:' .. host, '0', 'work') end
record('create', owner, ARGV[17], machine, sid, 'queued', 'machine', machine)
return { 'new', sid, jid }
