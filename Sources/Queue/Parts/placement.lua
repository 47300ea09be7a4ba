-- Whether a host can take a session: the one place that decides it, for those that claim, those that wake and those that
-- ask why.

-- A host as `fits` wants it.
local function look_at_host(host)
    local values = call('HMGET', 'qwd:host:' .. host, unpack(HOST))
    local capacity, free = {}, {}
    for i = 1, #RESOURCES do
        local there = tonumber(values[4 + 2 * i] or 0)
        capacity[i], free[i] = there, there - (values[5 + 2 * i] or 0)
    end
    local h = { id = host, name = values[1] or host, promised_to = values[5] or '', busy = tonumber(values[4] or 0),
        capacity = capacity, free = free, has = {} }
    -- Why it takes no session at all now.
    if values[3] == '1' then
        h.closed = 'draining'
    elseif values[2] and values[2] ~= ''
        -- A host without sessions takes one however busy it is: nothing that we could wait for would make it less busy.
        and (values[2] ~= 'load' or call('EXISTS', 'qwd:sessions:host:' .. host) == 1) then
        h.closed = values[2]
    end
    return h
end

-- Needs that were read lately, by their text. Few differ, and each transition reads some.
local known_needs, known_count, MOST_KNOWN = {}, 0, 1000

-- What those that need the same wait under: the amounts, then the tags, one a line. Nobody may change what this answers.
local function read_needs(line)
    line = line or ''
    if known_needs[line] then return known_needs[line] end
    local found = { string.match(line, NEEDS) }
    -- Nobody can take what can't be understood.
    if not found[1] then return { amounts = {}, tags = { '?' } } end
    local needs = { amounts = {}, tags = {} }
    for i = 1, #RESOURCES do needs.amounts[i] = tonumber(found[i]) end
    for tag in string.gmatch(found[#RESOURCES + 1], '[^\n]+') do needs.tags[#needs.tags + 1] = tag end
    if known_count == MOST_KNOWN then known_needs, known_count = {}, 0 end
    known_needs[line], known_count = needs, known_count + 1
    return needs
end

local function has(h, tag)
    if h.has[tag] == nil then h.has[tag] = call('SISMEMBER', 'qwd:tags:host:' .. h.id, tag) == 1 end
    return h.has[tag]
end

-- Nothing if the host can take it, else why not: a code, and what it is about (resource or tag, wanted, there).
-- `lacks` and `too-small` are for ever, the others may pass.
local function fits(h, needs)
    local amounts, tags, capacity, free = needs.amounts, needs.tags, h.capacity, h.free
    for i = 1, #amounts do
        if amounts[i] > capacity[i] then return 'too-small', RESOURCES[i], amounts[i], capacity[i] end
    end
    for i = 1, #tags do
        local tag = tags[i]
        if not has(h, tag) then
            local machine = string.match(tag, '^machine:(.*)$')
            -- It is there, and somebody works on its disk (masters.lua).
            if machine and has(h, 'master:' .. machine) then return 'master', machine, 0, 0 end
            return 'lacks', tag, 0, 0
        end
    end
    if h.closed then return h.closed, '', 0, h.closed == 'load' and math.floor(h.busy * 100 + 0.5) or 0 end
    for i = 1, #amounts do
        if amounts[i] > free[i] then return 'full', RESOURCES[i], amounts[i], free[i] end
    end
end

-- How much of the host is free, in thousandths of what is scarcest there.
local function room(h)
    local least = h.closed and 0 or 1000
    for i = 1, #RESOURCES do
        local capacity = h.capacity[i]
        if capacity > 0 then least = math.min(least, math.floor(h.free[i] * 1000 / capacity)) end
    end
    return math.max(0, least)
end

-- Notes it where those look that want to wake somebody who can help.
local function keep_room(h)
    local least = room(h)
    if least > 0 then
        write('ZADD', 'qwd:hosts:room', text(least), h.id)
    else
        write('ZREM', 'qwd:hosts:room', h.id)
    end
end

-- Whether the farm holds as many sessions as it may, and how many these are. `most` 0 is no limit.
local function is_full(most)
    if most <= 0 then return false end
    local held = 0
    for _, count in ipairs(call('HMGET', 'qwd:sessions:count', 'starting', 'running', 'stopping', 'lost')) do
        held = held + tonumber(count or 0)
    end
    return held >= most, held
end
