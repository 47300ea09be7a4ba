/// Where the text of a boot script comes from, as people write it.
package enum BootScriptSource: Sendable, Hashable {
    /// The script itself: behind `exec:`, `bash:` or `cmd:`, or what begins with `#!` or `@`.
    case text(String)
    /// A file of the host that starts the machine.
    case path(String)
    /// Where that host gets it by HTTP or HTTPS. There is no user or password in it: what is written there would be read by others.
    case url(String)
    /// No script, but options of the machine's QEMU. Only an administrator's rules may have them.
    case qemu(QEMUOptions)
    /// No script either, but what is done to the session's disk before its machine starts. Only rules may have it.
    case disk(DiskCommands)

    /// Nil for what is none of them.
    package init?(written text: String) {
        let text = text.trimmed
        if text.hasPrefix("exec:") {
            self = .text("#!/bin/sh\n" + String(text.dropFirst(5)).trimmed + "\n")
        } else if text.hasPrefix("bash:") {
            self = .text("#!/bin/bash\n" + String(text.dropFirst(5)).trimmed + "\n")
        } else if text.hasPrefix("cmd:") {
            self = .text("@echo off\n" + String(text.dropFirst(4)).trimmed + "\n")
        } else if text.hasPrefix("#!") || text.hasPrefix("@") {
            self = .text(text + "\n")
        } else if text.contains(where: \.isNewline) || text.isEmpty {
            return nil
        } else if text.hasPrefix("/") {
            self = .path(text)
        } else if let parts = URLParts(text), ["http", "https"].contains(parts.scheme), parts.authority != nil,
            parts.userInfo == nil
        {
            self = .url(text)
        } else {
            return nil
        }
        if case .text(let script) = self, script.split(whereSeparator: \.isNewline).count < 2 { return nil }
    }

    /// The text of a file as a script: its first line says what runs it, a shell by `#!` or Windows' command interpreter by `@`. Where
    /// it says nothing the file's name does, by `.bat` or `.cmd`.
    package static func script(_ contents: String, ofFile name: String) -> String {
        // Editors of Windows put a mark before the first letter.
        let text = contents.hasPrefix("\u{FEFF}") ? String(contents.dropFirst()) : contents
        if text.hasPrefix("#!") || text.hasPrefix("@") { return text }
        let isBatch = [".bat", ".cmd"].contains { name.lowercased().hasSuffix($0) }
        return (isBatch ? "@rem\n" : "#!/bin/sh\n") + text
    }
}

/// Whom and what a boot script is for: `user=alice,bob; machine!=windows.qcow2`. All parts must hold; nothing else can be said.
package struct BootScriptCondition: Sendable, Hashable {
    private enum Subject: String { case user, group, machine }

    private struct Part: Sendable, Hashable {
        var subject: Subject
        var isEqual: Bool
        var names: [String]
    }

    private var parts: [Part]

    /// Whether it says for which machines.
    package var namesMachines: Bool { parts.contains { $0.subject == .machine && $0.isEqual } }

    /// Nil for what is not understood: a script is given to nobody on a guess.
    package init?(written text: String) {
        parts = []
        for piece in text.split(separator: ";", omittingEmptySubsequences: false) {
            guard let equals = piece.firstIndex(of: "=") else { return nil }
            let isEqual = piece[..<equals].last != "!"
            let key = (isEqual ? piece[..<equals] : piece[..<equals].dropLast()).trimmed
            let names = piece[piece.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: false)
                .map { $0.trimmed }
            guard let subject = Subject(rawValue: key), !names.isEmpty, !names.contains(where: \.isEmpty) else {
                return nil
            }
            parts.append(Part(subject: subject, isEqual: isEqual, names: names))
        }
    }

    /// - Parameter groups: As the way to sign in tells them: names, or whole DNs of which the first part is a name.
    package func holds(user: PersonName, groups: [String], machine: String) -> Bool {
        parts.allSatisfy { part in
            let isAmong =
                switch part.subject {
                case .user: user.isAmong(part.names)
                case .group: GroupName.isAny(of: part.names, in: groups)
                case .machine: part.names.contains(machine)
                }
            return isAmong == part.isEqual
        }
    }
}

/// A boot script that an administrator gives to all sessions, or to those for which a condition holds.
package struct BootScriptRule: Sendable, Hashable {
    /// As it is written: `if(user=alice,bob): exec: touch /tmp/here`, or without the condition.
    package let written: String
    package let condition: BootScriptCondition?
    package let source: BootScriptSource

    /// Nil for what is not understood.
    package init?(written: String) {
        self.written = written
        var text = written.trimmed
        if text.hasPrefix("if(") {
            guard let end = text.firstRange(of: "):"),
                let condition = BootScriptCondition(written: String(text[..<end.lowerBound].dropFirst(3)))
            else { return nil }
            self.condition = condition
            text = String(text[end.upperBound...])
        } else {
            condition = nil
        }
        // What is wrong with them is said where the configuration is read.
        func behind(_ word: String) -> String? {
            text.trimmed.hasPrefix(word) ? String(text.trimmed.dropFirst(word.count)) : nil
        }
        if let options = behind("qemu:") {
            guard let options = try? QEMUOptions(written: options) else { return nil }
            source = .qemu(options)
            return
        }
        if let commands = behind("virt-customize:") {
            guard let commands = try? DiskCommands(written: commands) else { return nil }
            source = .disk(commands)
            return
        }
        guard let source = BootScriptSource(written: text) else { return nil }
        self.source = source
    }
}
