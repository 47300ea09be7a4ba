-- A session's way: `move` is the only one that changes a session, and keeps all that follows from its state.

-- States in which a session has a place on a host, and in which it holds a part of it.
local PLACED = { starting = true, running = true, stopping = true, lost = true }
local HOLDS = { starting = true, running = true, stopping = true, lost = true }
-- States in which its life-time runs.
local LIVES = { running = true, lost = true }

local SESSION = { 'state', 'rev', 'owner', 'holder', 'asker', 'host', 'fence', 'wanted', 'stop_reason', 'job', 'stop_job',
    'step', 'step_at', 'display', 'lifetime_s', 'started_at', 'expires_at', 'email', 'machine', 'detail', 'mail',
    'cpu', 'memory_mib', 'disk_gib', 'gpu', 'use_master' }

-- What an older session has not.
local function complete(s)
    -- Of a session that was made before these were kept.
    if s.state then
        s.owner = s.owner or ''
        s.holder, s.asker = s.holder or 'person:' .. s.owner, s.asker or 'person:' .. s.owner
    end
    return s
end

-- A session's hash by names. One that is not there has no state.
local function look_at(sid) return complete(fields_of('qwd:session:' .. sid, SESSION)) end

-- Of one that keeps its room, and does not end, `move` and its caller need less.
local STEPPING = { 'state', 'rev', 'fence', 'wanted', 'step', 'step_at', 'owner', 'host', 'host_name', 'machine', 'display',
    'email', 'lifetime_s', 'expires_at' }
local function look_at_step(sid) return fields_of('qwd:session:' .. sid, STEPPING) end

-- When a session's life ends, or nothing.
local function expiry(s)
    local expires = tonumber(s.expires_at or 0)
    if expires > 0 and LIVES[s.state] and s.wanted ~= 'stopped' then return expires end
end

-- For one with an address: when its owner is told that it ends. An hour before, and not at all if it lives for less than two.
local function warning(s)
    local expires = expiry(s)
    if expires and s.email and s.email ~= '' and tonumber(s.lifetime_s or 0) >= 7200 then return expires - 3600000 end
end

local function keep_time(set, sid, before, after)
    if before == after then return end
    if after then write('ZADD', set, text(after), sid) else write('ZREM', set, sid) end
end

-- Brings a session to a state, which may be its own.
-- fields: names and values in turns that change; they stand in its hash and in the event.
-- event: further ones that stand in the event alone. One with `act` belongs in the record of who did what.
-- quiet: names and values that change and are nobody's news.
-- h: the host that it is placed on, where that is known already.
-- Answers `s`, which is then what the session is.
local function move(sid, s, to, at, fields, event, quiet, h)
    local from, host, expires, warns = s.state, s.host, nil, nil
    if LIVES[from] then expires, warns = expiry(s), warning(s) end
    if from and from ~= to then must(session_edges, 'session', sid, from, to) end
    s.state, s.rev = to, text((s.rev or 0) + 1)
    local change = { 'HSET', 'qwd:session:' .. sid, 'rev', s.rev, 'state', to, unpack(quiet or fields) }
    local count = #change
    for i = 1, #fields, 2 do
        local name, value = fields[i], fields[i + 1]
        s[name] = value
        if quiet then change[count + i], change[count + i + 1] = name, value end
    end
    pending[#pending + 1] = change

    if from ~= to then
        if from then write('HINCRBY', 'qwd:sessions:count', from, '-1') end
        if to ~= 'ended' then write('HINCRBY', 'qwd:sessions:count', to, '1') end
    end
    if HOLDS[to] and not HOLDS[from] then
        h = h or look_at_host(s.host)
        promise(h, s, 1)
        keep_room(h)
    elseif HOLDS[from] and not HOLDS[to] then
        h = h or look_at_host(host)
        promise(h, s, -1)
        keep_room(h)
        wake_if_needed(host)
    end
    if PLACED[to] and not PLACED[from] then write('SADD', 'qwd:sessions:host:' .. s.host, sid) end
    if PLACED[from] and not PLACED[to] then write('SREM', 'qwd:sessions:host:' .. host, sid) end
    if LIVES[from] or LIVES[to] then
        keep_time('qwd:sessions:expiring', sid, expires, expiry(s))
        keep_time('qwd:sessions:warning', sid, warns, warning(s))
    end
    announce(sid, to, event or {}, fields)
    if to == 'ended' then
        write('ZREM', 'qwd:sessions', sid)
        leave(sid, s)
        if s.use_master == '1' then unlock_master(s.machine, sid) end
        keep_ended(sid, s, s.reason == 'cancelled', at)
    end
    return s
end

-- Ends a session.
local function end_session(sid, s, reason, detail, at)
    local note = detail == '' and reason or reason .. ': ' .. detail
    return move(sid, s, 'ended', at,
        { 'reason', reason, 'detail', detail, 'ended_at', text(at), 'display', '' },
        { 'act', 'ended', 'who', s.owner or '', 'from', '', 'note', note })
end

-- Ends a session whose machine is gone though no stop job has ended it. One whose end was asked for ends for that reason.
local function end_without_stop_job(sid, s, reason, detail, at)
    close_job(s.job, at)
    if s.stop_job then close_job(s.stop_job, at) end
    end_session(sid, s, s.wanted == 'stopped' and s.stop_reason or reason, detail, at)
end

-- Why a session ended that never ran, when somebody had asked for its end.
local function cancelled_by(stop_reason) return stop_reason == 'stopped' and 'cancelled' or stop_reason end

-- Asks for the end of a session, whatever its state. Answers the state it has then, or nothing for an unknown one.
local function stop_session(sid, reason, at)
    local s = look_at(sid)
    local state = s.state
    if not state or state == 'ended' or state == 'stopping' then return state end
    if state == 'queued' then
        local job = look_at_job(s.job)
        must(job_edges, 'job', s.job, job.state, 'cancelled')
        withdraw_job(s.job, job)
        if job.cost then give_time_back(s.asker, job.cost) end
        finish_job(s.job, 'create', 'cancelled', at)
        end_session(sid, s, cancelled_by(reason), '', at)
        -- A host may have kept its room for it.
        if job.promised_on then wake_host(job.promised_on) end
        return 'ended'
    end
    if s.wanted == 'stopped' then return state end
    if state == 'starting' then
        -- The worker hears of it with its next heartbeat, or at its commit, whichever comes first.
        move(sid, s, state, at, { 'wanted', 'stopped', 'stop_reason', reason })
        return state
    end
    -- The job's id follows from the session's, so twice is once.
    local stop_job = sid .. '-stop'
    queue_job(stop_job, 'stop', 'host:' .. s.host, '5', at, 'session', sid, 'fence', s.fence)
    -- A lost session stays lost: only its host's return can tell what there is to stop.
    if state == 'running' then state = 'stopping' end
    move(sid, s, state, at, { 'wanted', 'stopped', 'stop_reason', reason, 'stop_job', stop_job, 'display', '' },
        { 'reason', reason })
    return state
end

-- Makes the session of a create job wait again; its part of the host is given back.
local function queue_again(sid, s, why, at)
    return move(sid, s, 'queued', at, { 'step', '', 'host', '', 'host_name', '', 'display', '', 'detail', why })
end
