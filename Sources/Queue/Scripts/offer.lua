-- offer: the machines a host can start. ARGV: host, count, then `count` names that can be asked for but that no form
-- shows, then name and description (JSON) of each that forms show.
local mine, unlisted = 'qwd:machines:host:' .. ARGV[1], 'qwd:machines:unlisted:' .. ARGV[1]
local first = 3 + tonumber(ARGV[2])
local before = call('SMEMBERS', mine)
call('DEL', mine, unlisted)
for i = 3, first - 1 do call('SADD', unlisted, ARGV[i]) end
for i = first, #ARGV, 2 do
    call('SADD', mine, ARGV[i])
    call('HSET', 'qwd:machines', ARGV[i], ARGV[i + 1])
end
local gone = {}
for _, name in ipairs(before) do
    if call('SISMEMBER', mine, name) == 0 then gone[#gone + 1] = name end
end
if #gone > 0 then withdraw(gone) end
wake_creates_if_any()
return 'ok'
