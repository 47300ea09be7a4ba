-- lead: takes or keeps the leadership of the schedulers.
-- ARGV: holder lease_ms boot uptime_ms, which are those of its kernel, or none. Answers the term, or nothing while another one leads. A lease of 0 gives it up.
local holder, lease, at = ARGV[1], tonumber(ARGV[2]), advance_time(ARGV[3], tonumber(ARGV[4]))
local l = call('HMGET', 'qwd:leader:scheduler', 'holder', 'until', 'term')
local held = tonumber(l[2] or 0) > at
local mine = held and l[1] == holder
if lease <= 0 then
    if mine then write('HSET', 'qwd:leader:scheduler', 'until', text(at)) end
    return false
end
if held and not mine then return false end
local term = tonumber(l[3] or 0)
if not mine then term = term + 1 end
write('HSET', 'qwd:leader:scheduler', 'holder', holder, 'until', text(at + lease), 'term', text(term))
return text(term)
