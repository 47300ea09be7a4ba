-- Writes what happens into the log of all events.

local EVENTS_KEPT = '100000'

-- An event of a session, to the log of all and to its own, which does not name it. `event` and `fields` are names and
-- values in turns.
local function announce(sid, state, event, fields)
    local entry = { 'XADD', 'qwd:events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'session', sid, 'state', state, unpack(event) }
    local count = #entry
    for i, value in ipairs(fields) do entry[count + i] = value end
    entry.log, entry.session, entry.state, entry.first = 'qwd:events:' .. sid, sid, state, 9
    pending[#pending + 1] = entry
end

-- What somebody did, for the record of who did what; nothing for an empty act.
local function record_act(act, who, from, what, note, ...)
    if not act or act == '' then return end
    write('XADD', 'qwd:events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'act', act, 'who', who, 'from', from, 'what', what,
        'note', note, ...)
end
