-- lead: takes or keeps the leadership of the schedulers.
-- ARGV: holder lease_ms. Answers the term, or nothing while another one leads. A lease of 0 gives it up.
local holder, lease, at = ARGV[1], tonumber(ARGV[2]), now()
local l = redis.call('HMGET', 'qwd:leader:scheduler', 'holder', 'until', 'term')
local mine = l[1] == holder and tonumber(l[2] or 0) > at
if not mine and tonumber(l[2] or 0) > at then return false end
local term = tonumber(l[3] or 0)
if not mine then term = term + 1 end
redis.call('HSET', 'qwd:leader:scheduler', 'holder', holder, 'until', text(at + lease), 'term', text(term))
return text(term)
