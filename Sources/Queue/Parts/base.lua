-- What every transition needs.
-- Times are milliseconds by the queue's own clock (clock.lua); no other clock enters a comparison.

-- Redis gives these out only while a function runs.
local call, may_write, format

-- A whole number as decimal digits, whatever its size: `tostring` writes large ones with an exponent.
local function text(number) return format('%d', number) end

-- Some fields of a hash by their names. What is no hash has none: a hand in the database must not stop everybody.
local function fields_of(key, names)
    local found, values = {}, redis.pcall('HMGET', key, unpack(names))
    if values.err then
        -- What may not be read is no reason to take it for missing.
        if string.find(values.err, 'WRONGTYPE', 1, true) then return found end
        error({ err = values.err })
    end
    for i = 1, #names do found[names[i]] = values[i] or nil end
    return found
end

-- A transition reads and decides first. What it changes is kept until its end (`flush`) and then written as a whole: one that
-- fails in its middle, or whose Redis user may not write all of it, has written nothing. So nobody reads what he has just
-- written.
local pending = {}
local function write(...) pending[#pending + 1] = { ... } end

-- What a command changes is its first key. The arguments behind it decide nothing, and would double what a write costs.
local function require_right(command, key)
    if not may_write(command, key) then
        error({ err = 'NOPERM this user of Redis may not ' .. command .. ' ' .. tostring(key) })
    end
end

local function flush()
    local writes = pending
    pending = {}
    for i = 1, #writes do
        local w = writes[i]
        require_right(w[1], w[2])
        if w[1] == 'DEL' then
            for key = 3, #w do require_right('DEL', w[key]) end
        elseif w.log then
            require_right('XADD', w.log)
            require_right('PUBLISH', 'qwd:status')
        end
    end
    for i = 1, #writes do
        local w = writes[i]
        local id = call(unpack(w))
        -- An event goes to its session's own log, and as a hint to whoever listens, by the id that it has got.
        if w.log then
            call('XADD', w.log, 'MAXLEN', '~', '200', id, unpack(w, w.first))
            call('PUBLISH', 'qwd:status', w.session .. ' ' .. id .. ' ' .. w.state)
        end
    end
end

-- What Redis calls for a transition: its body with the arguments, and the writing after it.
local function transition(body)
    return function(_, arguments)
        call, may_write, format = redis.call, redis.acl_check_cmd, string.format
        -- One that failed may have left something.
        pending = {}
        local answer = body(arguments)
        flush()
        return answer
    end
end
