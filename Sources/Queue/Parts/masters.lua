-- Work on the disks that machines are made of.
--
-- A session of an administrator may write to such a disk itself. Everything else that runs on the same disk would be damaged by
-- that, so it is refused while there is any, and as long as it is there nobody else gets the machine, whatever the host: hosts may
-- share the file. `qwd:machines:masters` has the session of each such machine, and in each host's tags its `machine:<name>` is
-- `master:<name>`, which nobody else asks for. So those who look for room look at nothing more than before.

local MASTERS = 'qwd:machines:masters'

-- The machine whose own disk is asked for, or nothing.
local function master_of(needs)
    for _, tag in ipairs(needs.tags) do
        local machine = string.match(tag, '^master:(.+)$')
        if machine then return machine end
    end
end

-- A session that works on a machine's disk, or that runs on it; or nothing.
local function who_uses(machine)
    local holder = call('HGET', MASTERS, machine)
    if holder then return holder end
    for _, sid in ipairs(call('ZRANGE', 'qwd:sessions', '0', '-1')) do
        local s = call('HMGET', 'qwd:session:' .. sid, 'machine', 'state')
        if s[1] == machine and s[2] ~= 'queued' then return sid end
    end
end

-- The machine whose own disk is asked for, and a session that uses it already; either may be nothing.
local function look_at_master(needs)
    local master = master_of(needs)
    return master, master and who_uses(master)
end

-- Renames a machine's tag on all hosts that have it. Answers these.
local function rename_tag(machine, from, to)
    local hosts = call('SMEMBERS', 'qwd:hosts:tag:machine:' .. machine)
    for _, host in ipairs(hosts) do
        write('SREM', 'qwd:tags:host:' .. host, from .. machine)
        write('SADD', 'qwd:tags:host:' .. host, to .. machine)
    end
    return hosts
end

local function lock_master(machine, sid)
    write('HSET', MASTERS, machine, sid)
    rename_tag(machine, 'machine:', 'master:')
end

local function unlock_master(machine, sid)
    if call('HGET', MASTERS, machine) ~= sid then return end
    write('HDEL', MASTERS, machine)
    for _, host in ipairs(rename_tag(machine, 'master:', 'machine:')) do wake_if_needed(host) end
end
