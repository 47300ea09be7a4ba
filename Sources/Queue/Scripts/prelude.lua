-- What every transition shares. The queue puts this text in front of each script.
-- Times are milliseconds since the epoch by this server's clock; no other clock enters a comparison.

local WEEK = 7 * 24 * 3600 * 1000
local call = redis.call

-- A number as decimal digits, whatever its size.
local function text(number) return string.format('%.0f', number) end

local function now()
    local t = call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- Each edge once, as one text: a table of tables would be built anew with every call.
local session_edges = ' queued>starting queued>ended starting>running starting>queued starting>ended running>stopping'
    .. ' running>lost running>ended stopping>ended lost>running lost>ended '
local job_edges = ' waiting>running waiting>cancelled running>done running>later running>waiting running>dead'
    .. ' running>cancelled later>waiting later>cancelled dead>waiting '

-- Refuses an edge that is not in the text. Call it before the first write.
local function must(edges, what, id, from, to)
    if not from then error({ err = 'UNKNOWN ' .. what .. ' ' .. id .. ' does not exist' }) end
    if not string.find(edges, ' ' .. from .. '>' .. to .. ' ', 1, true) then
        error({ err = 'EDGE ' .. what .. ' ' .. id .. ' cannot go from ' .. from .. ' to ' .. to })
    end
end

-- Writes an event to the log of all and to the session's own, and gives the hint to whoever listens.
local function announce(sid, state, ...)
    local id = call('XADD', 'qwd:events', 'MAXLEN', '~', '100000', '*', 'session', sid, 'state', state, ...)
    call('XADD', 'qwd:events:' .. sid, 'MAXLEN', '~', '200', id, 'state', state, ...)
    call('PUBLISH', 'qwd:status', sid .. ' ' .. id .. ' ' .. state)
end

-- Notes what became of a session, and who asked for it; `from` is empty for what nobody did by hand.
local function audit(act, who, from, sid, detail)
    call('XADD', 'qwd:audit', 'MAXLEN', '~', '100000', '*', 'act', act, 'who', who or '', 'from', from, 'what', sid,
        'detail', detail)
end

-- Writes fields of a session, whose `rev` was read before.
local function set(sid, rev, ...)
    call('HSET', 'qwd:session:' .. sid, 'rev', text(rev + 1), ...)
end

-- Wakes the workers that may take a create job: one marker a host, because a job that does not fit the first host
-- that wakes must wake the next one.
local function wake_creates()
    for _, host in ipairs(call('ZRANGE', 'qwd:hosts', '0', '-1')) do
        call('ZADD', 'qwd:wake:create:' .. host, '0', 'work')
    end
end

local function wake_creates_if_any()
    if call('EXISTS', 'qwd:queue:create') == 1 then wake_creates() end
end

local function wake(route)
    if route == 'create' then
        wake_creates()
    else
        call('ZADD', 'qwd:wake:' .. route, '0', 'work')
    end
end

-- Puts a job that was taken before back to the front of its queue: it has waited already. It keeps `queued_at`, by
-- which it blocks smaller ones when it waits for too long.
local function put_back(jid, route, at)
    call('HSET', 'qwd:job:' .. jid, 'state', 'waiting', 'ready_at', text(at))
    call('LPUSH', 'qwd:queue:' .. route, jid)
    wake(route)
end

-- A load check is one every few seconds and host: it is kept for a look of some minutes, and in no list.
local LOAD_CHECK_KEPT = 600000

local function finish_job(jid, kind, state, at, message)
    local key = 'qwd:job:' .. jid
    call('ZREM', 'qwd:jobs:running', jid)
    if message and message ~= '' then
        call('HSET', key, 'state', state, 'ended_at', text(at), 'error', message)
    else
        call('HSET', key, 'state', state, 'ended_at', text(at))
    end
    call('HDEL', key, 'lease_until', 'sealed')
    if kind == 'load-check' then
        call('PEXPIRE', key, text(LOAD_CHECK_KEPT))
    elseif state == 'dead' then
        call('ZADD', 'qwd:jobs:dead', text(at), jid)
    else
        call('ZADD', 'qwd:jobs:done', text(at), jid)
        call('PEXPIRE', key, text(WEEK))
    end
end

-- Puts a mail into its queue.
local function queue_mail(jid, sid, topic, sealed, attempts, at)
    call('HSET', 'qwd:job:' .. jid, 'kind', 'mail', 'session', sid, 'state', 'waiting', 'route', 'mail', 'topic', topic,
        'sealed', sealed, 'attempt', '0', 'max_attempts', attempts, 'fence', '0', 'queued_at', at, 'ready_at', at)
    call('RPUSH', 'qwd:queue:mail', jid)
    wake('mail')
end

-- A mail about a session, for one that has an address. Its id follows from the session's, so twice is once.
local function mail_about(sid, topic, at)
    local jid = sid .. '-mail-' .. topic
    if call('EXISTS', 'qwd:job:' .. jid) == 0 then queue_mail(jid, sid, topic, '', '8', text(at)) end
end

