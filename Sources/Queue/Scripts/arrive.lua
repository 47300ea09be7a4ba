-- arrive: a worker begins to act for a host, or no longer does (an empty place).
-- ARGV: host name place where lease_ms boot uptime_ms. `place` tells this run of this host's kernel, and its state directory, from all others;
-- `where` says the same to people.
-- Answers {'ok'}, or while somebody else has that id or that name {'id' or 'name', where, ms since they were heard of}.
local host, name, place, where, at = ARGV[1], ARGV[2], ARGV[3], ARGV[4], advance_time(ARGV[6], tonumber(ARGV[7]))
local lease, key = tonumber(ARGV[5]), 'qwd:host:' .. ARGV[1]

-- How long a host is silent that may still live, or nothing.
local function silence(id)
    local heard = math.max(call('ZSCORE', 'qwd:hosts', id) or 0, call('HGET', 'qwd:host:' .. id, 'arrived_at') or 0)
    local age = at - heard
    if age < 2 * lease then return age end
end

local known = call('HMGET', key, 'place', 'where', 'name')
if place == '' then
    write('HSET', key, 'place', '')
    return { 'ok' }
end
local age = silence(host)
if age and known[1] and known[1] ~= '' and known[1] ~= place then return { 'id', known[2] or '', age } end
local other = call('HGET', 'qwd:hosts:names', name)
if other and other ~= host then
    local there = call('HMGET', 'qwd:host:' .. other, 'place', 'where', 'name')
    age = silence(other)
    if age and there[1] and there[1] ~= '' and there[3] == name then return { 'name', there[2] or '', age } end
end
if known[3] and known[3] ~= name and call('HGET', 'qwd:hosts:names', known[3]) == host then
    write('HDEL', 'qwd:hosts:names', known[3])
end
if known[3] and known[3] ~= name then
    for _, sid in ipairs(call('SMEMBERS', 'qwd:sessions:host:' .. host)) do
        write('HSET', 'qwd:session:' .. sid, 'host_name', name)
    end
end
write('HSET', 'qwd:hosts:names', name, host)
write('HSET', key, 'place', place, 'where', where, 'name', name, 'arrived_at', text(at))
return { 'ok' }
