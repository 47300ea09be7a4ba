import Domain

extension Snapshot {
    private func integer(_ fields: Fields, _ name: String) -> Int { fields[name].flatMap { Int($0) } ?? 0 }

    /// What must be true of every state of the queue, whatever led to it. Answers what is not.
    func violations() -> [String] {
        var found: [String] = []
        for (id, session) in sessions { found += violations(ofSession: id, session) }
        for (id, job) in jobs { found += violations(ofJob: id, job) }
        found += strangers() + loneliness() + counters() + fences() + lines() + miscounts()
        for (id, session) in ended { found += violations(ofEnded: id, session) }
        return found
    }

    private func violations(ofSession id: String, _ session: Fields) -> [String] {
        guard let state = session["state"].flatMap(SessionState.init(rawValue:)) else {
            return ["live session \(id) has no state"]
        }
        var found: [String] = []
        func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
            if !condition { found.append("\(state) session \(id): " + text()) }
        }
        let job = session["job"].flatMap { jobs[$0] } ?? [:]
        let jobState = job["state"].flatMap(JobState.init(rawValue:))
        let wanted = session["wanted"] == "stopped"
        let homes = placed.filter { $0.value[id] != nil }.map(\.key)
        expect(state != .ended, "is among the live ones")
        expect(owners[session["owner"] ?? ""]?[id] != nil, "its owner does not have it")
        for client in [session["holder"], session["asker"]].compactMap(\.self) {
            expect(clients[client]?[id] != nil, "is not counted by \(client)")
        }
        expect(session["holder"] != nil && session["asker"] != nil, "is counted by nobody")
        expect(homes == (state.holdsCapacity ? [session["host"] ?? ""] : []), "is placed on \(homes)")
        let expires = [.running, .lost].contains(state) && !wanted && integer(session, "lifetime_s") > 0
        expect(expiring[id] == (expires ? session["expires_at"] : nil), "expires at \(expiring[id] ?? "no time")")
        expect(job["session"] == id, "its job is for another one")

