-- Takes machines out of the common list that no host offers any more.
local function withdraw(names)
    local hosts = call('ZRANGE', 'qwd:hosts', '0', '-1')
    for _, name in ipairs(names) do
        local offered = 0
        for _, host in ipairs(hosts) do
            offered = call('SISMEMBER', 'qwd:machines:host:' .. host, name)
            if offered == 1 then break end
        end
        if offered == 0 then call('HDEL', 'qwd:machines', name) end
    end
end
