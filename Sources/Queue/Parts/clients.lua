-- By whom sessions are counted. `holder` is whose live sessions the new one is counted with, `asker` by whom those that
-- wait and those that were made lately are: `person:<name>`, `browser:<digest>`,
-- `address:<address>`, or `bare:<address>` for what an address holds without the browsers there.

-- Notes a new session with everybody by whom it is counted.
local function join(sid, owner, holder, asker)
    call('SADD', 'qwd:sessions:owner:' .. owner, sid)
    call('SADD', 'qwd:sessions:' .. holder, sid)
    call('SADD', 'qwd:sessions:' .. asker, sid)
end

-- Takes a session that is over from them.
local function leave(sid, owner, holder, asker)
    call('SREM', 'qwd:sessions:owner:' .. owner, sid)
    if holder then call('SREM', 'qwd:sessions:' .. holder, sid) end
    if asker then call('SREM', 'qwd:sessions:' .. asker, sid) end
end
