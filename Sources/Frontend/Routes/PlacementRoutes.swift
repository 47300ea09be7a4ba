import Domain
import Hummingbird
import Queue

/// Where a session could run now, for programs: the same answer that a waiting session's page puts into words.
///
/// `GET /api/placement?machine=NAME&cpu=N&memory_mib=N&disk_gib=N&gpu=N&tag=LABEL`; what is missing has the form's default, `tag` may be
/// given again. Nothing is started or promised by it.
struct PlacementRoutes: Sendable {
    let services: FrontendServices

    /// No farm has more of anything.
    private static let most = 1 << 20

    func add(to router: Router<FrontendContext>) {
        router.get("/api/placement") { request, context in
            try services.requireSignIn(context, for: request)
            let wish = try wish(request)
            // Of a machine that somebody else may have, no more is said than of one that is not there.
            let offer = try await services.offers.offer()
            let isHidden = !offer.seen(by: context.currentUser).machines.contains { $0.name == wish.machine }
            let placement =
                isHidden
                ? Placement(hosts: [], sessionsAtLimit: nil) : try await services.placements.placement(of: wish)
            return try Response.json(PlacementAnswer(placement))
        }
    }

    private func wish(_ request: Request) throws(FrontendError) -> SessionRequest {
        let options = services.options
        var resources = Resources(
            cpu: options.defaultCPU, memoryMiB: options.defaultMemoryMiB, diskGiB: options.defaultDiskGiB)
        for resource in Resource.allCases {
            guard let text = request.uri.queryParameters[Substring(resource.rawValue)] else { continue }
            guard let number = Int(text), (0...Self.most).contains(number) else {
                throw .badBody("\(resource.rawValue): a whole number from 0 to \(Self.most)")
            }
            resources[resource] = number
        }
        let tags = request.uri.queryParameters.filter { $0.key == "tag" }.map { String($0.value) }
        let machine = request.uri.queryParameters["machine"].map(String.init) ?? options.defaultMachine
        guard tags.count <= 16, !(tags + [machine]).contains(where: { $0.utf8.count > 256 || $0.contains("\n") }) else {
            throw .badBody("tag: at most 16 names of one line")
        }
        return SessionRequest(
            owner: PersonName(recorded: ""), machine: machine, resources: resources, tags: tags, lifetimeSeconds: 0,
            oneShot: false)
    }
}

/// The answer's form.
struct PlacementAnswer: Encodable, Sendable {
    struct Host: Encodable, Sendable {
        var host: String
        /// `fits`, `too-small`, `lacks`, `draining`, `problem`, `disk`, `load`, `full` or `promised`.
        var code: String
        var resource: String?
        var tag: String?
        var needed: Int?
        /// What is there, or free for `full`; the busy share in percent for `load`.
        var there: Int?
        /// Seconds until a session there ends by its life-time.
        var nextEnd: Int?

        enum CodingKeys: String, CodingKey {
            case host, code, resource, tag, needed, there
            case nextEnd = "next_end_s"
        }
    }

    var fits: Bool
    /// Sessions that run, where these are as many as may run.
    var sessionsAtLimit: Int?
    var hosts: [Host]

    enum CodingKeys: String, CodingKey {
        case fits, hosts
        case sessionsAtLimit = "sessions_at_limit"
    }

    init(_ placement: Placement) {
        fits = placement.blocker == nil
        sessionsAtLimit = placement.sessionsAtLimit
        hosts = placement.hosts.map { Host($0) }
    }
}

extension PlacementAnswer.Host {
    init(_ verdict: Placement.HostVerdict) {
        self.init(host: verdict.host, code: "")
        switch verdict.verdict {
        case .fits: code = "fits"
        case .tooSmall(let resource, let needed, let there):
            (code, self.resource, self.needed, self.there) = ("too-small", resource.rawValue, needed, there)
        case .lacks(let tag): (code, self.tag) = ("lacks", tag)
        case .draining: code = "draining"
        case .closed(let closure, let percent):
            (code, there) = (closure.rawValue, closure == .load ? percent : nil)
        case .full(let resource, let needed, let free, let end):
            (code, self.resource, self.needed, there) = ("full", resource.rawValue, needed, free)
            nextEnd = end.map { Int($0.components.seconds) }
        case .promised: code = "promised"
        case .master(let machine): (code, tag) = ("master", "machine:\(machine)")
        }
    }
}
