-- Wakes workers, and gives jobs back to their queue.

-- Wakes the workers that may take a create job: one marker a host, because a job that does not fit the first host
-- that wakes must wake the next one.
local function wake_creates()
    for _, host in ipairs(call('ZRANGE', 'qwd:hosts', '0', '-1')) do
        call('ZADD', 'qwd:wake:create:' .. host, '0', 'work')
    end
end

local function wake_creates_if_any()
    if call('EXISTS', 'qwd:queue:create') == 1 then wake_creates() end
end

local function wake(route)
    if route == 'create' then
        wake_creates()
    else
        call('ZADD', 'qwd:wake:' .. route, '0', 'work')
    end
end

-- Puts a job that was taken before back to the front of its queue: it has waited already. It keeps `queued_at`, by
-- which it blocks smaller ones when it waits for too long.
local function put_back(jid, route, at)
    call('HSET', 'qwd:job:' .. jid, 'state', 'waiting', 'ready_at', text(at))
    call('LPUSH', 'qwd:queue:' .. route, jid)
    wake(route)
end
