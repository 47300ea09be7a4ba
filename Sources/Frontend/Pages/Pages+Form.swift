import Domain

extension Pages {
    /// What the form says beside the fields.
    enum FormNotice: Sendable {
        case none
        case problems([CreateRequest.Problem])
        /// The queue refused the request for a limit, in words.
        case refusal(String)
    }

    /// The form.
    /// - Parameter mine: The sessions of this browser that have not ended, the newest first.
    func form(
        _ form: CreateForm, offer: AvailableMachines, mine: [Session] = [], notice: FormNotice = .none, nonce: String
    ) -> String {
        var problems: [CreateRequest.Problem] = []
        if case .problems(let list) = notice { problems = list }
        func problem(_ field: CreateForm.Field) -> String {
            problems.filter { $0.field == field }.map { sentence($0) }.joined(separator: " ")
        }
        // A form that was refused answers a POST, and its address has no page that could be loaded again.
        let mayReload = if case .none = notice { true } else { false }
        let folders = self.folders(options.folders)
        var model: Templates.Model = [
            "nonce": nonce, "stale": offer.stale, "hasMachines": !offer.machines.isEmpty,
            "refresh": mayReload && offer.machines.isEmpty && mine.isEmpty,
            "machines": machineCards(offer.machines, chosen: form.machine),
            "hasMany": offer.machines.count > Self.fewMachines,
            "hasMine": !mine.isEmpty, "mine": mine.map { mineRow($0) }.joined(),
            "hasProblems": !problems.isEmpty, "problemsTitle": texts.count("form.problems", problems.count),
            "problems": problems.map { ["anchor": anchor(of: $0.field), "message": sentence($0)] },
            "optionsOpen": problems.contains {
                $0.field != .machine && ($0.field != .user || currentUser.authenticationDisabled)
            },
            "mailsCodes": mailsCodes,
            "optionsNow": summary(of: form, without: Set(problems.map(\.field))), "user": form.user,
            "oneShot": form.oneShot, "hasGPU": offer.largestGPU > 0, "gpu": form.gpu,
            "hasFolders": !folders.isEmpty, "folders": folders, "withoutFolders": form.withoutFolders,
            "mayScript": currentUser.mayGiveScript(options.scriptsFromForm),
            "script": form.script, "asksScriptPassword": options.asksScriptPassword,
            "choices": [
                choice(
                    .cpu, values: options.cpuChoices.filter { offer.largestCPU == 0 || $0 <= offer.largestCPU },
                    chosen: form.cpu, problem: problem(.cpu), value: { "\($0)" }, text: { "\($0)" }),
                choice(
                    .memory,
                    values: options.memoryChoicesMiB.filter {
                        offer.largestMemoryMiB == 0 || $0 <= offer.largestMemoryMiB
                    },
                    chosen: form.memory, problem: problem(.memory), value: MemoryText.gib,
                    text: { texts.memory(mib: $0) }),
                choice(
                    .lifetime, values: lifetimes, chosen: form.lifetime, problem: problem(.lifetime),
                    value: { "\($0)" }, text: lifetimeText),
            ],
        ]
        for (name, field) in [
            ("machineProblem", CreateForm.Field.machine), ("userProblem", .user), ("oneshotProblem", .oneshot),
            ("gpuProblem", .gpu),
            ("passwordProblem", .password), ("scriptProblem", .script),
            ("scriptPasswordProblem", .scriptPassword),
        ] where !problem(field).isEmpty { model[name] = problem(field) }
        if case .refusal(let text) = notice { model["refusal"] = text }
        return render("form", model)
    }

    /// What a person's sessions get of the hosts' directories; nothing for none.
    private func folders(_ all: [HostFolder]) -> String {
        currentUser.folders(of: all).map {
            texts($0.isReadOnly ? "form.folder.reads" : "form.folder.writes", ["place": HostFolder.place(of: $0.tag)])
        }.joined(separator: ", ")
    }

    /// The choices that the limit allows.
    private var lifetimes: [Int] {
        let allowed = options.lifetimeChoices.filter { options.limits.lifetime(asked: $0) == $0 }
        return allowed.isEmpty ? [options.limits.lifetime(asked: 0)] : allowed
    }

    private func lifetimeText(_ seconds: Int) -> String {
        seconds == 0 ? texts("form.lifetime.none") : texts.duration(seconds: seconds)
    }

    func sentence(_ problem: CreateRequest.Problem) -> String {
        // Some messages are whole sentences already.
        if problem.message.first?.isUppercase == true { return problem.message }
        return texts(
            "problem.sentence", ["field": texts("field.\(problem.field.rawValue)"), "message": problem.message])
    }

    private func anchor(of field: CreateForm.Field) -> String {
        switch field {
        case .machine, .cpu, .memory, .lifetime, .oneshot, .user, .password: field.rawValue
        case .script where currentUser.mayGiveScript(options.scriptsFromForm): field.rawValue
        case .scriptPassword where options.asksScriptPassword: field.rawValue
        case .gpu, .withoutFolders, .script, .scriptPassword, .nonce: "main"
        }
    }

    private func choice(
        _ field: CreateForm.Field, values: [Int], chosen: String, problem: String, value: (Int) -> String,
        text: (Int) -> String
    ) -> Templates.Model {
        var model: Templates.Model = [
            "field": field.rawValue, "label": texts("form.\(field.rawValue)"),
            "hint": texts("form.\(field.rawValue).hint"),
            "values": values.map { number -> Templates.Model in
                ["value": value(number), "text": text(number), "checked": value(number) == chosen]
            },
        ]
        if !problem.isEmpty { model["problem"] = problem }
        return model
    }

    /// What the folded options stand at, without those that are wrong.
    private func summary(of form: CreateForm, without wrong: Set<CreateForm.Field>) -> String {
        var parts: [String] = []
        if !wrong.contains(.cpu), let cpu = MemoryText.number(form.cpu) {
            parts.append(texts.count("unit.processors", cpu))
        }
        if !wrong.contains(.memory), let memory = MemoryText.mib(form.memory) {
            parts.append(texts.memory(mib: memory))
        }
        if !wrong.contains(.lifetime), let lifetime = MemoryText.number(form.lifetime) {
            parts.append(lifetimeText(lifetime))
        }
        if form.oneShot { parts.append(texts("form.oneshot")) }
        return parts.joined(separator: " · ")
    }

    /// One of this browser's own sessions, above the form.
    private func mineRow(_ session: Session) -> String {
        let path = path(of: session.id)
        let state = SessionStatusText.stateWord(of: session, texts: texts)
        let until =
            session.isOpen
            ? session.expiresAt.map { HTML.escape(texts("session.until")) + " " + HTML.time($0) } ?? "" : ""
        let button =
            session.isOpen
            ? "<a class=\"button primary small\" href=\"\(path)/connect\">\(HTML.escape(texts("manage.connect")))</a>"
            : "<a class=\"button small\" href=\"\(path)\">\(HTML.escape(texts("manage.open")))</a>"
        return """
            <li id="mine-\(session.id)"><a class="mine-name" href="\(path)">\(HTML.escape(session.request.machineTitle))</a>\
            <span class="state \(session.state.rawValue)">\(HTML.escape(state))</span>\
            <span class="mine-until">\(until)</span>\(button)</li>

            """
    }
}
