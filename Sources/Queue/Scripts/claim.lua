-- claim: the first job that this worker can do, from the first of its routes that has one.
-- ARGV: host worker lease_ms most_sessions once, then the routes in order: `host:<id>`, `create`, `mail`.
-- Answers nothing, or {jid, kind, sid, fence, attempt, topic, sealed, the session's fields}. Asked again with the same `once` it
-- answers the same job. It leaves no marker for more work: whoever got a job asks again before it sleeps.
local host, worker, lease, most_sessions, once = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local at, memo = now(), 'qwd:claimed:' .. worker

-- All of a session, as a list and by names.
local function whole(sid)
    local list, s = redis.pcall('HGETALL', 'qwd:session:' .. sid), {}
    if list.err then
        if string.find(list.err, 'WRONGTYPE', 1, true) then return {}, s end
        error({ err = list.err })
    end
    for i = 1, #list, 2 do s[list[i]] = list[i + 1] end
    return list, complete(s)
end

local function answer(jid, job)
    local session = job.list or job.session and job.session ~= '' and (whole(job.session)) or {}
    return { jid, job.kind, job.session or '', job.fence, job.attempt, job.topic or '', job.sealed or '', session }
end

if once ~= '' then
    local known, jid = string.match(call('GET', memo) or '', '^(%S+) (.+)$')
    local job = known == once and look_at_job(jid) or {}
    if job.state == 'running' and job.worker == worker then return answer(jid, job) end
end

local function take(jid, job)
    job.fence, job.attempt = text(tonumber(call('GET', 'qwd:fence') or 0) + 1), text(job.attempt + 1)
    local deadline = text(at + lease)
    write('SET', 'qwd:fence', job.fence)
    write('HSET', 'qwd:job:' .. jid, 'state', 'running', 'fence', job.fence, 'attempt', job.attempt, 'host', host,
        'worker', worker, 'lease_until', deadline, 'started_at', text(at))
    write('ZADD', 'qwd:jobs:running', deadline, jid)
    if once ~= '' then write('SET', memo, once .. ' ' .. jid, 'PX', text(lease)) end
    return answer(jid, job)
end

-- What is wrong with a waiting job that can't be done by anybody, as a code and what it is about, or nothing; and its session.
local function poison(job)
    local kind = KINDS[job.kind or '']
    if not kind then return 'kind-unknown:' .. (job.kind or 'none'), {} end
    if not tonumber(job.attempt) then return 'no-attempt', {} end
    if not job.session or job.session == '' then return kind.session and 'no-session' or nil, {} end
    local s
    job.list, s = whole(job.session)
    if kind.session and s.state ~= kind.session then
        return s.state and 'session-is:' .. s.state or 'session-gone', s
    end
    for _, resource in ipairs(RESOURCES) do
        if not tonumber(s[resource] or 0) then return 'no-number:' .. resource, s end
    end
    return nil, s
end

-- Gives a job up, so that the next one is taken. An administrator finds it among the dead ones.
local function bury(jid, job, s, why)
    if job.state == 'waiting' then finish_job(jid, job.kind, 'dead', at, why) end
    if s.state == 'queued' and s.job == jid then end_session(job.session, s, 'failed', why, at) end
    flush()
end

local function take_create(jid, job, s, h, first)
    leave_line(jid, job.needs, first)
    advance_clock(job.place)
    if job.promised_on then
        write('HDEL', 'qwd:host:' .. job.promised_on, 'promised_to')
        write('HDEL', 'qwd:job:' .. jid, 'promised_on')
        -- Others need not wait behind it there any more.
        if job.promised_on ~= host then wake_host(job.promised_on) end
    end
    local taken = take(jid, job)
    move(job.session, s, 'starting', at,
        { 'host', host, 'host_name', h.name, 'fence', job.fence, 'attempt', job.attempt, 'step', 'claim', 'step_at', text(at),
            'detail', '' },
        { 'ms', text(at - (job.ready_at or at)) }, nil, h)
    return taken
end

local function claim_create()
    if call('EXISTS', 'qwd:queue:create') == 0 or is_full(most_sessions) then return end
    local h = look_at_host(host)
    if h.closed then return end
    if h.promised_to ~= '' then
        local job = look_at_waiting(h.promised_to)
        local why = job.state == 'waiting' and job.promised_on == host and fits(h, read_needs(job.needs))
        if job.state == 'waiting' and job.promised_on == host and why ~= 'too-small' and why ~= 'lacks' then
            -- Its room is kept until there is enough of it.
            if why then return end
            local wrong, s = poison(job)
            if not wrong then return take_create(h.promised_to, job, s, h) end
        end
        write('HDEL', 'qwd:host:' .. host, 'promised_to')
        flush()
    end
    for _, line in ipairs(call('ZRANGE', 'qwd:queue:needs', '0', '-1')) do
        while not fits(h, read_needs(line)) do
            local first = call('ZRANGE', 'qwd:queue:create:' .. line, '0', '1', 'WITHSCORES')
            local jid = first[1]
            if not jid then break end
            local job = look_at_waiting(jid)
            job.needs, job.place = line, job.place or '0'
            local wrong, s = poison(job)
            if job.state == 'waiting' and not wrong then return take_create(jid, job, s, h, first) end
            leave_line(jid, line, first)
            bury(jid, job, s, wrong)
        end
    end
end

local function claim_listed(route)
    local queue, h = 'qwd:queue:' .. route, nil
    for _, jid in ipairs(call('LRANGE', queue, '0', '99')) do
        local job = look_at_waiting(jid)
        local wrong, s = poison(job)
        -- What needs room asks for it, also where only one host can do it.
        local stays = false
        if not wrong and KINDS[job.kind].room then
            h = h or look_at_host(host)
            stays = fits(h, read_needs(job.needs)) ~= nil
        end
        if not stays then
            write('LREM', queue, '1', jid)
            if job.state == 'waiting' and not wrong then return take(jid, job) end
            bury(jid, job, s, wrong)
        end
    end
end

for i = 6, #ARGV do
    local taken
    if ARGV[i] == 'create' then taken = claim_create() else taken = claim_listed(ARGV[i]) end
    if taken then return taken end
end
return false
