-- What a session needs of its host in amounts, and what a host has of it. A further resource is one more word here and in
-- Domain's `Resource`, and one or two in each of the lists behind it.

local RESOURCES = { 'cpu', 'memory_mib', 'disk_gib', 'gpu' }
local HOST = { 'name', 'closed', 'draining', 'cpu_busy', 'promised_to', 'cpu_capacity', 'cpu_reserved',
    'memory_mib_capacity', 'memory_mib_reserved', 'disk_gib_capacity', 'disk_gib_reserved', 'gpu_capacity', 'gpu_reserved' }
local NEEDS = '^(%d+) (%d+) (%d+) (%d+) (.*)$'
local FARM = { 'hosts', 'cpu', 'largest_cpu', 'memory_mib', 'largest_memory_mib', 'disk_gib', 'largest_disk_gib', 'gpu',
    'largest_gpu' }

-- The farm as it was read last, and the texts that it was read from: they change only with the hosts.
local known_farm, known_values

-- How many hosts there are, what they have together, and the most that one has. Nobody may change what this answers.
local function look_at_farm()
    local values, same = call('HMGET', 'qwd:farm', unpack(FARM)), known_farm ~= nil
    for i = 1, #FARM do same = same and values[i] == known_values[i] end
    if same then return known_farm end
    local total, largest = {}, {}
    for i = 1, #RESOURCES do
        total[i], largest[i] = tonumber(values[2 * i] or 0), tonumber(values[2 * i + 1] or 0)
    end
    known_farm, known_values = { hosts = tonumber(values[1] or 0), total = total, largest = largest }, values
    return known_farm
end

-- Promises a part of a host (as `look_at_host` found it) to a session, or takes the promise back (`sign` -1).
local function promise(h, s, sign)
    local change = { 'HSET', 'qwd:host:' .. h.id }
    for i, resource in ipairs(RESOURCES) do
        local amount = tonumber(s[resource] or 0)
        if amount > 0 then
            h.free[i] = h.free[i] - sign * amount
            local count = #change
            change[count + 1], change[count + 2] = HOST[5 + 2 * i], text(h.capacity[i] - h.free[i])
        end
    end
    if change[3] then pending[#pending + 1] = change end
end
