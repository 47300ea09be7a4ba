-- claim: the first waiting job that this host can do, its own queue first.
-- ARGV: host worker creates(0|1) lease_ms max_sessions load_limit
-- Answers nothing, or {jid, kind, sid, fence, attempt}.
local host, worker, creates, lease = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local max_sessions, load_limit = tonumber(ARGV[5]), tonumber(ARGV[6])
local PATIENCE = 60000 -- ms a job may be skipped before smaller ones behind it have to wait for it
local LOOK = 100 -- jobs looked at in one call
local at = now()

local function take(jid, kind, sid, attempt)
    local fence = text(redis.call('INCR', 'qwd:fence'))
    redis.call('HSET', 'qwd:job:' .. jid, 'state', 'running', 'fence', fence, 'attempt', text(attempt), 'host', host,
        'worker', worker, 'lease_until', text(at + lease), 'started_at', text(at))
    redis.call('ZADD', 'qwd:jobs:running', text(at + lease), jid)
    return { jid, kind, sid or '', fence, text(attempt) }
end

while true do
    local jid = redis.call('LPOP', 'qwd:queue:host:' .. host)
    if not jid then break end
    local j = redis.call('HMGET', 'qwd:job:' .. jid, 'kind', 'session', 'state', 'attempt')
    if j[3] == 'waiting' then
        if redis.call('EXISTS', 'qwd:queue:host:' .. host) == 1 then
            redis.call('ZADD', 'qwd:wake:host:' .. host, 0, 'work')
        end
        if j[1] == 'stop' and redis.call('HGET', 'qwd:session:' .. j[2], 'state') == 'running' then
            set(j[2], 'state', 'stopping', 'display', '')
            announce(j[2], 'stopping')
        end
        return take(jid, j[1], j[2], (j[4] or 0) + 1)
    end
end

if creates ~= '1' then return false end
local waiting = redis.call('LRANGE', 'qwd:queue:create', 0, LOOK - 1)
if #waiting == 0 then return false end

local h = redis.call('HMGET', 'qwd:host:' .. host, 'cpu_capacity', 'memory_capacity_mib', 'cpus_reserved',
    'memory_reserved_mib', 'cpu_busy', 'draining')
local cpu_capacity, memory_capacity = tonumber(h[1] or 0), tonumber(h[2] or 0)
local cpu_free, memory_free = cpu_capacity - (h[3] or 0), memory_capacity - (h[4] or 0)
local here = redis.call('SCARD', 'qwd:sessions:host:' .. host)
local held = here
if max_sessions > 0 then
    held = 0
    for _, other in ipairs(redis.call('ZRANGE', 'qwd:hosts', 0, -1)) do
        held = held + redis.call('SCARD', 'qwd:sessions:host:' .. other)
    end
end

-- The reason why this host takes no session at all, or nil.
local closed, closed_text
if h[6] == '1' then
    closed, closed_text = 'draining', host .. ' takes no new sessions'
elseif max_sessions > 0 and held >= max_sessions then
    closed, closed_text = 'sessions', text(held) .. ' of ' .. text(max_sessions) .. ' sessions are running'
elseif load_limit > 0 and here > 0 and tonumber(h[5] or 0) > load_limit then
    closed, closed_text = 'load',
        host .. ' is busy: ' .. text(h[5] * 100) .. ' % of its processors, limit ' .. text(load_limit * 100) .. ' %'
end

local function skip(sid, known, resource, why)
    if known ~= resource then
        set(sid, 'waiting_for', resource, 'detail', why)
        announce(sid, 'queued', 'waiting_for', resource, 'detail', why)
    end
end

for _, jid in ipairs(waiting) do
    local j = redis.call('HMGET', 'qwd:job:' .. jid, 'session', 'attempt', 'queued_at')
    local sid = j[1]
    local s = redis.call('HMGET', 'qwd:session:' .. sid, 'machine', 'cpu', 'memory_mib', 'waiting_for', 'state')
    local cpu, memory = tonumber(s[2]), tonumber(s[3])
    if redis.call('SISMEMBER', 'qwd:machines:host:' .. host, s[1]) == 1 and cpu <= cpu_capacity
        and memory <= memory_capacity then
        if closed then
            skip(sid, s[4], closed, closed_text)
            return false
        elseif cpu > cpu_free then
            skip(sid, s[4], 'cpu', host .. ': needs ' .. s[2] .. ' processors, ' .. text(cpu_free) .. ' free')
        elseif memory > memory_free then
            skip(sid, s[4], 'memory', host .. ': needs ' .. s[3] .. ' MiB, ' .. text(memory_free) .. ' MiB free')
        else
            must(session_edges, 'session', sid, s[5], 'starting')
            redis.call('LREM', 'qwd:queue:create', 1, jid)
            if #waiting > 1 then redis.call('ZADD', 'qwd:wake:create:' .. host, 0, 'work') end
            local taken = take(jid, 'create', sid, (j[2] or 0) + 1)
            redis.call('HINCRBY', 'qwd:host:' .. host, 'cpus_reserved', cpu)
            redis.call('HINCRBY', 'qwd:host:' .. host, 'memory_reserved_mib', memory)
            redis.call('SADD', 'qwd:sessions:host:' .. host, sid)
            set(sid, 'state', 'starting', 'host', host, 'fence', taken[4], 'attempt', taken[5], 'step', 'claim',
                'step_at', text(at), 'waiting_for', '', 'detail', '')
            announce(sid, 'starting', 'step', 'claim', 'host', host, 'ms', text(at - j[3]))
            return taken
        end
        if at - j[3] > PATIENCE then return false end
    end
end
return false
