-- How long what is over is kept, in milliseconds, and the end of a job.

local WEEK = 7 * 24 * 3600 * 1000
-- A session that was cancelled before it ran, and its job: while somebody may still look at its page. It is forgotten by
-- the scheduler then; should none run, by itself after twice as long.
local CANCELLED_KEPT = 600000
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

-- Closes a job whose work is over without it, whatever its state.
local function close_job(jid, kind, at)
    local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'route')
    if j[1] == 'running' then
        finish_job(jid, kind, 'done', at)
    elseif j[1] == 'waiting' or j[1] == 'later' then
        call('LREM', 'qwd:queue:' .. j[2], '1', jid)
        call('ZREM', 'qwd:jobs:later', jid)
        finish_job(jid, kind, 'cancelled', at)
    end
end
