import Foundation
import Redis

/// Everything that Redis has about live sessions and jobs, read in one step.
struct Snapshot: Decodable {
    typealias Fields = [String: String]

    /// The hashes of the sessions in `qwd:sessions`.
    var sessions: [String: Fields]
    /// The hashes of all jobs that are in a list, belong to a live session, or were asked for.
    var jobs: [String: Fields]
    /// The queues, with how often each job is in them.
    var queues: [String: [String: Int]]
    /// Create jobs that wait, with their places.
    var line: [String: String]
    /// Those of them that need the same, and under `first` where the first of them is said to be.
    var kinds: [String: [String: String]]
    /// Live sessions by state, as they are counted.
    var counts: [String: String]
    var running: [String: String]
    var later: [String: String]
    var dead: [String: String]
    var expiring: [String: String]
    var owners: [String: [String: Int]]
    /// By whom limits count sessions.
    var clients: [String: [String: Int]]
    var placed: [String: [String: Int]]
    var hosts: [String: Fields]
    var fence: String
    /// The sessions that work on machines' own disks, by machine.
    var masters: [String: String]
    /// What was logged since the last one, keyed by its place.
    var events: [String: Fields]
    /// What is left of the sessions that ended since the last one.
    var ended: [String: Fields]

    static func take(_ farm: Farm, owners: [String], after event: String, jobs: [String]) async throws -> Snapshot {
        let reply = try await farm.redis.send(
            ["EVAL", script, "0", event, owners.joined(separator: ",")] + jobs)
        return try JSONDecoder().decode(Snapshot.self, from: Data((reply.string ?? "").utf8))
    }

    private static let script = """
        local call = redis.call
        local function hash(key)
            local found, values = {}, call('HGETALL', key)
            for i = 1, #values, 2 do found[values[i]] = values[i + 1] end
            return found
        end
        local function scores(key)
            local found, values = {}, call('ZRANGE', key, 0, -1, 'WITHSCORES')
            for i = 1, #values, 2 do found[values[i]] = values[i + 1] end
            return found
        end
        local function set(key)
            local found = {}
            for _, member in ipairs(call('SMEMBERS', key)) do found[member] = 1 end
            return found
        end
        local r = { sessions = {}, jobs = {}, queues = {}, owners = {}, clients = {}, placed = {}, hosts = {}, events = {},
            ended = {} }
        local function job(jid) if jid and not r.jobs[jid] then r.jobs[jid] = hash('qwd:job:' .. jid) end end
        local function queue(name)
            r.queues[name] = {}
            local range = name == 'create' and 'ZRANGE' or 'LRANGE'
            for _, jid in ipairs(call(range, 'qwd:queue:' .. name, 0, -1)) do
                r.queues[name][jid] = (r.queues[name][jid] or 0) + 1
                job(jid)
            end
        end
        for i = 3, #ARGV do job(ARGV[i]) end
        for sid in pairs(scores('qwd:sessions')) do
            local s = hash('qwd:session:' .. sid)
            r.sessions[sid] = s
            job(s.job)
            job(s.stop_job)
        end
        r.running, r.later, r.dead = scores('qwd:jobs:running'), scores('qwd:jobs:later'), scores('qwd:jobs:dead')
        for jid in pairs(r.running) do job(jid) end
        for jid in pairs(r.later) do job(jid) end
        r.expiring = scores('qwd:sessions:expiring')
        queue('create')
        r.line, r.kinds, r.counts = scores('qwd:queue:create'), {}, hash('qwd:sessions:count')
        for line, first in pairs(scores('qwd:queue:needs')) do r.kinds[line] = { first = first } end
        for _, key in ipairs(call('KEYS', 'qwd:queue:create:*')) do
            local line = string.sub(key, 18)
            r.kinds[line] = r.kinds[line] or {}
            for jid, place in pairs(scores(key)) do r.kinds[line][jid] = place end
        end
        for host in pairs(scores('qwd:hosts')) do
            queue('host:' .. host)
            r.hosts[host] = hash('qwd:host:' .. host)
            r.placed[host] = set('qwd:sessions:host:' .. host)
        end
        for owner in string.gmatch(ARGV[2], '[^,]+') do r.owners[owner] = set('qwd:sessions:owner:' .. owner) end
        for _, kind in ipairs({ 'person:', 'browser:', 'address:', 'bare:' }) do
            for _, key in ipairs(call('KEYS', 'qwd:sessions:' .. kind .. '*')) do
                r.clients[string.sub(key, 14)] = set(key)
            end
        end
        r.fence = call('GET', 'qwd:fence') or '0'
        r.masters = hash('qwd:machines:masters')
        for place, entry in ipairs(call('XRANGE', 'qwd:events', '(' .. ARGV[1], '+')) do
            local fields = { id = entry[1] }
            for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
            r.events[tostring(place)] = fields
            local sid = fields.session
            if fields.state == 'ended' then
                local s = hash('qwd:session:' .. sid)
                s.listed_of_one = call('ZSCORE', 'qwd:sessions:ended:' .. s.asker, sid) or ''
                s.listed = call('ZSCORE', 'qwd:sessions:ended', sid) or ''
                s.job_state = call('HGET', 'qwd:job:' .. s.job, 'state')
                s.stop_state = s.stop_job and call('HGET', 'qwd:job:' .. s.stop_job, 'state') or ''
                r.ended[sid] = s
            end
        end
        return cjson.encode(r)
        """
}
