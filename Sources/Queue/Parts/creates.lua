-- How a create job begins, and how one ends that did not work out.

-- A new session and its job.
-- r: the request: owner, machine, needs (as `read_needs` reads them), holder, asker, asked (the names of what was asked for)
-- and values (names and values in turns, which stand in the session as they are).
-- farm: what all hosts have together. `event` as in `move`.
local function queue_create(sid, jid, r, attempts, at, farm, event)
    local needs, at_text = read_needs(r.needs), text(at)
    local place, cost = next_place(r.asker, needs.amounts, farm)
    write('HSET', 'qwd:job:' .. jid, 'kind', 'create', 'session', sid, 'state', 'waiting', 'route', 'create', 'needs', r.needs,
        'place', place, 'cost', cost, 'attempt', '0', 'max_attempts', attempts, 'fence', '0', 'queued_at', at_text,
        'ready_at', at_text)
    write('ZADD', 'qwd:sessions', at_text, sid)
    join(sid, r.owner, r.holder, r.asker)
    stand_in_line(jid, r.needs, place)
    wake_one_for(needs)
    local master = master_of(needs)
    if master then lock_master(master, sid) end
    move(sid, { owner = r.owner, holder = r.holder, asker = r.asker }, 'queued', at, { 'machine', r.machine }, event,
        { 'job', jid, 'fence', '0', 'attempt', '0', 'created_at', at_text, 'holder', r.holder, 'asker', r.asker, 'asked',
            r.asked, unpack(r.values) })
end

-- A job that ran did not work out. Answers its state then.
local function job_failed(jid, job, hopeless, attempt, message, delay, at)
    local function over(state)
        finish_job(jid, job.kind, state, at, message)
        return state
    end
    if job.kind == 'load-check' then return over('cancelled') end
    if job.kind == 'create' then
        local s = look_at(job.session)
        -- It has run: there is nothing to try again.
        if s.state ~= 'starting' then return over('done') end
        if s.wanted == 'stopped' then
            local state = over('cancelled')
            end_session(job.session, s, cancelled_by(s.stop_reason), '', at)
            return state
        end
        if hopeless then
            local state = over('dead')
            end_session(job.session, s, 'failed', message, at)
            return state
        end
        queue_again(job.session, s, message, at)
    else
        -- The session's page speaks of the mail with its link alone.
        if job.topic == 'ready' then mail_became(job.session, message, at) end
        if hopeless then return over('dead') end
    end
    write('ZREM', 'qwd:jobs:running', jid)
    write('HDEL', 'qwd:job:' .. jid, 'lease_until')
    write('HSET', 'qwd:job:' .. jid, 'error', message, 'attempt', text(attempt), 'state', 'later')
    if delay <= 0 then
        put_back(jid, job, at)
        return 'waiting'
    end
    write('ZADD', 'qwd:jobs:later', text(at + delay), jid)
    return 'later'
end
