-- forget-factor: takes second factors away. ARGV: names. Answers how many there were.
local count = 0
for _, name in ipairs(ARGV) do
    local account, codes = keys_of(name)
    count = count + redis.call('DEL', account)
    redis.call('DEL', codes)
end
return count
