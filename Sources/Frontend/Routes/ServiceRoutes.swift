import Domain
import HTTPTypes
import Hummingbird
import Queue

/// What other programs ask: is it alive, is it ready, how much is there; and the files beside the pages.
struct ServiceRoutes: Sendable {
    let services: FrontendServices

    func add(to router: Router<FrontendContext>) {
        router.get("/healthz") { _, _ in Response.plain("ok\n") }
        router.get("/readyz") { _, context in
            do {
                try await services.readiness.value()
                return Response.plain("ready\n" + (context.isMonitor ? (try? await otherVersions()) ?? "" : ""))
            } catch {
                // What is behind these pages is not everybody's business.
                let why = context.isMonitor ? ": \(error)" : ""
                var response = Response.plain("not ready\(why)\n", status: .serviceUnavailable)
                response.headers[.retryAfter] = ErrorMiddleware.retrySeconds
                return response
            }
        }
        router.get("/metrics") { _, context in
            guard context.isMonitor else {
                return Response.plain(
                    "Not for \(context.client?.description ?? "this address"). An administrator names the addresses that "
                        + "may read this in frontend.monitoring.\n", status: .forbidden)
            }
            return try await metrics()
        }
        router.get("/assets/:name") { request, context in
            try Assets.response(to: request, name: context.parameters.get("name") ?? "")
        }
        router.get("/novnc/:version/**") { request, context in
            try services.noVNC.response(
                to: request, version: context.parameters.get("version") ?? "",
                path: context.parameters.getCatchAll().joined(separator: "/"))
        }
    }

    /// Hosts that are not of this version, a line each. They work together, and should not for long.
    private func otherVersions() async throws -> String {
        let own = services.options.version
        return try await services.hosts.value().filter { $0.alive && $0.status.version != own }.map {
            "\($0.name) has version \($0.status.version), these pages have \(own)\n"
        }.joined()
    }

    /// What each host says with its heartbeat.
    private static let hostMeasures: [(String, String, @Sendable (Host) -> String)] = [
        ("qwd_host_disk_free_bytes", "Free space for overlays.", { "\($0.status.diskFreeMiB << 20)" }),
        ("qwd_host_load1", "Load average of the last minute.", { "\($0.status.load1)" }),
        ("qwd_host_cpu_busy_ratio", "Share of the processors' time that is busy.", { "\($0.status.cpuBusy)" }),
        ("qwd_host_cpu_reserved", "Processors promised to sessions.", { "\($0.reserved.cpu)" }),
        ("qwd_host_cpu_capacity", "Processors that may be promised.", { "\($0.status.capacity.cpu)" }),
    ]

    private func metrics() async throws -> Response {
        let states = try await services.states.value()
        let waiting = try await services.places.value().count
        let hosts = try await services.hosts.value()
        var text = MetricsText()
        text.begin("qwd_sessions", "gauge", "Live sessions by state.")
        for state in SessionState.allCases where state != .ended {
            text.add("qwd_sessions", [("state", state.rawValue)], "\(states[state, default: 0])")
        }
        text.begin("qwd_jobs_waiting", "gauge", "Create jobs that wait for a host.")
        text.add("qwd_jobs_waiting", [], "\(waiting)")
        text.begin("qwd_hosts", "gauge", "Hosts by whether their heartbeat is young.")
        text.add("qwd_hosts", [("state", "up")], "\(hosts.count { $0.alive })")
        text.add("qwd_hosts", [("state", "silent")], "\(hosts.count { !$0.alive })")
        text.begin("qwd_host_memory_reserved_bytes", "gauge", "Memory promised to sessions.")
        for host in hosts {
            text.add("qwd_host_memory_reserved_bytes", [("host", host.name)], "\(host.reserved.memoryMiB << 20)")
        }
        text.begin("qwd_host_memory_capacity_bytes", "gauge", "Memory that may be promised.")
        for host in hosts {
            text.add("qwd_host_memory_capacity_bytes", [("host", host.name)], "\(host.status.capacity.memoryMiB << 20)")
        }
        for (name, help, value) in Self.hostMeasures {
            text.begin(name, "gauge", help)
            for host in hosts where host.alive { text.add(name, [("host", host.name)], value(host)) }
        }
        text.begin("qwd_build_info", "gauge", "The version that runs.")
        text.add("qwd_build_info", [("version", services.options.version)], "1")
        text.begin("qwd_event_streams", "gauge", "Open pages that listen for changes.")
        text.add("qwd_event_streams", [], "\(services.hub.listeners)")
        let connections = services.connections.counts
        text.begin("qwd_connections", "gauge", "Open connections.")
        text.add("qwd_connections", [], "\(connections.open)")
        text.begin("qwd_connections_ended_total", "counter", "Connections that were ended for want of room or time.")
        text.add("qwd_connections_ended_total", [], "\(connections.ended)")
        text.begin("qwd_connections_refused_total", "counter", "Connections that found no room.")
        text.add("qwd_connections_refused_total", [], "\(connections.refused)")
        text.begin("qwd_http_requests_total", "counter", "Answered requests.")
        let requests = services.counters.all
        for (key, count) in requests { text.add("qwd_http_requests_total", key.labels, "\(count.requests)") }
        text.begin("qwd_http_request_seconds_total", "counter", "Time spent on them until their answer began.")
        for (key, count) in requests { text.add("qwd_http_request_seconds_total", key.labels, "\(count.seconds)") }
        var response = Response.plain(text.text)
        response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
        return response
    }
}

extension RequestCounters.Key {
    fileprivate var labels: [(String, String)] { [("method", method), ("route", route), ("status", "\(status)")] }
}

/// Prometheus' text format.
struct MetricsText {
    private(set) var text = ""

    mutating func begin(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func add(_ name: String, _ labels: [(String, String)], _ value: String) {
        let list = labels.map { "\($0.0)=\"\(Self.escape($0.1))\"" }.joined(separator: ",")
        text += list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
    }

    private static func escape(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
