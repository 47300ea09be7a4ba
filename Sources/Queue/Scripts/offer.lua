-- offer: what a host has besides room. ARGV: host, count of tags, the tags, count of names that can be asked for but that no
-- form shows, these names, then name and description (JSON) of each machine that forms show. The tag of a machine is
-- `machine:<name>`.
local host, wanted, place = ARGV[1], {}, 3
local tags, mine, unlisted = 'qwd:tags:host:' .. host, 'qwd:machines:host:' .. host, 'qwd:machines:unlisted:' .. host
-- What this very host says of each: another one may keep somebody out of it. `qwd:machines` is for frontends of earlier versions.
local offers = 'qwd:machines:offers:' .. host
local function add(tag) wanted[tag] = true end
for i = 1, tonumber(ARGV[2]) do add(ARGV[place]) place = place + 1 end
write('DEL', tags, mine, unlisted, offers)
local hidden = tonumber(ARGV[place])
for i = 1, hidden do
    add('machine:' .. ARGV[place + i])
    write('SADD', unlisted, ARGV[place + i])
end
local before = call('SMEMBERS', tags)
local gone = {}
for i = place + hidden + 1, #ARGV, 2 do add('machine:' .. ARGV[i]) end
for _, tag in ipairs(before) do
    if not wanted[(string.gsub(tag, '^master:', 'machine:'))] then gone[#gone + 1] = tag end
end
take_tags(host, gone)
for i = place + hidden + 1, #ARGV, 2 do
    write('SADD', mine, ARGV[i])
    write('HSET', 'qwd:machines', ARGV[i], ARGV[i + 1])
    write('HSET', offers, ARGV[i], ARGV[i + 1])
end
-- Those whose disks are being worked on (masters.lua).
local kept = {}
for _, machine in ipairs(call('HKEYS', MASTERS)) do kept['machine:' .. machine] = 'master:' .. machine end
for tag in pairs(wanted) do
    write('SADD', tags, kept[tag] or tag)
    write('SADD', 'qwd:hosts:tag:' .. tag, host)
end
wake_if_needed(host)
return 'ok'
