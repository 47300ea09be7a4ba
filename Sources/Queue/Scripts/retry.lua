-- retry: an administrator gives a dead job another chance. The session of a dead create job has ended for good, so the
-- job gets a new one with the same wishes. ARGV: jid sid(for the new session). Answers the session's id, or nothing.
local jid, fresh, at = ARGV[1], ARGV[2], now()
local j = redis.call('HMGET', 'qwd:job:' .. jid, 'state', 'kind', 'session', 'route')
must(job_edges, 'job', jid, j[1], 'waiting')
local sid = j[3]
if j[2] == 'create' then
    local s = redis.call('HMGET', 'qwd:session:' .. sid, 'owner', 'machine', 'cpu', 'memory_mib', 'disk_gib',
        'lifetime_s', 'one_shot')
    if not s[1] then return false end
    redis.call('HSET', 'qwd:session:' .. fresh, 'state', 'queued', 'owner', s[1], 'machine', s[2], 'cpu', s[3],
        'memory_mib', s[4], 'disk_gib', s[5], 'lifetime_s', s[6], 'one_shot', s[7], 'job', jid, 'fence', '0',
        'attempt', '0', 'created_at', text(at), 'rev', '1')
    redis.call('ZADD', 'qwd:sessions', text(at), fresh)
    redis.call('SADD', 'qwd:sessions:owner:' .. s[1], fresh)
    announce(fresh, 'queued', 'machine', s[2])
    sid = fresh
end
redis.call('ZREM', 'qwd:jobs:dead', jid)
redis.call('HSET', 'qwd:job:' .. jid, 'state', 'waiting', 'attempt', '0', 'session', sid, 'queued_at', text(at))
redis.call('HDEL', 'qwd:job:' .. jid, 'ended_at', 'error')
push(jid, j[4])
return sid
