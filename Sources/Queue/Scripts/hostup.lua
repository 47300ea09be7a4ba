-- hostup: a worker's heartbeat.
-- ARGV: host lease_ms boot uptime_ms count, then `count` field-value pairs, then the ids of the sessions whose machines really live there.
-- Lost sessions that live are running again. Answers the ids that the queue places on this host and that are past
-- `starting`, those that live here though they have ended, and those that live here of which the queue knows nothing, or that it
-- places elsewhere (`stray`), each followed by its fence and its state. A place that is not the one that arrived last is refused.
local host, lease, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])
local at = advance_time(ARGV[3], tonumber(ARGV[4]))
local key, fields, status, lives = 'qwd:host:' .. host, {}, {}, {}
for i = 6, 5 + 2 * count do fields[#fields + 1] = ARGV[i] end
for i = 1, #fields, 2 do status[fields[i]] = fields[i + 1] end
for i = 6 + 2 * count, #ARGV do lives[ARGV[i]] = true end
local known_place = call('HMGET', key, 'place', 'where')
if (status.place or '') ~= '' and (known_place[1] or '') ~= '' and known_place[1] ~= status.place then
    error({ err = 'TAKEN ' .. (known_place[2] or '') })
end
local h = look_at_host(host)
write('HSET', key, 'seen_at', text(at), unpack(fields))
write('ZADD', 'qwd:hosts', text(at), host)

-- What it has may be new, or it is counted again.
local capacities, changed = {}, call('ZSCORE', 'qwd:hosts', host) == false
for i, resource in ipairs(RESOURCES) do
    capacities[i] = status[resource .. '_capacity'] or '0'
    local there = tonumber(capacities[i])
    changed = changed or there ~= h.capacity[i]
    h.capacity[i], h.free[i] = there, there - (h.capacity[i] - h.free[i])
end
if call('SISMEMBER', 'qwd:hosts:silent', host) == 1 then
    write('SREM', 'qwd:hosts:silent', host)
    changed = true
end
if changed then count_farm(at - 2 * lease, host, capacities) end
if h.closed ~= 'draining' then
    h.closed = status.closed ~= '' and status.closed or nil
    if h.closed == 'load' and call('EXISTS', 'qwd:sessions:host:' .. host) == 0 then h.closed = nil end
end
keep_room(h)
-- It may be new, or less busy than before.
if not h.closed then wake_if_needed(host) end

local placed = {}
local function place(sid, fence, state) placed[#placed + 1], placed[#placed + 2], placed[#placed + 3] = sid, fence, state end
for _, sid in ipairs(call('SMEMBERS', 'qwd:sessions:host:' .. host)) do
    local alive = lives[sid]
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'fence')
    local state, fence = s[1], s[2]
    if state == 'lost' and alive then
        local known = look_at(sid)
        known = move(sid, known, 'running', at, { 'detail', '' }, { 'note', (status.name or host) .. ' is back' })
        -- Its stop job was made while it was lost.
        if known.wanted == 'stopped' then known = move(sid, known, 'stopping', at, {}) end
        state = known.state
    end
    if state ~= 'starting' then place(sid, fence, state) end
    lives[sid] = nil
end
-- Those that live and are not placed here were given up while this host was silent. What the queue knows
-- nothing of is left alone: it may have lost its data. So is what lives elsewhere by its word.
for sid in pairs(lives) do
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'fence', 'host')
    if s[1] == 'ended' and s[3] == host then place(sid, s[2], 'ended') else place(sid, '0', 'stray') end
end
return placed
