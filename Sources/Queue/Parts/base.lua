-- What every transition needs.
-- Times are milliseconds since the epoch by this server's clock; no other clock enters a comparison.

local call = redis.call

-- A whole number as decimal digits, whatever its size: `tostring` writes large ones with an exponent.
local function text(number) return string.format('%d', number) end

local function now()
    local t = call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
end
