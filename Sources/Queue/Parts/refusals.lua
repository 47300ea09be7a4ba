-- Refusals of the same kind that one person has had within a minute are one entry of the record: somebody who asks again and
-- again would fill it, and everything behind it, with thousands a second.

local REFUSALS_MERGED = 60000

-- Notes those that were only counted, and begins anew. Answers nothing.
local function settle_refusals(id)
    local key = 'qwd:refused:' .. id
    local r = call('HMGET', key, 'count', 'who', 'from', 'note')
    if tonumber(r[1] or 0) > 0 then
        write('XADD', 'qwd:events', 'MAXLEN', '~', EVENTS_MOST, '*', 'act', 'refused', 'who', r[2], 'from', r[3], 'what', '',
            'note', r[4], 'count', r[1])
    end
    write('DEL', key)
    write('ZREM', 'qwd:refused', id)
end
