-- How long what is over is kept, in milliseconds, and the end of a job.

local WEEK = 7 * 24 * 3600 * 1000
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
