-- How long what is over is kept, in milliseconds, and the life of a job.

local WEEK = 7 * 24 * 3600 * 1000
-- A session that was cancelled before it ran, and its job: while somebody may still look at its page.
local CANCELLED_KEPT = 600000

-- The kinds of jobs. `session`: the state that its session must be in while it waits. `room`: it needs room on its host, also
-- where it waits for one host alone. `brief`: kept for a look of so many milliseconds, in no list.
local KINDS = {
    create = { session = 'queued', room = true },
    stop = {},
    ['load-check'] = { brief = 600000 },
    ['take-stray'] = { brief = 600000 },
    ['end-stray'] = { brief = 600000 },
    mail = {},
}

local JOB = { 'state', 'kind', 'session', 'fence', 'attempt', 'max_attempts', 'route', 'host', 'worker', 'topic', 'sealed',
    'needs', 'place', 'cost', 'queued_at', 'ready_at', 'promised_on' }

-- A job's hash by names. One that is not there has no state.
local function look_at_job(jid) return fields_of('qwd:job:' .. jid, JOB) end

-- What is asked of a job that waits.
local WAITING = { 'state', 'kind', 'session', 'attempt', 'topic', 'sealed', 'needs', 'place', 'ready_at', 'promised_on' }
local function look_at_waiting(jid) return fields_of('qwd:job:' .. jid, WAITING) end

-- What tells whether a worker may still go on with a job.
local CLAIMED = { 'state', 'kind', 'session', 'fence', 'topic' }
local function look_at_claim(jid) return fields_of('qwd:job:' .. jid, CLAIMED) end

local function finish_job(jid, kind, state, at, message)
    local key, brief = 'qwd:job:' .. jid, KINDS[kind] and KINDS[kind].brief
    write('ZREM', 'qwd:jobs:running', jid)
    write('HSET', key, 'state', state, 'ended_at', text(at))
    if message and message ~= '' then write('HSET', key, 'error', message) end
    write('HDEL', key, 'lease_until', 'sealed')
    if brief then
        write('PEXPIRE', key, text(brief))
    elseif state == 'dead' then
        write('ZADD', 'qwd:jobs:dead', text(at), jid)
    else
        write('ZADD', 'qwd:jobs:done', text(at), jid)
        write('PEXPIRE', key, text(WEEK))
    end
end

-- Takes a job that waits out of where it does.
local function withdraw_job(jid, job)
    if job.state == 'waiting' then
        if job.route == 'create' then
            leave_line(jid, job.needs)
        else
            write('LREM', 'qwd:queue:' .. job.route, '1', jid)
        end
    end
    write('ZREM', 'qwd:jobs:later', jid)
end

-- Closes a job whose work is over without it, whatever its state.
local function close_job(jid, at)
    local job = look_at_job(jid)
    if job.state == 'running' then
        finish_job(jid, job.kind, 'done', at)
    elseif job.state == 'waiting' or job.state == 'later' then
        withdraw_job(jid, job)
        finish_job(jid, job.kind, 'cancelled', at)
    end
end

-- A new job of a queue that is no line.
local function queue_job(jid, kind, route, attempts, at, ...)
    local at_text = text(at)
    write('HSET', 'qwd:job:' .. jid, 'kind', kind, 'state', 'waiting', 'route', route, 'attempt', '0', 'max_attempts',
        attempts, 'fence', '0', 'queued_at', at_text, 'ready_at', at_text, ...)
    write('RPUSH', 'qwd:queue:' .. route, jid)
    wake(route)
end
