import Domain
import Queue
import Redis

extension Farm {
    /// Lets time pass without waiting for it: every time that Redis knows moves into the past.
    /// - Parameter outage: Whether the scheduler was away meanwhile. Otherwise it has just looked after silent workers.
    func pass(_ time: Duration, outage: Bool = false) async throws {
        _ = try await redis.send(["EVAL", Self.passing, "0", "\(time.components.seconds * 1000)", outage ? "1" : "0"])
    }

    /// Reaps as a scheduler does that was never away.
    @discardableResult
    func reap() async throws -> (returned: Int, lost: Int) {
        try await pass(.zero)
        return try await queue.reap(lease: Self.lease)
    }

    /// The host gives no sign of life for so long that its sessions count as lost.
    func silence(_ host: String) async throws {
        let past = try await now() - 2 * Int(Self.lease.components.seconds) * 1000 - 1
        _ = try await redis.send(["ZADD", "qwd:hosts", "\(past)", host])
        _ = try await redis.send(["HSET", "qwd:host:\(host)", "seen_at", "\(past)"])
    }

    /// Redis' clock, in milliseconds.
    func now() async throws -> Int {
        let clock = try await redis.send(["TIME"]).array?.compactMap(\.integer) ?? []
        return clock[0] * 1000 + clock[1] / 1000
    }

    private static let passing = """
        local passed, outage = tonumber(ARGV[1]), ARGV[2] == '1'
        local function text(number) return string.format('%.0f', number) end
        local t = redis.call('TIME')
        local now = t[1] * 1000 + math.floor(t[2] / 1000)
        local times = { 'until', 'reaped_at', 'grace_until', 'seen_at', 'lease_until', 'queued_at', 'ready_at',
            'started_at', 'ended_at', 'created_at', 'expires_at', 'step_at', 'since' }
        for _, key in ipairs(redis.call('KEYS', 'qwd:*')) do
            -- Periods of load checks are counted by the clock itself.
            local once_a_period = string.find(key, '^qwd:once:load:')
            local kind = redis.call('TYPE', key).ok
            local timed = not string.find(key, '^qwd:wake') and not string.find(key, '^qwd:queue')
                and not string.find(key, '^qwd:hosts:room')
            if kind == 'zset' and timed then
                local members = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
                for i = 1, #members, 2 do redis.call('ZADD', key, text(members[i + 1] - passed), members[i]) end
            elseif kind == 'hash' then
                local values = redis.call('HMGET', key, unpack(times))
                for i, name in ipairs(times) do
                    local value = tonumber(values[i] or 0) or 0
                    if value > 0 then redis.call('HSET', key, name, text(value - passed)) end
                end
            end
            local left = redis.call('PTTL', key)
            if left > passed and not once_a_period then
                redis.call('PEXPIRE', key, text(left - passed))
            elseif left >= 0 and not once_a_period then
                redis.call('DEL', key)
            end
        end
        if not outage then
            redis.call('HSET', 'qwd:leader:scheduler', 'reaped_at', text(now), 'grace_until', '0')
        end
        return 'ok'
        """
}
