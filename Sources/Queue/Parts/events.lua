-- Writes what happens into the log of all events.

local EVENTS_KEPT = '100000'

-- An event of a session, to the log of all and to its own. `fields` are names and values in turns.
local function announce(sid, state, fields)
    local entry = { 'XADD', 'qwd:events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'session', sid, 'state', state, unpack(fields) }
    entry.log, entry.hint, entry.state = 'qwd:events:' .. sid, sid, state
    entry.fields = { 'state', state, unpack(fields) }
    pending[#pending + 1] = entry
end

-- What somebody did, for the record of who did what; nothing for an empty act.
local function record_act(act, who, from, what, note, ...)
    if not act or act == '' then return end
    write('XADD', 'qwd:events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'act', act, 'who', who, 'from', from, 'what', what,
        'note', note, ...)
end
