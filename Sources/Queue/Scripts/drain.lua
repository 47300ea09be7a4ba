-- drain: a host takes no new sessions, or takes them again.
-- ARGV: host 0|1. Answers 'ok', or nothing for an unknown host.
local key = 'qwd:host:' .. ARGV[1]
if call('EXISTS', key) == 0 then return false end
write('HSET', key, 'draining', ARGV[2])
local h = look_at_host(ARGV[1])
if ARGV[2] == '1' then
    h.closed = 'draining'
    -- What its room was kept for is promised another one.
    if h.promised_to ~= '' then
        write('HDEL', key, 'promised_to')
        write('HDEL', 'qwd:job:' .. h.promised_to, 'promised_on')
    end
else
    if h.closed == 'draining' then h.closed = nil end
    wake_if_needed(ARGV[1])
end
keep_room(h)
return 'ok'
