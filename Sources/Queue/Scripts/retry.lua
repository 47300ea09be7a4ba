-- retry: an administrator gives a dead job another chance. The session of a dead create job has ended for good, so the
-- job gets a new one with the same wishes.
-- ARGV: jid sid. The sid is for the new session, and tells a call that is made again.
-- Answers the session's id, or nothing if the old session is forgotten already.
local jid, fresh, at = ARGV[1], ARGV[2], now()
local job = look_at_job(jid)
if call('HGET', 'qwd:job:' .. jid, 'retry') == fresh then return job.session end
must(job_edges, 'job', jid, job.state, 'waiting')
if job.state ~= 'dead' then error({ err = 'EDGE job ' .. jid .. ' is ' .. job.state .. ', not dead' }) end
local function revive()
    write('ZREM', 'qwd:jobs:dead', jid)
    write('HDEL', 'qwd:job:' .. jid, 'ended_at', 'error')
    write('HSET', 'qwd:job:' .. jid, 'retry', fresh)
end
if job.kind ~= 'create' then
    revive()
    local at_text = text(at)
    write('HSET', 'qwd:job:' .. jid, 'state', 'waiting', 'attempt', '0', 'fence', '0', 'queued_at', at_text, 'ready_at',
        at_text)
    write('RPUSH', 'qwd:queue:' .. job.route, jid)
    wake(job.route)
    return job.session or ''
end
-- What was asked for is named in the session, so that a further wish is copied too.
local old = 'qwd:session:' .. job.session
local s = call('HMGET', old, 'asked', 'owner', 'holder', 'asker', 'machine')
if not s[1] then return false end
local master, user = look_at_master(read_needs(job.needs))
if user then error({ err = 'EDGE session ' .. user .. ' uses the disk of ' .. master }) end
revive()
local values = {}
for name in string.gmatch(s[1], '%S+') do
    values[#values + 1], values[#values + 2] = name, call('HGET', old, name) or ''
end
if call('EXISTS', 'qwd:payload:' .. job.session) == 1 then
    write('RENAME', 'qwd:payload:' .. job.session, 'qwd:payload:' .. fresh)
end
queue_create(fresh, jid,
    { owner = s[2], machine = s[5] or '', needs = job.needs, holder = s[3], asker = s[4], asked = s[1], values = values },
    call('HGET', 'qwd:job:' .. jid, 'max_attempts'), at, look_at_farm())
return fresh
