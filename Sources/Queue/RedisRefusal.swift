import Redis

/// Why a Redis server that answers does not do what it is told. All of these pass when somebody has seen to the server, and none
/// has done anything: the queue counts as unavailable meanwhile, and calls are repeated.
enum RedisRefusal: CaseIterable {
    case replica, noMemory, cannotSave, noPassword, wrongPassword, noRight, busy, loading, masterDown, tooFewReplicas
    case tooManyClients, cluster

    /// What the server said, or nil if it is none of these.
    init?(_ text: String) {
        // Inside a function Redis says some of it in other words.
        if text.contains("The user executing the script can't") || text.contains("NOPERM") {
            self = .noRight
            return
        }
        // Of a command that is longer than what somebody unknown may send.
        if text.contains("unauthenticated") {
            self = .noPassword
            return
        }
        guard let found = Self.allCases.first(where: { $0.marks.contains(where: text.hasPrefix) }) else { return nil }
        self = found
    }

    private var marks: [String] {
        switch self {
        // The second is what a command hears that waits while a master becomes one.
        case .replica: ["READONLY", "UNBLOCKED"]
        case .noMemory: ["OOM"]
        case .cannotSave: ["MISCONF"]
        case .noPassword: ["NOAUTH"]
        case .wrongPassword: ["WRONGPASS", "ERR invalid password", "ERR AUTH"]
        case .noRight: ["NOPERM"]
        case .busy: ["BUSY", "UNKILLABLE", "TRYAGAIN"]
        case .loading: ["LOADING"]
        case .masterDown: ["MASTERDOWN"]
        case .tooFewReplicas: ["NOREPLICAS", "NOGOODSLAVE"]
        case .tooManyClients: ["ERR max number of clients reached"]
        case .cluster: ["CLUSTERDOWN", "MOVED", "ASK", "CROSSSLOT"]
        }
    }

    /// What it means, and the way out.
    var advice: String {
        switch self {
        case .replica: "Redis is a replica and takes no writes. Let redis.url lead to the master, or promote this one."
        case .noMemory: "Redis has no memory left (maxmemory). Raise maxmemory; ended sessions free it again."
        case .cannotSave: "Redis can't save its data and takes no writes. Free space on the disk of the Redis server."
        case .noPassword: "Redis wants a password. Write it into redis.url."
        case .wrongPassword: "Redis refuses the password of redis.url. Look at requirepass, or at the user's ACL."
        case .noRight: "Redis does not let this user do that. Look at its ACL."
        case .busy: "Redis is busy with somebody's script. It goes on when that ends, or after SCRIPT KILL."
        case .loading: "Redis reads its data after a start. It goes on when that is done."
        case .masterDown: "Redis is a replica whose master does not answer. Let redis.url lead to a master."
        case .tooFewReplicas:
            "Redis has too few replicas to take writes (min-replicas-to-write). Start them, or lower that number."
        case .tooManyClients: "Redis has as many clients as it may (maxclients). Raise that number."
        case .cluster: "Redis is a cluster, or a part of one that is down. The queue needs a single server."
        }
    }
}
