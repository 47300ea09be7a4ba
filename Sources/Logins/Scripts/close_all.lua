-- close-all: a person signs out everywhere. ARGV: user. Answers how many logins there were.
local mine = 'qwd:logins:' .. ARGV[1]
local ids = redis.call('ZRANGE', mine, '0', '-1')
for _, id in ipairs(ids) do redis.call('DEL', 'qwd:login:' .. id) end
redis.call('DEL', mine)
return #ids
