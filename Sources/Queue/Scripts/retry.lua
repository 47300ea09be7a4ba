-- retry: an administrator gives a dead job another chance. The session of a dead create job has ended for good, so the
-- job gets a new one with the same wishes.
-- ARGV: jid sid. The sid is for the new session, and tells a call that is made again.
-- Answers the session's id, or nothing if the old session is forgotten already.
local jid, fresh, at = ARGV[1], ARGV[2], text(now())
local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'kind', 'session', 'route', 'retry')
if j[5] == fresh then return j[3] end
must(job_edges, 'job', jid, j[1], 'waiting')
if j[1] ~= 'dead' then error({ err = 'EDGE job ' .. jid .. ' is ' .. j[1] .. ', not dead' }) end
local sid = j[3]
if j[2] == 'create' then
    local s = call('HMGET', 'qwd:session:' .. sid, 'owner', 'machine', 'cpu', 'memory_mib', 'disk_gib', 'lifetime_s',
        'one_shot', 'email', 'holder', 'asker')
    if not s[1] then return false end
    call('HSET', 'qwd:session:' .. fresh, 'state', 'queued', 'owner', s[1], 'machine', s[2], 'cpu', s[3],
        'memory_mib', s[4], 'disk_gib', s[5], 'lifetime_s', s[6], 'one_shot', s[7], 'job', jid, 'fence', '0',
        'attempt', '0', 'created_at', at, 'rev', '1', 'email', s[8] or '', 'holder', s[9] or 'person:' .. s[1],
        'asker', s[10] or 'person:' .. s[1])
    call('ZADD', 'qwd:sessions', at, fresh)
    join(fresh, s[1], s[9] or 'person:' .. s[1], s[10] or 'person:' .. s[1])
    announce(fresh, 'queued', 'machine', s[2])
    sid = fresh
end
call('ZREM', 'qwd:jobs:dead', jid)
call('HSET', 'qwd:job:' .. jid, 'state', 'waiting', 'attempt', '0', 'fence', '0', 'session', sid, 'retry', fresh,
    'queued_at', at, 'ready_at', at)
call('HDEL', 'qwd:job:' .. jid, 'ended_at', 'error')
call('RPUSH', 'qwd:queue:' .. j[4], jid)
wake(j[4])
return sid
