-- Where sessions and jobs may go from each of their states.

-- Each edge once.
local session_edges = ' queued>starting queued>ended starting>running starting>queued starting>ended running>stopping'
    .. ' running>lost running>ended stopping>ended lost>running lost>ended '
local job_edges = ' waiting>running waiting>cancelled running>done running>later running>waiting running>dead'
    .. ' running>cancelled later>waiting later>cancelled dead>waiting '

-- Refuses an edge that is not in the text. Call it before the first write.
local function must(edges, what, id, from, to)
    if not from then error({ err = 'UNKNOWN ' .. what .. ' ' .. id .. ' does not exist' }) end
    if not string.find(edges, ' ' .. from .. '>' .. to .. ' ', 1, true) then
        error({ err = 'EDGE ' .. what .. ' ' .. id .. ' cannot go from ' .. from .. ' to ' .. to })
    end
end
