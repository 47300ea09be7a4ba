-- What a session needs of its host in amounts, and what a host has of it. A further resource is one more word here and in
-- Domain's `Resource`; a host's hash has it as `<resource>_capacity` and `<resource>_reserved`.

local RESOURCES = { 'cpu', 'memory_mib', 'disk_gib', 'gpu' }

-- Promises a host's part to a session, or takes the promise back (`sign` -1).
local function promise(host, s, sign)
    for _, resource in ipairs(RESOURCES) do
        local amount = tonumber(s[resource] or 0)
        if amount > 0 then write('HINCRBY', 'qwd:host:' .. host, resource .. '_reserved', text(sign * amount)) end
    end
end
