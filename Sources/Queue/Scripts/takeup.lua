-- takeup: a machine runs on a host of whose session the queue knows nothing, as after a loss of its data; it becomes that session.
-- ARGV: sid fence host accelerator owner machine needs holder asker names jid, then names and values of what was asked for.
-- Answers 'ok', 'known' for a session that the queue knows, or 'gone' for a host that it does not know.
local sid, fence, host, accelerator = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local owner, machine, needs, holder, asker, asked = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local s, at = look_at(sid), now()
if s.state then
    if s.state == 'running' and s.host == host and s.fence == fence then return 'ok' end
    return 'known'
end
local name = call('HGET', 'qwd:host:' .. host, 'name')
if not name then return 'gone' end
-- Whoever stops it must have a younger claim than who started it.
if tonumber(fence) > tonumber(call('GET', 'qwd:fence') or 0) then write('SET', 'qwd:fence', fence) end
local at_text, values = text(at), { unpack(ARGV, 12) }
local count = #values
-- Every session has the job that made it.
local jid = ARGV[11]
write('HSET', 'qwd:job:' .. jid, 'kind', 'create', 'session', sid, 'route', 'create', 'needs', needs, 'attempt', '1',
    'max_attempts', '1', 'fence', fence, 'host', host, 'queued_at', at_text, 'ready_at', at_text, 'started_at', at_text)
finish_job(jid, 'create', 'done', at)
s = { owner = owner, holder = holder, asker = asker, host = host, machine = machine, job = jid }
for i = 1, count, 2 do s[values[i]] = values[i + 1] end
for i, value in ipairs({ 'job', jid, 'attempt', '1', 'created_at', at_text, 'holder', holder, 'asker', asker, 'asked', asked }) do
    values[count + i] = value
end
write('ZADD', 'qwd:sessions', at_text, sid)
join(sid, owner, holder, asker)
if s.use_master == '1' then lock_master(machine, sid) end
local lifetime = tonumber(s.lifetime_s or 0)
-- A whole life anew: how much of it is over, nobody knows any more.
move(sid, s, 'running', at,
    { 'host', host, 'host_name', name, 'fence', fence, 'step', 'commit', 'step_at', at_text, 'started_at', at_text,
        'expires_at', lifetime > 0 and text(at + lifetime * 1000) or '0', 'accelerator', accelerator, 'detail', '' },
    { 'machine', machine, 'act', 'started', 'who', owner, 'from', '', 'note', machine .. ' taken up again on ' .. name }, values)
return 'ok'
