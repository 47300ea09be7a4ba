-- refusal: somebody was refused something. ARGV: who from kind what. Answers 'new', or 'counted' if the same was noted
-- less than a minute ago.
local who, from, kind, what, at = ARGV[1], ARGV[2], ARGV[3], ARGV[4], now()
local id = redis.sha1hex(who .. '\0' .. from .. '\0' .. kind)
local key = 'qwd:refused:' .. id
local since = call('HGET', key, 'since')
if since and at - since < REFUSALS_MERGED then
    write('HINCRBY', key, 'count', '1')
    return 'counted'
end
if since then settle_refusals(id) end
write('XADD', 'qwd:events', 'MAXLEN', '~', EVENTS_MOST, '*', 'act', 'refused', 'who', who, 'from', from, 'what', what, 'note', kind)
write('HSET', key, 'since', text(at), 'count', '0', 'who', who, 'from', from, 'note', kind)
-- Settled by the scheduler; without one for a day nobody keeps the record either.
write('PEXPIRE', key, '86400000')
write('ZADD', 'qwd:refused', text(at), id)
write('PEXPIRE', 'qwd:refused', '86400000')
return 'new'
