import FoundationEssentials

/// What a browser asks.
struct DoorRequest: Decodable {
    enum Operation: String, Decodable { case list, put, get, remove, clear, archive }

    var op: Operation
    var name: String?
    /// Names what is brought, so that it can go on after a break.
    var id: String?
    var size: Int?
    var offset: Int?
    var length: Int?
    /// Whether to tell now and then how much of what is brought has come.
    var tell: Bool?
}

/// What it is answered.
struct DoorAnswer: Encodable {
    var files: [ExchangeDirectory.Content.File]?
    /// Bytes that the folder has, and may have.
    var used: Int?
    var limit: Int?
    /// Whether there are more files than are told.
    var more: Bool?
    var offset: Int?
    /// Whether it is told how much has come, as `at`.
    var tells: Bool?
    /// How much of a file has come.
    var at: Int?
    var size: Int?
    var length: Int?
    var name: String?
    /// Whether an archive is whole.
    var done: Bool?
    var error: DoorError?
}

/// Why something is not done. The raw values are the protocol's.
enum DoorError: String, Error, Encodable {
    case limit, full, missing, name, refused, request
}
