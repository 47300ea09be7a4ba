-- place: why a host can't take a session, or that it can. ARGV: lease_ms most_sessions needs. It changes nothing.
-- Answers {1 if the farm holds as many sessions as it may else 0, held, then for each host that is not silent: id, name, code (empty
-- if it can), what it is about, wanted, there, ms until the next session ends there or -1}.
local lease, at = tonumber(ARGV[1]), now()
local needs, full, held = read_needs(ARGV[3]), is_full(tonumber(ARGV[2]))
local answer = { full and 1 or 0, held or 0 }
for _, host in ipairs(call('ZRANGEBYSCORE', 'qwd:hosts', text(at - 2 * lease), '+inf')) do
    local h = look_at_host(host)
    local code, about, wanted, there = fits(h, needs)
    if not code and h.promised_to ~= '' then code, about, wanted, there = 'promised', h.promised_to, 0, 0 end
    local soonest = -1
    if code == 'full' then
        for _, sid in ipairs(call('SRANDMEMBER', 'qwd:sessions:host:' .. host, '64')) do
            local ends = call('ZSCORE', 'qwd:sessions:expiring', sid)
            if ends and (soonest < 0 or ends - at < soonest) then soonest = math.max(0, ends - at) end
        end
    end
    for _, value in ipairs({ h.id, h.name, code or '', about or '', wanted or 0, there or 0, soonest }) do
        answer[#answer + 1] = value
    end
end
return answer
