-- strays: the machines that live on a host, or have left a disk there, and belong to no session that the queue places there.
-- ARGV: host, then the id and the description (JSON) of each. What was told before is replaced.
local key = 'qwd:strays:host:' .. ARGV[1]
write('DEL', key)
for i = 2, #ARGV, 2 do write('HSET', key, ARGV[i], ARGV[i + 1]) end
return 'ok'
