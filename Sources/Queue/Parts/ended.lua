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
            write('DEL', 'qwd:job:' .. jid)
            write('ZREM', 'qwd:jobs:done', jid)
        end
    end
    write('DEL', key, 'qwd:events:' .. sid, 'qwd:payload:' .. sid)
    write('ZREM', 'qwd:sessions:ended', sid)
    write('ZREM', 'qwd:sessions:cancelled', sid)
    if s[3] then write('ZREM', 'qwd:sessions:ended:' .. (s[4] or 'person:' .. s[3]), sid) end
end

-- Keeps a session that has just ended until the scheduler forgets it: after a week, or for one that never ran after a look of
-- some minutes. Of one person or address only so many are kept, because somebody who starts and cancels makes many.
-- No key has a time to live, which would go by the server's clock.
local function keep_ended(sid, s, cancelled, at)
    local list = 'qwd:sessions:ended:' .. s.asker
    write('ZADD', 'qwd:sessions:ended', text(at), sid)
    write('ZADD', list, text(at), sid)
    if cancelled then write('ZADD', 'qwd:sessions:cancelled', text(at), sid) end
    -- With this one, which is not there yet, there are so many.
    for _, old in ipairs(call('ZRANGE', list, '0', text(-KEPT_OF_ONE))) do forget_session(old) end
end
