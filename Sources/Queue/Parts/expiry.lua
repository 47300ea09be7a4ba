-- Notes when a session ends, and for one with an address when its owner is told so: an hour before, and not at all if it
-- lives for less than two.
local function expires_at(sid, expires, lifetime_s, email)
    call('ZADD', 'qwd:sessions:expiring', text(expires), sid)
    if email and email ~= '' and tonumber(lifetime_s) >= 7200 then
        call('ZADD', 'qwd:sessions:warning', text(expires - 3600000), sid)
    end
end
