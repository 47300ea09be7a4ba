-- hostup: a worker's heartbeat.
-- ARGV: host count, then `count` field-value pairs, then the ids of the sessions whose machines really live there.
-- Lost sessions that live are running again. Answers the ids that the queue places on this host and that are past
-- `starting`, and those that live here though they have ended, each followed by its fence and its state.
local host, count, at = ARGV[1], tonumber(ARGV[2]), now()
local fields, lives = {}, {}
for i = 3, 2 + 2 * count do fields[#fields + 1] = ARGV[i] end
for i = 3 + 2 * count, #ARGV do lives[ARGV[i]] = true end
call('HSET', 'qwd:host:' .. host, 'seen_at', text(at), unpack(fields))
call('ZADD', 'qwd:hosts', text(at), host)
-- It may be new, or less busy than before.
if call('EXISTS', 'qwd:queue:create') == 1 then call('ZADD', 'qwd:wake:create:' .. host, '0', 'work') end

local placed = {}
for _, sid in ipairs(call('SMEMBERS', 'qwd:sessions:host:' .. host)) do
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'fence', 'wanted', 'rev')
    local state = s[1]
    if state == 'lost' and lives[sid] then
        announce(sid, 'running', 'detail', host .. ' is back')
        state = 'running'
        if s[3] == 'stopped' then
            -- Its stop job was made while it was lost.
            announce(sid, 'stopping', 'wanted', 'stopped')
            state = 'stopping'
        end
        set(sid, s[4], 'state', state, 'detail', '')
    end
    if state ~= 'starting' then
        placed[#placed + 1] = sid
        placed[#placed + 1] = s[2]
        placed[#placed + 1] = state
    end
    lives[sid] = nil
end
-- Those that live and are not placed here were given up while this host was silent. What the queue knows
-- nothing of is left alone: it may have lost its data.
for sid in pairs(lives) do
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'fence')
    if s[1] == 'ended' then
        placed[#placed + 1] = sid
        placed[#placed + 1] = s[2]
        placed[#placed + 1] = 'ended'
    end
end
return placed
