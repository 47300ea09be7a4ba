-- By whom sessions are counted. `holder` is whose live sessions the new one is counted with, `asker` by whom those that
-- wait and those that were made lately are: `person:<name>`, `browser:<digest>`,
-- `address:<address>`, or `bare:<address>` for what an address holds without the browsers there.

-- Notes a new session with everybody by whom it is counted.
local function join(sid, owner, holder, asker)
    write('SADD', 'qwd:sessions:owner:' .. owner, sid)
    write('SADD', 'qwd:sessions:' .. holder, sid)
    if asker ~= holder then write('SADD', 'qwd:sessions:' .. asker, sid) end
end

-- Takes a session that is over from them.
local function leave(sid, s)
    write('SREM', 'qwd:sessions:owner:' .. s.owner, sid)
    write('SREM', 'qwd:sessions:' .. s.holder, sid)
    if s.asker ~= s.holder then write('SREM', 'qwd:sessions:' .. s.asker, sid) end
end
