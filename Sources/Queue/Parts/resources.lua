-- What a session needs of its host in amounts, and what a host has of it. A further resource is one more word here and in
-- Domain's `Resource`; a host's hash has it as `<resource>_capacity` and `<resource>_reserved`.

local RESOURCES = { 'cpu', 'memory_mib', 'disk_gib', 'gpu' }

-- Promises a part of a host (as `look_at_host` found it) to a session, or takes the promise back (`sign` -1).
local function promise(h, s, sign)
    local reserved = {}
    for i, resource in ipairs(RESOURCES) do
        local amount = tonumber(s[resource] or 0)
        if amount > 0 then
            h.free[i] = h.free[i] - sign * amount
            reserved[#reserved + 1], reserved[#reserved + 2] = resource .. '_reserved', text(h.capacity[i] - h.free[i])
        end
    end
    if #reserved > 0 then write('HSET', 'qwd:host:' .. h.id, unpack(reserved)) end
end
