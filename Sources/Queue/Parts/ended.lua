-- What is kept of sessions that are over, and for how long.

-- Ended sessions that are kept of one person or address.
local KEPT_OF_ONE = 300

-- Forgets a session that is over, with its log and the jobs that worked for it.
local function forget_session(sid)
    local key = 'qwd:session:' .. sid
    local s = call('HMGET', key, 'job', 'stop_job', 'owner', 'asker')
    for i = 1, 2 do
        local jid = s[i]
        -- One that was given up waits for an administrator.
        if jid and call('HGET', 'qwd:job:' .. jid, 'state') ~= 'dead' then
            call('DEL', 'qwd:job:' .. jid)
            call('ZREM', 'qwd:jobs:done', jid)
        end
    end
    call('DEL', key, 'qwd:events:' .. sid)
    call('ZREM', 'qwd:sessions:ended', sid)
    call('ZREM', 'qwd:sessions:cancelled', sid)
    if s[3] then call('ZREM', 'qwd:sessions:ended:' .. (s[4] or 'person:' .. s[3]), sid) end
end

-- Keeps a session that has just ended for a week, or one that never ran for a look of some minutes. Of one person or
-- address only so many are kept, because somebody who starts and cancels makes many.
local function keep_ended(sid, asker, cancelled, at)
    local list = 'qwd:sessions:ended:' .. asker
    call('ZADD', 'qwd:sessions:ended', text(at), sid)
    call('ZADD', list, text(at), sid)
    call('PEXPIRE', list, text(WEEK))
    if cancelled then
        call('ZADD', 'qwd:sessions:cancelled', text(at), sid)
        call('PEXPIRE', 'qwd:sessions:cancelled', text(2 * CANCELLED_KEPT))
    end
    for _, old in ipairs(call('ZRANGE', list, '0', text(-KEPT_OF_ONE - 1))) do
        call('ZREM', list, old)
        forget_session(old)
    end
end
