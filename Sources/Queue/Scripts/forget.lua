-- forget: an administrator gives a host up. ARGV: host lease_ms.
-- Answers how many sessions ended by that, or nothing for an unknown host. One that still answers is refused.
local host, at = ARGV[1], now()
local seen = call('ZSCORE', 'qwd:hosts', host)
if not seen then return false end
if at - seen < 2 * tonumber(ARGV[2]) then error({ err = 'EDGE host ' .. host .. ' still answers: stop its worker first' }) end
for _, sid in ipairs(call('SMEMBERS', 'qwd:sessions:host:' .. host)) do
    if call('HGET', 'qwd:session:' .. sid, 'state') == 'starting' then
        error({ err = 'EDGE session ' .. sid .. ' is still starting on ' .. host .. ': it goes elsewhere within two leases' })
    end
end
local ended = forget_host(host, at)
flush()
count_farm(at - 2 * tonumber(ARGV[2]))
return ended