-- When the owner of a session is told that it ends soon: an hour before, and not at all if it lives for less than two.
local function warn_before(sid, lifetime_s, expires)
    if tonumber(lifetime_s) < 7200 then return end
    call('ZADD', 'qwd:sessions:warning', text(expires - 3600000), sid)
end

-- Tells a session's user what became of the mail about it.
local function mail_became(sid, words)
    if not sid or sid == '' then return end
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'rev', 'mail')
    if not s[1] or s[3] == words then return end
    set(sid, s[2], 'mail', words)
    announce(sid, s[1], 'mail', words)
end

-- Gives a session's part of its host back. Answers the session's `rev` and owner.
local function release(sid)
    local s = call('HMGET', 'qwd:session:' .. sid, 'host', 'cpu', 'memory_mib', 'rev', 'owner')
    local host = s[1]
    if host and host ~= '' and call('SREM', 'qwd:sessions:host:' .. host, sid) == 1 then
        call('HINCRBY', 'qwd:host:' .. host, 'cpus_reserved', '-' .. s[2])
        call('HINCRBY', 'qwd:host:' .. host, 'memory_reserved_mib', '-' .. s[3])
        wake_creates_if_any()
    end
    return s[4], s[5]
end

-- Ends a session whose edge to `ended` was checked.
local function end_session(sid, reason, detail, at)
    local rev, owner = release(sid)
    set(sid, rev, 'state', 'ended', 'reason', reason, 'detail', detail, 'ended_at', text(at), 'display', '')
    call('ZREM', 'qwd:sessions', sid)
    call('ZREM', 'qwd:sessions:expiring', sid)
    call('ZREM', 'qwd:sessions:warning', sid)
    call('SREM', 'qwd:sessions:owner:' .. owner, sid)
    call('ZADD', 'qwd:sessions:ended', text(at), sid)
    call('PEXPIRE', 'qwd:session:' .. sid, text(WEEK))
    announce(sid, 'ended', 'reason', reason, 'detail', detail)
    audit('ended', owner, '', sid, detail == '' and reason or reason .. ': ' .. detail)
    call('PEXPIRE', 'qwd:events:' .. sid, text(WEEK))
end

-- Why a session ended that never ran, when somebody had asked for its end.
local function cancelled_by(stop_reason) return stop_reason == 'stopped' and 'cancelled' or stop_reason end

-- Asks for the end of a session, whatever its state. Answers the state it has then, or nothing for an unknown one.
local function stop_session(sid, reason, at)
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'wanted', 'job', 'host', 'fence', 'rev')
    local state, jid, host, rev = s[1], s[3], s[4], s[6]
    if not state or state == 'ended' or state == 'stopping' then return state end
    if state == 'queued' then
        must(job_edges, 'job', jid, call('HGET', 'qwd:job:' .. jid, 'state'), 'cancelled')
        call('LREM', 'qwd:queue:create', '1', jid)
        call('ZREM', 'qwd:jobs:later', jid)
        finish_job(jid, 'create', 'cancelled', at)
        end_session(sid, cancelled_by(reason), '', at)
        -- It may have kept smaller ones behind it waiting.
        wake_creates_if_any()
        return 'ended'
    end
    if s[2] == 'stopped' then return state end
    call('ZREM', 'qwd:sessions:expiring', sid)
    if state == 'starting' then
        -- The worker hears of it with its next heartbeat, or at its commit, whichever comes first.
        set(sid, rev, 'wanted', 'stopped', 'stop_reason', reason)
        announce(sid, 'starting', 'wanted', 'stopped')
        return state
    end
    -- The job's id follows from the session's, so twice is once.
    local stop_job, route, at_text = sid .. '-stop', 'host:' .. host, text(at)
    call('HSET', 'qwd:job:' .. stop_job, 'kind', 'stop', 'session', sid, 'state', 'waiting', 'route', route,
        'attempt', '0', 'max_attempts', '5', 'fence', s[5], 'queued_at', at_text, 'ready_at', at_text)
    call('RPUSH', 'qwd:queue:' .. route, stop_job)
    wake(route)
    -- A lost session stays lost: only its host's return can tell what there is to stop.
    if state == 'running' then state = 'stopping' end
    set(sid, rev, 'state', state, 'wanted', 'stopped', 'stop_reason', reason, 'stop_job', stop_job, 'display', '')
    announce(sid, state, 'wanted', 'stopped', 'reason', reason)
    return state
end

-- Makes the session of a create job wait again; its part of the host is given back.
local function queue_again(sid, why)
    set(sid, (release(sid)), 'state', 'queued', 'step', '', 'host', '', 'display', '', 'detail', why)
    announce(sid, 'queued', 'step', '', 'detail', why)
end

-- Takes machines out of the common list that no host offers any more.
local function withdraw(names)
    local hosts = call('ZRANGE', 'qwd:hosts', '0', '-1')
    for _, name in ipairs(names) do
        local offered = 0
        for _, host in ipairs(hosts) do
            offered = call('SISMEMBER', 'qwd:machines:host:' .. host, name)
            if offered == 1 then break end
        end
        if offered == 0 then call('HDEL', 'qwd:machines', name) end
    end
end
