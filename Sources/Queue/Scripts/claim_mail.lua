-- claim-mail: the first mail that waits. ARGV: worker lease_ms. Answers nothing, or {jid, sid, fence, attempt, topic, sealed}.
local at = now()
while true do
    local jid = call('LPOP', 'qwd:queue:mail')
    if not jid then return false end
    local key = 'qwd:job:' .. jid
    local j = call('HMGET', key, 'state', 'session', 'attempt', 'topic', 'sealed')
    if j[1] == 'waiting' then
        local fence, deadline, attempt = text(call('INCR', 'qwd:fence')), text(at + tonumber(ARGV[2])), text(j[3] + 1)
        call('HSET', key, 'state', 'running', 'fence', fence, 'attempt', attempt, 'worker', ARGV[1],
            'lease_until', deadline, 'started_at', text(at))
        call('ZADD', 'qwd:jobs:running', deadline, jid)
        return { jid, j[2] or '', fence, attempt, j[4] or '', j[5] or '' }
    end
end
