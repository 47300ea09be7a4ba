-- reap: jobs whose worker fell silent go back to their queue, and the sessions of silent hosts are called lost.
-- After an outage (the last call is more than a lease old) everybody gets one lease of grace, because nobody could
-- renew. ARGV: lease_ms. Answers {jobs sent back or given up, sessions lost}.
local lease, at = tonumber(ARGV[1]), now()
local seen = call('HMGET', 'qwd:leader:scheduler', 'reaped_at', 'grace_until')
local last, grace = tonumber(seen[1] or 0), tonumber(seen[2] or 0)
if at - last > lease then grace = at + lease end
call('HSET', 'qwd:leader:scheduler', 'reaped_at', text(at), 'grace_until', text(grace))
if at < grace then return { 0, 0 } end

local WHY = 'Its worker fell silent.'
local function reap(jid)
    local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'kind', 'session', 'attempt', 'max_attempts', 'route')
    local kind, sid = j[2], j[3]
    call('ZREM', 'qwd:jobs:running', jid)
    if j[1] ~= 'running' then return 0 end
    local hopeless = tonumber(j[4]) >= tonumber(j[5])
    if kind == 'load-check' then
        finish_job(jid, kind, 'cancelled', at, WHY)
    elseif kind == 'create' then
        local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'wanted', 'stop_reason')
        if s[1] ~= 'starting' then
            -- The machine runs already; its host opens the display when it is back.
            finish_job(jid, kind, 'done', at)
        elseif s[2] == 'stopped' then
            finish_job(jid, kind, 'cancelled', at, WHY)
            end_session(sid, cancelled_by(s[3]), '', at)
        elseif hopeless then
            finish_job(jid, kind, 'dead', at, WHY)
            end_session(sid, 'failed', WHY, at)
        else
            queue_again(sid, WHY)
            call('HDEL', 'qwd:job:' .. jid, 'lease_until')
            call('HSET', 'qwd:job:' .. jid, 'error', WHY)
            put_back(jid, j[6], at)
        end
    elseif hopeless then
        finish_job(jid, kind, 'dead', at, WHY)
    else
        call('HDEL', 'qwd:job:' .. jid, 'lease_until')
        call('HSET', 'qwd:job:' .. jid, 'error', WHY)
        put_back(jid, j[6], at)
    end
    return 1
end

local back, lost = 0, 0
local due = call('ZRANGEBYSCORE', 'qwd:jobs:running', '-inf', text(at), 'LIMIT', '0', '100')
-- From the last to the first, because each goes to the front of its queue.
for place = #due, 1, -1 do back = back + reap(due[place]) end

for _, host in ipairs(call('ZRANGEBYSCORE', 'qwd:hosts', '-inf', text(at - 2 * lease))) do
    for _, sid in ipairs(call('SMEMBERS', 'qwd:sessions:host:' .. host)) do
        local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'rev')
        if s[1] == 'running' then
            set(sid, s[2], 'state', 'lost', 'detail', host .. ' does not answer')
            announce(sid, 'lost', 'detail', host .. ' does not answer')
            lost = lost + 1
        end
    end
end
return { back, lost }
