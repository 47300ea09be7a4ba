-- The queue's time. The server's own may step by hours, so nothing is decided by it: schedulers and workers say with each round
-- how long their kernels have run, and the queue's time goes on by what passed there. Between two of these it follows the
-- server's clock, but never for longer than `FOLLOWED`.
--
-- qwd:clock   time: the queue's, in ms; server: the server's at that moment; offset: what people's clocks show less the queue's
--             time; `boot:<id>`: how long that kernel had run, and the queue's time then

local CLOCK = 'qwd:clock'
-- Of two heartbeats a third of a lease apart, with the usual lease.
local FOLLOWED = 15000
-- A kernel's time that is so far behind belongs to a host that was brought back to an earlier moment.
local BEHIND = 60000
local BOOTS_KEPT = 64

local function server_time()
    local t = call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- The time by what is known of it, and the server's.
local function time_of(c, server)
    if not c[1] then return server end
    return c[1] + math.max(0, math.min(server - c[2], FOLLOWED))
end

-- In ms since an epoch that is the usual one for as long as no clock has ever stepped.
local function now() return time_of(call('HMGET', CLOCK, 'time', 'server'), server_time()) end

-- Brings the time forward by what has passed for a kernel since it was first heard of. Answers the time.
local function advance_time(boot, uptime)
    if not boot or boot == '' then return now() end
    local field, server = 'boot:' .. boot, server_time()
    local c = call('HMGET', CLOCK, 'time', 'server', 'offset', field)
    local at = time_of(c, server)
    local before, then_at = string.match(c[4] or '', '^(%d+) (%d+)$')
    local passed = before and then_at + uptime - before or at
    if not before or passed < at - BEHIND then
        write('HSET', CLOCK, field, text(uptime) .. ' ' .. text(at))
        -- Kernels that are gone. Their names tell nothing of their age, but the time when they came does.
        if call('HLEN', CLOCK) > BOOTS_KEPT then
            local oldest, least
            local all = call('HGETALL', CLOCK)
            for i = 1, #all, 2 do
                local came = tonumber(string.match(all[i + 1], '^%d+ (%d+)$'))
                if came and (not least or came < least) then oldest, least = all[i], came end
            end
            write('HDEL', CLOCK, oldest)
        end
    end
    at = math.max(at, passed)
    write('HSET', CLOCK, 'time', text(at), 'server', text(server))
    -- One that changed with every call would make every text that shows a time new.
    if math.abs(server - at - (c[3] or 0)) > 1000 then write('HSET', CLOCK, 'offset', text(server - at)) end
    return at
end
