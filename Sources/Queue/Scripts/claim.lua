-- claim: the first waiting job that this host can do, its own queue first.
-- ARGV: host worker creates(0|1) lease_ms max_sessions load_limit once
-- Answers nothing, or {jid, kind, sid, fence, attempt}. Asked again with the same `once` it answers the same job.
-- It leaves no marker for more work: whoever got a job asks again before it sleeps.
local host, worker, creates, lease, once = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[7]
local max_sessions, load_limit = tonumber(ARGV[5]), tonumber(ARGV[6])
local PATIENCE = 60000 -- ms a job may be skipped before smaller ones behind it have to wait for it
local host_key, own_queue, at = 'qwd:host:' .. host, 'qwd:queue:host:' .. host, now()

local h = call('HMGET', host_key, 'cpu_capacity', 'memory_capacity_mib', 'cpus_reserved', 'memory_reserved_mib',
    'cpu_busy', 'draining', 'claim_once', 'claim_job')
if once ~= '' and h[7] == once then
    local j = call('HMGET', 'qwd:job:' .. h[8], 'state', 'host', 'worker', 'kind', 'session', 'fence', 'attempt')
    if j[1] == 'running' and j[2] == host and j[3] == worker then return { h[8], j[4], j[5] or '', j[6], j[7] } end
end

local function take(jid, kind, sid, attempt)
    local fence, deadline = text(call('INCR', 'qwd:fence')), text(at + lease)
    attempt = text(attempt + 1)
    call('HSET', 'qwd:job:' .. jid, 'state', 'running', 'fence', fence, 'attempt', attempt, 'host', host,
        'worker', worker, 'lease_until', deadline, 'started_at', text(at), 'waiting_for', '')
    call('ZADD', 'qwd:jobs:running', deadline, jid)
    return { jid, kind, sid or '', fence, attempt }
end

while true do
    local jid = call('LPOP', own_queue)
    if not jid then break end
    local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'kind', 'session', 'attempt')
    if j[1] == 'waiting' then
        if once ~= '' then call('HSET', host_key, 'claim_once', once, 'claim_job', jid) end
        return take(jid, j[2], j[3], j[4] or 0)
    end
end
if creates ~= '1' then return false end

local cpu_capacity, memory_capacity = tonumber(h[1] or 0), tonumber(h[2] or 0)
local cpu_used, memory_used = tonumber(h[3] or 0), tonumber(h[4] or 0)
local cpu_free, memory_free = cpu_capacity - cpu_used, memory_capacity - memory_used

-- Why this host takes no session at all now, and in words; or nothing.
local function closed()
    if h[6] == '1' then return 'draining', host .. ' takes no new sessions' end
    if max_sessions > 0 then
        local held = 0
        for _, other in ipairs(call('ZRANGE', 'qwd:hosts', '0', '-1')) do
            held = held + call('SCARD', 'qwd:sessions:host:' .. other)
        end
        if held >= max_sessions then
            return 'sessions', text(held) .. ' of ' .. text(max_sessions) .. ' sessions are running'
        end
    end
    -- A host without sessions takes one however busy it is: nothing that we could wait for would make it less busy.
    local busy = tonumber(h[5] or 0)
    if load_limit > 0 and busy > load_limit and call('EXISTS', 'qwd:sessions:host:' .. host) == 1 then
        local is, limit = text(busy * 100 + 0.5), text(load_limit * 100 + 0.5)
        return 'load', host .. ' is busy: ' .. is .. ' % of its processors, limit ' .. limit .. ' %'
    end
    if cpu_free <= 0 then return 'cpu', host .. ': all ' .. text(cpu_capacity) .. ' processors are promised' end
    if memory_free <= 0 then return 'memory', host .. ': all ' .. text(memory_capacity) .. ' MiB are promised' end
end

-- Tells a session what it waits for. The host that said it first keeps the word, or two hosts would speak in turns;
-- only one that takes no sessions at all gives way to one that would.
local function wait_for(jid, j, resource, why)
    local known, by = j[8] or '', j[9]
    if known == resource then return end
    if known ~= '' and by ~= host and (known ~= 'draining' or resource == 'draining') then return end
    call('HSET', 'qwd:job:' .. jid, 'waiting_for', resource, 'waiting_by', host)
    set(j[2], call('HGET', 'qwd:session:' .. j[2], 'rev'), 'waiting_for', resource, 'detail', why)
    announce(j[2], 'queued', 'waiting_for', resource, 'detail', why)
end

local function take_create(jid, j, cpu, memory)
    local sid = j[2]
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'rev')
    must(session_edges, 'session', sid, s[1], 'starting')
    call('LREM', 'qwd:queue:create', '1', jid)
    -- Those behind it that waited for it on other hosts need not any more.
    if at - j[10] > PATIENCE then wake_creates_if_any() end
    local taken = take(jid, 'create', sid, j[3])
    call('HSET', host_key, 'cpus_reserved', text(cpu_used + cpu), 'memory_reserved_mib', text(memory_used + memory),
        'claim_once', once, 'claim_job', jid)
    call('SADD', 'qwd:sessions:host:' .. host, sid)
    set(sid, s[2], 'state', 'starting', 'host', host, 'fence', taken[4], 'attempt', taken[5], 'step', 'claim',
        'step_at', text(at), 'waiting_for', '', 'detail', '')
    announce(sid, 'starting', 'step', 'claim', 'host', host, 'ms', text(at - j[7]))
    return taken
end

-- Mostly the first one fits, so the first look is short.
local offers, opened, seen, look = {}, false, 0, 2
while true do
    local waiting = call('LRANGE', 'qwd:queue:create', seen, seen + look - 1)
    for place, jid in ipairs(waiting) do
        local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'session', 'attempt', 'machine', 'cpu', 'memory_mib',
            'ready_at', 'waiting_for', 'waiting_by', 'queued_at')
        local machine, cpu, memory = j[4], tonumber(j[5] or 0), tonumber(j[6] or 0)
        if j[1] == 'waiting' and offers[machine] == nil then
            offers[machine] = call('SISMEMBER', 'qwd:machines:host:' .. host, machine) == 1
                or call('SISMEMBER', 'qwd:machines:unlisted:' .. host, machine) == 1
        end
        if j[1] ~= 'waiting' then
            call('LREM', 'qwd:queue:create', '1', jid)
            seen = seen - 1
        elseif offers[machine] and cpu <= cpu_capacity and memory <= memory_capacity then
            if not opened then
                local resource, why = closed()
                if resource then
                    wait_for(jid, j, resource, why)
                    return false
                end
                opened = true
            end
            if cpu > cpu_free then
                wait_for(jid, j, 'cpu', host .. ': needs ' .. j[5] .. ' processors, ' .. text(cpu_free) .. ' free')
            elseif memory > memory_free then
                wait_for(jid, j, 'memory', host .. ': needs ' .. j[6] .. ' MiB, ' .. text(memory_free) .. ' MiB free')
            else
                return take_create(jid, j, cpu, memory)
            end
            if at - j[10] > PATIENCE then return false end
        end
    end
    if #waiting < look then return false end
    seen, look = seen + #waiting, 100
end
