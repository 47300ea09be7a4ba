-- The log of all events, `qwd:events`.

-- Events that are kept for a look at what was lately, in whatever ledgers they are; and those that are kept at most, should a
-- ledger be behind for so long.
local EVENTS_KEPT, EVENTS_MOST = 100000, '1000000'

-- An event of a session, to the log of all and to its own, which does not name it. `event` and `fields` are names and
-- values in turns.
local function announce(sid, state, event, fields)
    local entry = { log = 'qwd:events:' .. sid, session = sid, state = state, first = 9,
        'XADD', 'qwd:events', 'MAXLEN', '~', EVENTS_MOST, '*', 'session', sid, 'state', state, unpack(event) }
    local count = #entry
    for i = 1, #fields do entry[count + i] = fields[i] end
    pending[#pending + 1] = entry
end

-- What somebody did, for the record of who did what; nothing for an empty act.
local function record_act(act, who, from, what, note, ...)
    if not act or act == '' then return end
    write('XADD', 'qwd:events', 'MAXLEN', '~', EVENTS_MOST, '*', 'act', act, 'who', who, 'from', from, 'what', what,
        'note', note, ...)
end

-- Whether the id of an entry is before another one.
local function is_before(id, other)
    local ms, number = string.match(id, '^(%d+)-(%d+)$')
    local other_ms, other_number = string.match(other, '^(%d+)-(%d+)$')
    if ms ~= other_ms then return tonumber(ms) < tonumber(other_ms) end
    return tonumber(number) < tonumber(other_number)
end

-- A stream does not tell which entry is the hundred thousandth from its end. So now and then the last one is kept here, by how
-- many had been added until then.
local EVENT_MARKS, MARK_EVERY, TRIMMED_AT_ONCE = 'qwd:trim:events', 1000, 10000

-- Forgets old events, but for those that a ledger has not noted yet.
local function trim_events()
    local info = {}
    local stream = redis.pcall('XINFO', 'STREAM', 'qwd:events')
    if stream.err then return end
    for i = 1, #stream, 2 do info[stream[i]] = stream[i + 1] end
    local added = info['entries-added']
    local newest = call('ZRANGE', EVENT_MARKS, '-1', '-1', 'WITHSCORES')
    -- Redis has lost its data since.
    if newest[1] and tonumber(newest[2]) > added then
        write('DEL', EVENT_MARKS)
        newest = {}
    end
    if added - (newest[2] or 0) >= MARK_EVERY then write('ZADD', EVENT_MARKS, text(added), info['last-generated-id']) end
    if info.length <= EVENTS_KEPT then return end
    local old = text(added - EVENTS_KEPT)
    local first = call('ZRANGE', EVENT_MARKS, old, '-inf', 'BYSCORE', 'REV', 'LIMIT', '0', '1')[1]
    if not first then return end
    write('ZREMRANGEBYSCORE', EVENT_MARKS, '-inf', '(' .. call('ZSCORE', EVENT_MARKS, first))
    for _, noted in ipairs(call('HVALS', 'qwd:ledgers')) do
        if is_before(noted, first) then first = noted end
    end
    write('XTRIM', 'qwd:events', 'MINID', '~', first, 'LIMIT', text(TRIMMED_AT_ONCE))
end
