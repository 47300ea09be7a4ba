-- finish: a job is done. A create job's session has its display then; a stop job's session is ended by it.
-- ARGV: jid fence display_url. A mail that nobody got, because what it was about is over, has `unsent` in
-- place of the address. Answers 'ok', 'stale', or 'cancel' for a create job whose session is being stopped or has ended:
-- the job is over, and the display must be closed again. Asked again it answers the same.
local jid, fence = ARGV[1], ARGV[2]
local j = call('HMGET', 'qwd:job:' .. jid, 'state', 'fence', 'kind', 'session', 'topic')
local state, kind, sid = j[1], j[3], j[4]
if j[2] ~= fence or state ~= 'running' and state ~= 'done' then return 'stale' end
local at, answer = now(), 'ok'
if kind == 'create' then
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'fence', 'display', 'step', 'step_at', 'rev',
        'email')
    if s[2] ~= fence or s[1] == 'starting' or s[1] == 'queued' then return 'stale' end
    if s[1] ~= 'running' and s[1] ~= 'lost' then
        answer = 'cancel'
    elseif s[3] ~= 'ready' then
        -- Also for a job that was closed because its lease was over: the display is there only now.
        set(sid, s[6], 'step', 'running', 'step_at', text(at), 'display', 'ready', 'display_url', ARGV[3])
        announce(sid, s[1], 'step', 'running', 'previous', s[4] or '', 'ms', text(at - (s[5] or at)))
        if s[7] and s[7] ~= '' then mail_about(sid, 'ready', at) end
    end
elseif kind == 'stop' and state == 'running' then
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'stop_reason', 'job')
    if s[1] ~= 'ended' then
        must(session_edges, 'session', sid, s[1], 'ended')
        end_session(sid, s[2] or 'stopped', '', at)
        -- The create job may still be about to open the display.
        if call('HGET', 'qwd:job:' .. s[3], 'state') == 'running' then finish_job(s[3], 'create', 'done', at) end
    end
end
-- The session's page speaks of the mail with its link alone.
if j[5] == 'ready' and state == 'running' and ARGV[3] ~= 'unsent' then mail_became(sid, 'sent') end
if state == 'running' then finish_job(jid, kind, 'done', at) end
return answer