        switch state {
        case .queued:
            expect(jobState == .waiting || jobState == .later, "its job is \(job)")
            expect(!wanted, "nobody wants it")
        case .starting:
            expect(jobState == .running, "its job is \(job)")
            expect(job["fence"] == session["fence"], "another one owns its job")
        case .running, .lost:
            expect(jobState == .running || jobState == .done, "its job is \(job)")
            expect(state == .lost || !wanted, "nobody stops it")
        case .stopping, .ended:
            expect(wanted, "nobody asked for it")
        }
        if state == .stopping || state == .lost && wanted {
            let stop = session["stop_job"].flatMap { jobs[$0]?["state"] }
            expect(["waiting", "running", "later", "dead"].contains(stop), "its stop job is \(stop ?? "not there")")
        } else {
            expect(session["stop_job"] == nil, "has a stop job")
        }
        return found
    }

    private func violations(ofJob id: String, _ job: Fields) -> [String] {
        guard let state = job["state"].flatMap(JobState.init(rawValue:)), let kind = job["kind"] else { return [] }
        var found: [String] = []
        func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
            if !condition { found.append("\(state) job \(id): " + text()) }
        }
        let queued = queues.flatMap { queue in queue.value[id].map { [(queue.key, $0)] } ?? [] }
        if state == .waiting {
            expect(queued.count == 1 && queued[0] == (job["route"] ?? "", 1), "is queued in \(queued)")
        } else {
            expect(queued.isEmpty, "is queued in \(queued)")
        }
        expect(running[id] == (state == .running ? job["lease_until"] : nil), "lease until \(running[id] ?? "none")")
        expect((job["lease_until"] != nil) == (state == .running), "has a lease")
        expect((later[id] != nil) == (state == .later), "is due at \(later[id] ?? "no time")")
        expect((dead[id] != nil) == (state == .dead), "is not where the dead ones are")
        if kind == "create", [.waiting, .running, .later].contains(state) {
            expect(job["session"].flatMap { sessions[$0] } != nil, "works for no live session")
        }
        return found
    }

    /// Entries of lists and sets without the thing they name.
    private func strangers() -> [String] {
        let listed = Set(queues.values.flatMap(\.keys)).union(running.keys).union(later.keys)
        let unknown = listed.filter { jobs[$0]?["state"] == nil }.map { "a list has the unknown job \($0)" }
        let members = Set(expiring.keys).union(owners.values.flatMap(\.keys))
            .union(clients.values.flatMap(\.keys)).union(placed.values.flatMap(\.keys))
        return unknown
            + members.filter { sessions[$0] == nil }.map { "a set has the session \($0), which does not live" }
    }

    /// Whoever works on a machine's own disk has it alone.
    private func loneliness() -> [String] {
        let alone = sessions.filter { $0.value["use_master"] == "1" }
        var found = alone.filter { masters[$0.value["machine"] ?? ""] != $0.key }.map { "\($0.key) has no lock" }
        for (machine, holder) in masters {
            if alone[holder]?["machine"] != machine { found.append("\(holder) has \(machine) for nothing") }
            for (id, session) in sessions where session["machine"] == machine && id != holder {
                if session["state"] != "queued" { found.append("\(id) runs on the disk that \(holder) writes to") }
            }
        }
        return found
    }

    private func counters() -> [String] {
        hosts.flatMap { name, host in
            let mine = (placed[name] ?? [:]).keys.compactMap { sessions[$0] }
            var found: [String] = []
            for resource in Resource.allCases.map(\.rawValue) {
                let promised = mine.reduce(0) { $0 + integer($1, resource) }
                if integer(host, "\(resource)_reserved") != promised {
                    found.append(
                        "\(name) has promised \(promised) \(resource) and counts \(host["\(resource)_reserved"] ?? "0")"
                    )
                }
                if promised > integer(host, "\(resource)_capacity") {
                    found.append("\(name) has promised more \(resource) than it has")
                }
            }
            if let jid = host["promised_to"], jobs[jid]?["state"] == "waiting", jobs[jid]?["promised_on"] != name {
                found.append("\(name) keeps room for \(jid), which does not know it")
            }
            return found
        }
    }

    /// The line of those that wait is the same, whether one looks at all or at each kind.
    private func lines() -> [String] {
        var found: [String] = []
        var seen: [String: String] = [:]
        for (needs, kind) in kinds {
            let members = kind.filter { $0.key != "first" }
            seen.merge(members) { first, _ in first }
            if kind["first"] != members.values.min(by: { Double($0) ?? 0 < Double($1) ?? 0 }) {
                found.append("the first of those that need '\(needs)' is not \(kind["first"] ?? "there")")
            }
            for jid in members.keys where jobs[jid]?["needs"] != needs {
                found.append("\(jid) does not need '\(needs)'")
            }
        }
        if seen != line { found.append("the kinds have \(seen) and the line has \(line)") }
        for (jid, place) in line where jobs[jid]?["place"] != place { found.append("\(jid) has lost its place") }
        return found
    }

    private func miscounts() -> [String] {
        SessionState.allCases.compactMap { state in
            let there = sessions.values.count { $0["state"] == state.rawValue }
            let counted = integer(counts, state.rawValue)
            return state == .ended || there == counted
                ? nil : "\(there) sessions are \(state), and \(counted) are counted"
        }
    }

    private func fences() -> [String] {
        let current = sessions.values.compactMap { $0["fence"] }.filter { $0 != "0" }
        var found: [String] = []
        if Set(current).count != current.count { found.append("two sessions have the same fence") }
        if let highest = current.compactMap({ Int($0) }).max(), highest > Int(fence) ?? 0 {
            found.append("the fence \(highest) was never given out")
        }
        return found
    }

    private func violations(ofEnded id: String, _ session: Fields) -> [String] {
        var found: [String] = []
        func expect(_ condition: Bool, _ text: String) {
            if !condition { found.append("ended session \(id): \(text)") }
        }
        expect(session["state"] == "ended", "is \(session["state"] ?? "nothing")")
        expect(session["reason"].flatMap(EndReason.init(rawValue:)) != nil, "has no reason")
        expect(sessions[id] == nil, "is among the live ones")
        expect(session["listed"] == session["ended_at"], "is not among the ended ones")
        expect(session["listed_of_one"] == session["ended_at"], "is not among those of its client")
        expect(
            ["done", "dead", "cancelled"].contains(session["job_state"]), "its job is \(session["job_state"] ?? "")")
        expect(
            ["", "done", "dead", "cancelled"].contains(session["stop_state"]),
            "its stop job is \(session["stop_state"] ?? "")")
        return found
    }
}
