-- The ways of a session back and out.

-- Gives a session's part of its host back. Answers the session's `rev`, owner, and by whom it is counted.
local function release(sid)
    local s = call('HMGET', 'qwd:session:' .. sid, 'host', 'cpu', 'memory_mib', 'rev', 'owner', 'holder', 'asker')
    local host = s[1]
    if host and host ~= '' and call('SREM', 'qwd:sessions:host:' .. host, sid) == 1 then
        call('HINCRBY', 'qwd:host:' .. host, 'cpus_reserved', '-' .. s[2])
        call('HINCRBY', 'qwd:host:' .. host, 'memory_reserved_mib', '-' .. s[3])
        wake_creates_if_any()
    end
    return s[4], s[5], s[6], s[7]
end

-- Ends a session whose edge to `ended` was checked.
local function end_session(sid, reason, detail, at)
    local rev, owner, holder, asker = release(sid)
    local key, cancelled = 'qwd:session:' .. sid, reason == 'cancelled'
    local kept = text(cancelled and 2 * CANCELLED_KEPT or WEEK)
    set(sid, rev, 'state', 'ended', 'reason', reason, 'detail', detail, 'ended_at', text(at), 'display', '')
    call('ZREM', 'qwd:sessions', sid)
    call('ZREM', 'qwd:sessions:expiring', sid)
    call('ZREM', 'qwd:sessions:warning', sid)
    leave(sid, owner, holder, asker)
    call('PEXPIRE', key, kept)
    if cancelled then call('PEXPIRE', 'qwd:job:' .. call('HGET', key, 'job'), kept) end
    record('ended', owner, '', detail == '' and reason or reason .. ': ' .. detail, sid, 'ended', 'reason', reason,
        'detail', detail)
    call('PEXPIRE', 'qwd:events:' .. sid, kept)
    keep_ended(sid, asker or 'person:' .. owner, cancelled, at)
end

-- Ends a session whose machine is gone though no stop job has ended it. One whose end was asked for ends for that reason.
local function end_without_stop_job(sid, reason, detail, at)
    local s = call('HMGET', 'qwd:session:' .. sid, 'job', 'stop_job', 'wanted', 'stop_reason')
    close_job(s[1], 'create', at)
    if s[2] then close_job(s[2], 'stop', at) end
    end_session(sid, s[3] == 'stopped' and s[4] or reason, detail, at)
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
