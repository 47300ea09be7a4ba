import Domain

extension Pages {
    func hostCards(_ hosts: [Host]) -> String {
        if hosts.isEmpty { return "<p class=\"hint\">\(HTML.escape(texts("manage.noHosts")))</p>" }
        return hosts.map { hostCard($0) }.joined()
    }

    private func hostCard(_ host: Host) -> String {
        let status = host.status
        let state: String =
            if !host.alive {
                "<span class=\"state lost\">\(HTML.escape(texts("host.silent"))) \(HTML.time(host.seenAt))</span>"
            } else if host.draining {
                "<span class=\"state stopping\">\(HTML.escape(texts("host.draining")))</span>"
            } else {
                "<span class=\"state running\">\(HTML.escape(texts("host.up")))</span>"
            }
        let busy = Int((status.cpuBusy * 100).rounded())
        let cpu = bar(
            title: "host.cpu",
            text: texts(
                "host.cpu.text",
                [
                    "reserved": "\(host.reserved.cpu)", "capacity": "\(status.capacity.cpu)",
                    "free": "\(max(status.capacity.cpu - host.reserved.cpu, 0))", "busy": "\(busy)",
                ]),
            reserved: share(host.reserved.cpu, of: status.capacity.cpu), used: busy)
        let inUse = max(status.memoryMiB - status.memoryAvailableMiB, 0)
        let memory = bar(
            title: "host.memory",
            text: texts(
                "host.memory.text",
                [
                    "reserved": texts.memory(mib: host.reserved.memoryMiB),
                    "capacity": texts.memory(mib: status.capacity.memoryMiB),
                    "free": texts.memory(mib: max(status.capacity.memoryMiB - host.reserved.memoryMiB, 0)),
                    "used": texts.memory(mib: inUse),
                ]),
            reserved: share(host.reserved.memoryMiB, of: status.memoryMiB), used: share(inUse, of: status.memoryMiB))
        let load = Int((status.load1 * 100).rounded())
        let facts = [
            texts.count("host.sessions", host.sessions),
            texts("host.load", ["load": "\(load / 100).\(load % 100 < 10 ? "0" : "")\(load % 100)"]),
            texts("host.disk", ["disk": texts.memory(mib: status.diskFreeMiB)]),
            status.accelerator.uppercased(), status.version,
        ].filter { !$0.isEmpty }
        let notice = status.notice.isEmpty ? "" : "<p class=\"host-notice\">\(HTML.escape(status.notice))</p>"
        return """
            <article class="host" id="h-\(HTML.escape(host.name))"><header><h3>\(HTML.escape(host.name))</h3>\(state)</header>
            \(cpu)\(memory)\(notice)<p class="host-facts">\(facts.map { "<span>\(HTML.escape($0))</span>" }.joined(separator: " "))</p></article>

            """
    }

    /// Two lanes of one bar: what is promised above, what is in use below. The text says the same in numbers.
    private func bar(title: String, text: String, reserved: Int, used: Int) -> String {
        """
        <div class="meter"><p class="meter-title">\(HTML.escape(texts(title)))</p>\
        <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">\
        <rect class="bar-track" width="100" height="10"/><rect class="bar-reserved" width="\(reserved)" height="6"/>\
        <rect class="bar-used" y="7" width="\(min(max(used, 0), 100))" height="3"/></svg>\
        <p class="meter-text">\(HTML.escape(text))</p></div>
        """
    }

    /// A share in percent, within 0...100.
    private func share(_ part: Int, of whole: Int) -> Int {
        whole <= 0 ? 0 : min(max(part * 100 / whole, 0), 100)
    }
}
