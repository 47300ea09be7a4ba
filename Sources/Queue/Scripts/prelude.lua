-- What every transition shares. The queue puts this text in front of each script.
-- Times are milliseconds since the epoch by this server's clock; no other clock enters a comparison.

local WEEK = 7 * 24 * 3600 * 1000

local function text(number) return string.format('%.0f', number) end

local function now()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
end

local session_edges = {
    queued = { starting = true, ended = true },
    starting = { running = true, queued = true, ended = true },
    running = { stopping = true, lost = true, ended = true },
    stopping = { ended = true },
    lost = { running = true, ended = true },
    ended = {},
}

local job_edges = {
    waiting = { running = true, cancelled = true },
    running = { done = true, later = true, waiting = true, dead = true, cancelled = true },
    later = { waiting = true, cancelled = true },
    dead = { waiting = true },
    done = {},
    cancelled = {},
}

-- Refuses an edge that is not in the tables. Call it before the first write.
local function must(edges, what, id, from, to)
    if not from then error({ err = 'UNKNOWN ' .. what .. ' ' .. id .. ' does not exist' }) end
    if not edges[from][to] then
        error({ err = 'EDGE ' .. what .. ' ' .. id .. ' cannot go from ' .. from .. ' to ' .. to })
    end
end

-- Writes an event to the log of all and to the session's own, and gives the hint to whoever listens.
local function announce(sid, state, ...)
    local id = redis.call('XADD', 'qwd:events', 'MAXLEN', '~', '100000', '*', 'session', sid, 'state', state, ...)
    redis.call('XADD', 'qwd:events:' .. sid, 'MAXLEN', '~', '200', id, 'state', state, ...)
    redis.call('PUBLISH', 'qwd:status', sid .. ' ' .. id .. ' ' .. state)
end

local function set(sid, ...)
    redis.call('HSET', 'qwd:session:' .. sid, ...)
    redis.call('HINCRBY', 'qwd:session:' .. sid, 'rev', 1)
end

-- Wakes the workers that may take a create job: one marker a host, because a job that does not fit the first host
-- that wakes must wake the next one.
local function wake_creates()
    for _, host in ipairs(redis.call('ZRANGE', 'qwd:hosts', 0, -1)) do
        redis.call('ZADD', 'qwd:wake:create:' .. host, 0, 'work')
    end
end

local function wake_creates_if_any()
    if redis.call('EXISTS', 'qwd:queue:create') == 1 then wake_creates() end
end

-- Puts a waiting job at the end (or the front) of its queue.
local function push(jid, route, front)
    redis.call(front and 'LPUSH' or 'RPUSH', 'qwd:queue:' .. route, jid)
    if route == 'create' then
        wake_creates()
    else
        redis.call('ZADD', 'qwd:wake:' .. route, 0, 'work')
    end
end

local function finish_job(jid, state, at, message)
    redis.call('ZREM', 'qwd:jobs:running', jid)
    redis.call('HSET', 'qwd:job:' .. jid, 'state', state, 'ended_at', text(at))
    redis.call('HDEL', 'qwd:job:' .. jid, 'lease_until')
    if message and message ~= '' then redis.call('HSET', 'qwd:job:' .. jid, 'error', message) end
    if state == 'dead' then
        redis.call('ZADD', 'qwd:jobs:dead', text(at), jid)
    else
        redis.call('ZADD', 'qwd:jobs:done', text(at), jid)
        redis.call('PEXPIRE', 'qwd:job:' .. jid, text(WEEK))
    end
end

-- Gives a session's part of its host back.
local function release(sid)
    local s = redis.call('HMGET', 'qwd:session:' .. sid, 'host', 'cpu', 'memory_mib')
    local host = s[1]
    if host and redis.call('SREM', 'qwd:sessions:host:' .. host, sid) == 1 then
        redis.call('HINCRBY', 'qwd:host:' .. host, 'cpus_reserved', -s[2])
        redis.call('HINCRBY', 'qwd:host:' .. host, 'memory_reserved_mib', -s[3])
        wake_creates_if_any()
    end
end

-- Ends a session whose edge to `ended` was checked.
local function end_session(sid, reason, detail, at)
    local owner = redis.call('HGET', 'qwd:session:' .. sid, 'owner')
    release(sid)
    set(sid, 'state', 'ended', 'reason', reason, 'detail', detail or '', 'ended_at', text(at), 'display', '')
    redis.call('ZREM', 'qwd:sessions', sid)
    redis.call('ZREM', 'qwd:sessions:expiring', sid)
    redis.call('SREM', 'qwd:sessions:owner:' .. owner, sid)
    redis.call('ZADD', 'qwd:sessions:ended', text(at), sid)
    redis.call('PEXPIRE', 'qwd:session:' .. sid, text(WEEK))
    announce(sid, 'ended', 'reason', reason, 'detail', detail or '')
    redis.call('PEXPIRE', 'qwd:events:' .. sid, text(WEEK))
end

-- Makes a stop job for a session on its host. The job's id follows from the session's fence, so twice is once.
local function add_stop_job(sid, host, fence, at)
    local jid = redis.call('HGET', 'qwd:session:' .. sid, 'stop_job')
    if jid then return jid end
    jid = sid .. '-stop'
    redis.call('HSET', 'qwd:job:' .. jid, 'kind', 'stop', 'session', sid, 'state', 'waiting', 'route',
        'host:' .. host, 'attempt', '0', 'max_attempts', '5', 'fence', fence, 'queued_at', text(at))
    redis.call('HSET', 'qwd:session:' .. sid, 'stop_job', jid)
    push(jid, 'host:' .. host)
    return jid
end

-- Asks for the end of a session, whatever its state. Answers the state it has then.
local function stop_session(sid, reason, at)
    local s = redis.call('HMGET', 'qwd:session:' .. sid, 'state', 'wanted', 'job', 'host', 'fence')
    local state, wanted, jid, host, fence = s[1], s[2], s[3], s[4], s[5]
    if state == 'ended' or state == 'stopping' then return state end
    if state == 'queued' then
        local job_state = redis.call('HGET', 'qwd:job:' .. jid, 'state')
        must(job_edges, 'job', jid, job_state, 'cancelled')
        redis.call('LREM', 'qwd:queue:create', 1, jid)
        redis.call('ZREM', 'qwd:jobs:later', jid)
        finish_job(jid, 'cancelled', at)
        end_session(sid, reason == 'stopped' and 'cancelled' or reason, '', at)
        return 'ended'
    end
    if wanted ~= 'stopped' then set(sid, 'wanted', 'stopped', 'stop_reason', reason) end
    redis.call('ZREM', 'qwd:sessions:expiring', sid)
    if state == 'starting' then
        -- The worker hears of it with its next heartbeat, or at its commit, whichever comes first.
        if wanted ~= 'stopped' then announce(sid, 'starting', 'wanted', 'stopped') end
        return state
    end
    add_stop_job(sid, host, fence, at)
    if state == 'running' then
        set(sid, 'state', 'stopping', 'display', '')
        announce(sid, 'stopping', 'reason', reason)
        return 'stopping'
    end
    return state
end

-- Sends a running create job back: its session waits again, its part of the host is given back.
local function requeue_create(jid, sid, at)
    release(sid)
    set(sid, 'state', 'queued', 'step', '', 'host', '', 'display', '')
    announce(sid, 'queued', 'step', '')
end
