import HTTPTypes

/// The fields of a posted form, whatever its encoding.
struct FormFields: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        case text(String)
        /// Bytes that are no UTF-8, a wrong percent encoding, or a JSON value that is no scalar.
        case unreadable
    }

    /// A form of ours has ten; more than this is no form.
    static let most = 64

    private(set) var values: [String: [Value]] = [:]
    private var count = 0

    mutating func add(_ name: String, _ value: Value) throws(FrontendError) {
        count += 1
        guard count <= Self.most else { throw .badBody("more than \(Self.most) fields") }
        values[name, default: []].append(value)
    }

    subscript(name: String) -> [Value] { values[name] ?? [] }

    /// Reads the body of a request.
    /// - Parameter contentType: The header's value; none counts as a form, as browsers of old sent it.
    init(body: [UInt8], contentType: String?) throws(FrontendError) {
        let parts = (contentType ?? "application/x-www-form-urlencoded").split(separator: ";", maxSplits: 1)
        let type = parts.first.map { $0.lowercased().filter { $0 != " " } } ?? ""
        switch type {
        case "application/x-www-form-urlencoded": try self.init(urlEncoded: body)
        case "multipart/form-data":
            guard let boundary = Self.boundary(in: parts.count == 2 ? parts[1] : "") else {
                throw .badBody("multipart/form-data without a boundary")
            }
            try self.init(multipart: body, boundary: boundary)
        case "application/json": try self.init(json: body)
        default: throw .unsupportedType
        }
    }

    init() {}
}

extension [UInt8] {
    /// The text of the bytes, or nil if they are no UTF-8.
    var text: String? { String(validating: self, as: UTF8.self) }
}
