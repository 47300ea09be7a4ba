-- fail: a job did not work out; everything that was made for it on the host is gone already.
-- ARGV: jid fence class message delay_ms. Answers the job's new state, or 'stale'.
local jid, class, message, delay = ARGV[1], ARGV[3], ARGV[4], tonumber(ARGV[5])
local j = redis.call('HMGET', 'qwd:job:' .. jid, 'state', 'fence', 'kind', 'session', 'attempt', 'max_attempts', 'route')
if j[1] ~= 'running' or j[2] ~= ARGV[2] then return 'stale' end
local sid, attempt, at = j[4], tonumber(j[5]), now()

if j[3] == 'load-check' then
    finish_job(jid, 'cancelled', at, message)
    return 'cancelled'
end

if j[3] == 'create' then
    local s = redis.call('HMGET', 'qwd:session:' .. sid, 'state', 'wanted', 'stop_reason')
    if s[1] ~= 'starting' then
        -- It ran and ended, or somebody else owns it: there is nothing to try again.
        finish_job(jid, 'done', at, message)
        return 'done'
    end
    if s[2] == 'stopped' then
        finish_job(jid, 'cancelled', at)
        end_session(sid, s[3] == 'stopped' and 'cancelled' or s[3], '', at)
        return 'cancelled'
    end
    if class == 'no-room' then attempt = attempt - 1 end
    if class == 'permanent' or attempt >= tonumber(j[6]) then
        finish_job(jid, 'dead', at, message)
        end_session(sid, 'failed', message, at)
        return 'dead'
    end
    requeue_create(jid, sid, at)
    set(sid, 'detail', message)
elseif class == 'permanent' or attempt >= tonumber(j[6]) then
    finish_job(jid, 'dead', at, message)
    return 'dead'
end

redis.call('ZREM', 'qwd:jobs:running', jid)
redis.call('HDEL', 'qwd:job:' .. jid, 'lease_until')
redis.call('HSET', 'qwd:job:' .. jid, 'error', message, 'attempt', text(attempt), 'state', 'later')
redis.call('ZADD', 'qwd:jobs:later', text(at + delay), jid)
return 'later'
