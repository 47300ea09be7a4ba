-- reap: jobs whose worker fell silent go back to their queue, and the sessions of silent hosts are called lost.
-- After an outage (the last call is more than a lease old) everybody gets one lease of grace, because nobody could
-- renew. ARGV: lease_ms. Answers {jobs sent back or given up, sessions lost}.
local lease, at = tonumber(ARGV[1]), now()
local seen = call('HMGET', 'qwd:leader:scheduler', 'reaped_at', 'grace_until')
local last, grace = tonumber(seen[1] or 0), tonumber(seen[2] or 0)
if at - last > lease then grace = at + lease end
write('HSET', 'qwd:leader:scheduler', 'reaped_at', text(at), 'grace_until', text(grace))
flush()
if at < grace then return { 0, 0 } end

local back, lost = 0, 0
local due = call('ZRANGEBYSCORE', 'qwd:jobs:running', '-inf', text(at), 'LIMIT', '0', '100')
-- From the last to the first, because each goes to the front of its queue.
for place = #due, 1, -1 do
    local jid = due[place]
    local job = look_at_job(jid)
    if job.state == 'running' then
        local hopeless = tonumber(job.attempt) >= tonumber(job.max_attempts)
        job_failed(jid, job, hopeless, tonumber(job.attempt), 'worker-silent', 0, at)
        back = back + 1
    else
        write('ZREM', 'qwd:jobs:running', jid)
    end
    flush()
end

-- Once for each host that falls silent, and not again until it was heard of.
local changed = false
for _, host in ipairs(call('ZRANGEBYSCORE', 'qwd:hosts', '-inf', text(at - 2 * lease))) do
    if call('SISMEMBER', 'qwd:hosts:silent', host) == 0 then
        local h = look_at_host(host)
        for _, sid in ipairs(call('SMEMBERS', 'qwd:sessions:host:' .. host)) do
            local s = look_at(sid)
            if s.state == 'running' then
                move(sid, s, 'lost', at, { 'detail', 'host-silent:' .. h.name })
                flush()
                lost = lost + 1
            end
        end
        write('SADD', 'qwd:hosts:silent', host)
        write('ZREM', 'qwd:hosts:room', host)
        if h.promised_to ~= '' then
            write('HDEL', 'qwd:host:' .. host, 'promised_to')
            write('HDEL', 'qwd:job:' .. h.promised_to, 'promised_on')
        end
        flush()
        changed = true
    end
end
if changed then count_farm(at - 2 * lease) end
return { back, lost }
