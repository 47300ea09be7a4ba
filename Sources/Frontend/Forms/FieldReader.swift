import Domain

/// Reads fields one by one and collects what is wrong with them.
struct FieldReader {
    let fields: FormFields
    let texts: Texts
    private(set) var problems: [CreateRequest.Problem] = []

    init(fields: FormFields, texts: Texts) {
        self.fields = fields
        self.texts = texts
    }

    private mutating func complain(_ field: CreateForm.Field, _ key: String, _ values: [String: String] = [:]) {
        problems.append(.init(field: field, message: texts("problem.\(key)", values)))
    }

    /// The one line of text that a field has, `""` for none, or nil after a complaint.
    private mutating func line(_ field: CreateForm.Field) -> String? {
        let values = fields[field.rawValue]
        guard values.count <= 1 else {
            complain(field, "twice")
            return nil
        }
        switch values.first {
        case nil: return ""
        case .text(let text) where text.utf8.count > 1024: complain(field, "long")
        case .text(let text) where text.hasControlCharacters: complain(field, "characters")
        case .text(let text): return text
        case .unreadable: complain(field, "unreadable")
        }
        return nil
    }

    mutating func machine(of offer: AvailableMachines, default preset: String) -> MachineDescription? {
        guard let asked = line(.machine) else { return nil }
        let name = asked.isEmpty ? preset : asked
        if let machine = offer.machines.first(where: { $0.name == name }) { return machine }
        complain(.machine, name.isEmpty ? "machine.none" : "machine.unknown")
        return nil
    }

    /// The name that somebody gives who does not sign in; `nobody` for none, and after a complaint.
    mutating func user(nobody: PersonName) -> PersonName {
        guard let user = line(.user), !user.isEmpty else { return nobody }
        guard user.utf8.count <= 64, user.utf8.allSatisfy(Self.isOfName), let name = try? PersonName(user) else {
            complain(.user, "user")
            return nobody
        }
        return name
    }

    static func isOfName(_ byte: UInt8) -> Bool { byte.isLetterOrDigit || "_.@-".utf8.contains(byte) }

    /// Looks only whether it could be one. Without a way to sign in nobody reads it.
    mutating func password() { _ = line(.password) }

    /// A password for boot scripts; nil for none, and after a complaint.
    mutating func scriptPassword() -> Secret? {
        let values = fields[CreateForm.Field.scriptPassword.rawValue]
        guard let value = values.first else { return nil }
        guard values.count == 1, case .text(let text) = value, text.utf8.count <= 256, !text.hasControlCharacters else {
            complain(.scriptPassword, "scriptPassword")
            return nil
        }
        return text.isEmpty ? nil : Secret(text)
    }

    mutating func number(_ field: CreateForm.Field, default preset: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = line(field) else { return preset }
        if text.isEmpty { return preset }
        if let number = MemoryText.number(text), range.contains(number) { return number }
        complain(field, "number", ["least": "\(range.lowerBound)", "most": "\(range.upperBound)"])
        return preset
    }

    mutating func memory(default preset: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = line(.memory) else { return preset }
        if text.isEmpty { return preset }
        if let mib = MemoryText.mib(text), range.contains(mib) { return mib }
        complain(
            .memory, "memory",
            ["least": texts.memory(mib: range.lowerBound), "most": MemoryText.gib(range.upperBound)])
        return preset
    }

    /// - Parameter choices: Values that are right in any case, such as zero for no end.
    mutating func lifetime(default preset: Int, choices: [Int], most: Int) -> Int {
        guard let text = line(.lifetime) else { return preset }
        if text.isEmpty { return preset }
        if let seconds = MemoryText.number(text), choices.contains(seconds) || (60...max(most, 60)).contains(seconds) {
            return seconds
        }
        complain(.lifetime, "lifetime", ["most": texts.duration(seconds: most), "seconds": "\(most)"])
        return preset
    }

    mutating func truth(_ field: CreateForm.Field) -> Bool {
        guard let text = line(field)?.lowercased() else { return false }
        if ["1", "on", "true", "yes", field.rawValue].contains(text) { return true }
        if !["", "0", "off", "false", "no"].contains(text) { complain(field, "truth") }
        return false
    }

    /// Something this server does not have. To drop it without a word would promise it.
    mutating func refuse(_ field: CreateForm.Field) {
        let given = fields[field.rawValue].contains { value in
            guard case .text(let text) = value else { return true }
            return !["", "0", "off", "false", "no"].contains(text.lowercased())
        }
        if given { complain(field, "unavailable.\(field.rawValue)") }
    }

    /// A boot script, with the ends of its lines as a shell wants them; nil for none, and after a complaint.
    mutating func script(longest: Int) -> String? {
        let values = fields[CreateForm.Field.script.rawValue]
        guard values.count <= 1 else {
            complain(.script, "twice")
            return nil
        }
        guard let value = values.first else { return nil }
        guard case .text(let sent) = value, !sent.utf8.contains(0) else {
            complain(.script, "unreadable")
            return nil
        }
        let text = sent.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        if text.trimmed.isEmpty { return nil }
        if text.utf8.count > longest {
            complain(.script, "script.long", ["most": "\(longest)", "bytes": "\(text.utf8.count)"])
        } else if BootScriptSource(written: text) == nil {
            complain(.script, "script")
        } else {
            return text
        }
        return nil
    }

    mutating func nonce() -> String? {
        guard let nonce = line(.nonce), !nonce.isEmpty else { return nil }
        let fits =
            (8...64).contains(nonce.utf8.count)
            && nonce.utf8.allSatisfy { Self.isOfName($0) && $0 != UInt8(ascii: "@") }
        if !fits { complain(.nonce, "nonce") }
        return fits ? nonce : nil
    }
}
