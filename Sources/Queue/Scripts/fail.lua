-- fail: a job did not work out; everything that was made for it on the host is gone already.
-- ARGV: jid fence class message delay_ms. Answers the job's state then, or 'stale'. Asked again it changes nothing.
local jid, class, message, delay = ARGV[1], ARGV[3], ARGV[4], tonumber(ARGV[5])
local job = look_at_job(jid)
if job.fence ~= ARGV[2] then return 'stale' end
if job.state ~= 'running' then return job.state end
-- No room is nobody's failure.
local attempt = tonumber(job.attempt) - (class == 'no-room' and 1 or 0)
local hopeless = class == 'permanent' or attempt >= tonumber(job.max_attempts)
return job_failed(jid, job, hopeless, attempt, message, delay, now())
