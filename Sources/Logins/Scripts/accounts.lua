-- Where a person's second factor is: an `qwd:account:<name>` hash, and a `qwd:recovery:<name>` set of unused recovery
-- codes. The name stands last in both, so no two names have a key in common.

-- Recovery codes once stood beside the account, in the place of the account of somebody who is called `<name>:recovery`.
local function codes_move(name)
    local old = 'qwd:account:' .. name .. ':recovery'
    if redis.call('TYPE', old).ok == 'set' then redis.call('RENAMENX', old, 'qwd:recovery:' .. name) end
end

-- Answers both keys.
local function keys_of(name)
    codes_move(name)
    if string.sub(name, -9) == ':recovery' then codes_move(string.sub(name, 1, -10)) end
    return 'qwd:account:' .. name, 'qwd:recovery:' .. name
end
