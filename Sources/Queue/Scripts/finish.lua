-- finish: a job is done. A create job's session has its display then; a stop job's session is ended by it.
-- ARGV: jid fence display_url. A mail that nobody got, because what it was about is over, has `unsent` in
-- place of the address. Answers 'ok', 'stale', or 'cancel' for a create job whose session is being stopped or has ended:
-- the job is over, and the display must be closed again. Asked again it answers the same.
local jid, fence = ARGV[1], ARGV[2]
local job = look_at_claim(jid)
local state, kind, sid = job.state, job.kind, job.session
if job.fence ~= fence or state ~= 'running' and state ~= 'done' then return 'stale' end
local at, answer = now(), 'ok'
if kind == 'create' then
    local s = look_at_step(sid)
    if s.fence ~= fence or s.state == 'starting' or s.state == 'queued' then return 'stale' end
    if s.state ~= 'running' and s.state ~= 'lost' then
        answer = 'cancel'
    elseif s.display ~= 'ready' then
        -- Also for a job that was closed because its lease was over: the display is there only now.
        move(sid, s, s.state, at, { 'step', 'running', 'step_at', text(at), 'display', 'ready', 'display_url', ARGV[3] },
            { 'previous', s.step or '', 'ms', text(at - (s.step_at or at)) })
        if s.email and s.email ~= '' then mail_about(sid, 'ready', at) end
    end
elseif kind == 'stop' and state == 'running' then
    local s = look_at(sid)
    if s.state ~= 'ended' then
        must(session_edges, 'session', sid, s.state, 'ended')
        -- The create job may still be about to open the display.
        if call('HGET', 'qwd:job:' .. s.job, 'state') == 'running' then finish_job(s.job, 'create', 'done', at) end
        end_session(sid, s, s.stop_reason or 'stopped', '', at)
    end
end
-- The session's page speaks of the mail with its link alone.
if job.topic == 'ready' and state == 'running' and ARGV[3] ~= 'unsent' then mail_became(sid, 'sent', at) end
if state == 'running' then finish_job(jid, kind, 'done', at) end
return answer
