-- offer: the machines a host can start. ARGV: host, then name and description (JSON) of each.
local mine = 'qwd:machines:host:' .. ARGV[1]
local before = call('SMEMBERS', mine)
call('DEL', mine)
for i = 2, #ARGV, 2 do
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
