-- finish: a job is done. A create job's session has its display then; a stop job's session is ended by it.
-- ARGV: jid fence display_port display_url. Answers 'ok' or 'stale'; a job that is done already answers 'ok' again.
local jid = ARGV[1]
local j = redis.call('HMGET', 'qwd:job:' .. jid, 'state', 'fence', 'kind', 'session')
if j[2] ~= ARGV[2] then return 'stale' end
if j[1] == 'done' then return 'ok' end
if j[1] ~= 'running' then return 'stale' end
local at, sid = now(), j[4]
if j[3] == 'create' then
    local s = redis.call('HMGET', 'qwd:session:' .. sid, 'state', 'step', 'step_at')
    if s[1] == 'running' then
        set(sid, 'step', 'running', 'step_at', text(at), 'display', 'ready', 'display_port', ARGV[3], 'display_url',
            ARGV[4])
        announce(sid, 'running', 'step', 'running', 'previous', s[2] or '', 'ms', text(at - (s[3] or at)))
    end
elseif j[3] == 'stop' then
    local s = redis.call('HMGET', 'qwd:session:' .. sid, 'state', 'stop_reason')
    if s[1] ~= 'ended' then
        must(session_edges, 'session', sid, s[1], 'ended')
        end_session(sid, s[2] or 'stopped', '', at)
    end
end
finish_job(jid, 'done', at)
if j[3] == 'load-check' then
    -- One every few seconds and host: kept for a look of some minutes, not for the week.
    redis.call('ZREM', 'qwd:jobs:done', jid)
    redis.call('PEXPIRE', 'qwd:job:' .. jid, 600000)
end
return 'ok'
