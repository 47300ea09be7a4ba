-- fail: a job did not work out; everything that was made for it on the host is gone already.
-- ARGV: jid fence class message delay_ms. Answers the job's state then, or 'stale'. Asked again it changes nothing.
local jid, class, message, delay = ARGV[1], ARGV[3], ARGV[4], tonumber(ARGV[5])
local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'fence', 'kind', 'session', 'attempt', 'max_attempts', 'route',
    'topic')
if j[2] ~= ARGV[2] then return 'stale' end
if j[1] ~= 'running' then return j[1] end
local kind, sid, attempt, at = j[3], j[4], tonumber(j[5]), now()

local function over(state)
    finish_job(jid, kind, state, at, message)
    return state
end

if kind == 'load-check' then return over('cancelled') end
-- No room is nobody's failure.
if class == 'no-room' then attempt = attempt - 1 end
local hopeless = class == 'permanent' or attempt >= tonumber(j[6])

if kind == 'create' then
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'wanted', 'stop_reason')
    -- It has run: there is nothing to try again.
    if s[1] ~= 'starting' then return over('done') end
    if s[2] == 'stopped' then
        end_session(sid, cancelled_by(s[3]), '', at)
        return over('cancelled')
    end
    if hopeless then
        end_session(sid, 'failed', message, at)
        return over('dead')
    end
    queue_again(sid, message)
else
    -- The session's page speaks of the mail with its link alone.
    if j[8] == 'ready' then mail_became(sid, message) end
    if hopeless then return over('dead') end
end

call('ZREM', 'qwd:jobs:running', jid)
call('HDEL', 'qwd:job:' .. jid, 'lease_until')
call('HSET', 'qwd:job:' .. jid, 'error', message, 'attempt', text(attempt), 'state', 'later')
if delay <= 0 then
    put_back(jid, j[7], at)
    return 'waiting'
end
call('ZADD', 'qwd:jobs:later', text(at + delay), jid)
return 'later'
