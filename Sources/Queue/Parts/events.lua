-- Writes what becomes of a session, and tells whoever listens.

-- Writes fields of a session, whose `rev` was read before.
local function set(sid, rev, ...)
    call('HSET', 'qwd:session:' .. sid, 'rev', text(rev + 1), ...)
end

-- Gives an event that stands in the log of all to the session's own log, and the hint to whoever listens.
local function tell(sid, id, state, ...)
    call('XADD', 'qwd:events:' .. sid, 'MAXLEN', '~', '200', id, 'state', state, ...)
    call('PUBLISH', 'qwd:status', sid .. ' ' .. id .. ' ' .. state)
end

-- Writes an event to the log of all and to the session's own.
local function announce(sid, state, ...)
    tell(sid, call('XADD', 'qwd:events', 'MAXLEN', '~', '100000', '*', 'session', sid, 'state', state, ...), state, ...)
end

-- The same for an event that belongs in the record of who did what. `from` is empty for what nobody did by hand; `note`
-- says more in words.
local function record(act, who, from, note, sid, state, ...)
    tell(sid, call('XADD', 'qwd:events', 'MAXLEN', '~', '100000', '*', 'session', sid, 'state', state, 'act', act,
        'who', who or '', 'from', from, 'note', note, ...), state, ...)
end

-- Writes what somebody did to a session into the record of who did what; nothing for an empty act.
local function record_act(act, who, from, sid, note)
    if not act or act == '' then return end
    call('XADD', 'qwd:events', 'MAXLEN', '~', '100000', '*', 'act', act, 'who', who, 'from', from, 'what', sid, 'note', note)
end
