import Domain

/// The form's machines. Made without the template engine, which takes a tenth of a millisecond for each.
extension Pages {
    /// As many as are looked through at a glance; of more, some can be searched for.
    static let fewMachines = 8

    /// The machines below their headings, each heading where its first machine is, and first those that have none.
    func machineCards(_ machines: [MachineDescription], chosen: String) -> String {
        var groups: [(name: String, machines: [MachineDescription])] = []
        var places: [String: Int] = [:]
        for machine in machines {
            let name = machine.group ?? ""
            if let place = places[name] {
                groups[place].machines.append(machine)
            } else {
                places[name] = groups.count
                groups.append((name, [machine]))
            }
        }
        var number = 0
        var html = ""
        html.reserveCapacity(machines.count * 700)
        for group in groups.filter(\.name.isEmpty) + groups.filter({ !$0.name.isEmpty }) {
            let name = HTML.escape(group.name)
            html +=
                name.isEmpty
                ? "<div class=\"machine-group\">\n"
                : "<div class=\"machine-group\" role=\"group\" aria-label=\"\(name)\"><h2 dir=\"auto\">\(name)</h2>\n"
            html += "<div class=\"cards\">\n"
            for machine in group.machines {
                html += card(machine, number, isChosen: machine.name == chosen)
                number += 1
            }
            html += "</div></div>\n"
        }
        return html
    }

    private func card(_ machine: MachineDescription, _ number: Int, isChosen: Bool) -> String {
        let title = HTML.escape(machine.title ?? machine.name)
        let summary = HTML.escape(machine.summary)
        let name = HTML.escape(machine.name)
        // Most are of this architecture.
        let kind = [
            texts.find("machine.\(machine.kind)") ?? machine.kind,
            machine.architecture == "x86_64" ? "" : machine.architecture,
        ].filter { !$0.isEmpty }.joined(separator: ", ")
        let needs = [
            machine.cpu.map { texts.count("unit.processors", $0) }, machine.memoryMiB.map { texts.memory(mib: $0) },
        ].compactMap { $0 }.joined(separator: ", ")
        let facts = [kind, needs.isEmpty ? "" : texts("machine.needs", ["needs": needs])].filter { !$0.isEmpty }
            .map { "<span>\(HTML.escape($0))</span> " }.joined()
        return """
            <label class="card" data-words="\(name) \(title) \(summary) \(HTML.escape(machine.group ?? ""))"><input \
            type="radio" name="machine" value="\(name)" required aria-labelledby="m\(number)-name" \
            aria-describedby="m\(number)-text"\(isChosen ? " checked" : "")>
            <span class="card-icon" aria-hidden="true">\(icon(of: machine))</span>
            <span class="card-tick" aria-hidden="true"></span>
            <span class="card-name" id="m\(number)-name" dir="auto">\(title)</span>
            <span class="card-text" id="m\(number)-text"><span dir="auto">\(summary)</span><span \
            class="card-facts">\(facts)</span></span></label>

            """
    }

    /// A picture of ours, or the emoji itself.
    private func icon(of machine: MachineDescription) -> String {
        let icon = machine.icon ?? (machine.kind == "iso" ? "disc" : "desktop")
        guard MachineDescription.icons.contains(icon) else { return HTML.escape(icon) }
        return "<svg viewBox=\"0 0 24 24\" focusable=\"false\"><use href=\"#icon-\(icon)\"/></svg>"
    }
}
