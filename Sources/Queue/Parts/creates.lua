-- How a create job begins, and how one ends that did not work out.

-- A new session and its job. `event` as in `move`; `farm` has what all hosts have together.
local function queue_create(sid, jid, asked, names, values, tags, holder, asker, attempts, at, farm, event)
    local amounts = {}
    for i, resource in ipairs(RESOURCES) do amounts[i] = tonumber(asked[resource] or 0) end
    local all = asked.machine and 'machine:' .. asked.machine or ''
    if tags and tags ~= '' then all = all .. '\n' .. tags end
    local needs, at_text = needs_of(amounts, all), text(at)
    local place, cost = next_place(asker, amounts, farm)
    for _, value in ipairs({ 'job', jid, 'fence', '0', 'attempt', '0', 'created_at', at_text, 'holder', holder, 'asker',
        asker, 'tags', tags or '', 'asked', table.concat(names, ' ') }) do
        values[#values + 1] = value
    end
    write('HSET', 'qwd:job:' .. jid, 'kind', 'create', 'session', sid, 'state', 'waiting', 'route', 'create', 'needs', needs,
        'place', place, 'cost', cost, 'attempt', '0', 'max_attempts', attempts, 'fence', '0', 'queued_at', at_text,
        'ready_at', at_text)
    write('ZADD', 'qwd:sessions', at_text, sid)
    join(sid, asked.owner, holder, asker)
    stand_in_line(jid, needs, place)
    wake_one_for(read_needs(needs))
    move(sid, { owner = asked.owner, holder = holder, asker = asker }, 'queued', at, { 'machine', asked.machine or '' },
        event, values)
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
