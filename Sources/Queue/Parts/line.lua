-- The line of create jobs. Its order is fair: each client's jobs stand behind each other on a time line of its own, and a
-- job takes as much of it as it needs of the farm (start-time fair queueing). So a burst of one holds nobody else up.
--
-- qwd:queue:create           all that wait, by their place on the time line
-- qwd:queue:create:<needs>   those that need the same, so that a host compares itself with the first of each kind only
-- qwd:queue:needs            the kinds, by the place of their first

local FARM_CLOCK = 'qwd:queue:clock'
-- A client's time line is forgotten when it has waited for nothing for so long.
local LINE_KEPT = 24 * 3600 * 1000

-- Puts a job into the line, at the place that it has got.
local function stand_in_line(jid, needs, place)
    write('ZADD', 'qwd:queue:create', place, jid)
    write('ZADD', 'qwd:queue:create:' .. needs, place, jid)
    write('ZADD', 'qwd:queue:needs', 'LT', place, needs)
end

-- Takes a job out of the line. first: the first two of its kind with their places, where they are known already.
local function leave_line(jid, needs, first)
    local kind = 'qwd:queue:create:' .. needs
    write('ZREM', 'qwd:queue:create', jid)
    write('ZREM', kind, jid)
    first = first or call('ZRANGE', kind, '0', '1', 'WITHSCORES')
    if first[1] ~= jid then return end
    if first[3] then
        write('ZADD', 'qwd:queue:needs', first[4], needs)
    else
        write('ZREM', 'qwd:queue:needs', needs)
    end
end

-- The next place of a client, and what the job takes of its time line: its share of what is scarcest, in millionths.
local function next_place(client, amounts, farm)
    local cost = 1
    for i = 1, #amounts do
        local there = farm.total[i]
        if there > 0 then cost = math.max(cost, math.ceil(amounts[i] * 1000000 / there)) end
    end
    -- Who was away has saved nothing up.
    local lines = call('MGET', 'qwd:line:' .. client, FARM_CLOCK)
    local place = math.max(tonumber(lines[1] or 0), tonumber(lines[2] or 0))
    write('SET', 'qwd:line:' .. client, text(place + cost), 'PX', text(LINE_KEPT))
    return text(place), text(cost)
end

-- The farm's time is that of whoever was served last.
local function advance_clock(place)
    if tonumber(place) > tonumber(call('GET', FARM_CLOCK) or 0) then write('SET', FARM_CLOCK, place) end
end

-- What a job that was cancelled had taken goes back to its client.
local function give_time_back(client, cost)
    local line = 'qwd:line:' .. client
    if call('EXISTS', line) == 1 then write('DECRBY', line, cost) end
end
